"""One model version on disk: safetensors and JSON, every file checksummed, nothing ever unpickled.

card.json             what it is, what it was trained and measured on, its thresholds
head.safetensors      weight (K, D), bias (K,)
features.safetensors  features (B, D) float16 of the base photos, in manifest order; of the test photos the
                      logits (T, K) and out-of-domain scores (T,)
manifest.jsonl        which photos it was trained and tested on; people's photos by key only
body.safetensors      only when the body itself was fine-tuned
report/               plots
SHA256SUMS            of all the others, as `sha256sum -c` reads it
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from model.dataset import DatasetManifest, Origin, Photo, Split
from model.errors import ArtifactError, DatasetError
from model.features import FeatureStore
from model.out_of_domain.combined import DetectorState
from model.risk import RiskThreshold

FORMAT = 1
_SUMS = "SHA256SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_REQUIRED = ("card.json", "head.safetensors", "features.safetensors", "manifest.jsonl")
_BODY = "body.safetensors"


@dataclass(frozen=True)
class ModelCard:
    """What a version is. `metrics` holds the figures of its frozen test set; `data` counts what it was trained on."""

    version: str
    backbone: str
    created_at: str
    labels: tuple[str, ...]
    temperature: float
    risk: RiskThreshold
    out_of_domain: DetectorState
    fine_tuned: bool
    parent: str | None
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    made_with: Mapping[str, str]
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "ModelCard":
        """Raises `ArtifactError` for a card of another format."""
        if row.get("format") != FORMAT:
            raise ArtifactError(f"model format {row.get('format')!r}: this bearbot reads format {FORMAT}; update it")
        detector = row["out_of_domain"]
        state = DetectorState(
            **{**detector, **{name: tuple(detector[name]) for name in ("classes", "means", "scales")}}
        )
        return cls(
            **{**row, "labels": tuple(row["labels"]), "risk": RiskThreshold(**row["risk"]), "out_of_domain": state}
        )


@dataclass(frozen=True)
class Artifact:
    """A version in memory. `body` holds the tuned body's tensors or nothing."""

    card: ModelCard
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    manifest: DatasetManifest
    base_features: NDArray[np.float16]
    test_logits: NDArray[np.float32]
    test_scores: NDArray[np.float32]
    body: Mapping[str, NDArray[Any]]

    def base_photos(self) -> tuple[Photo, ...]:
        """The photos whose features travel in the artifact, in their order."""
        return tuple(photo for photo in self.manifest.photos if photo.origin is Origin.BASE)

    def reference(self, split: Split, store: FeatureStore) -> tuple[tuple[Photo, ...], NDArray[np.float16]]:
        """Photos of a split with their features (N, D). People's photos that were deleted are no longer among them."""
        embedded = dict(zip((p.sha256 for p in self.base_photos()), self.base_features, strict=True))
        photos, rows = [], []
        for photo in self.manifest.of(split):
            if photo.origin is Origin.BASE:
                row: NDArray[np.float16] | None = embedded[photo.sha256]
            else:
                row = store.get(photo.sha256, self.card.backbone)
            if row is not None:
                photos.append(photo)
                rows.append(row)
        if not rows:
            return (), np.empty((0, self.weight.shape[1]), dtype=np.float16)
        return tuple(photos), np.stack(rows)


def save(artifact: Artifact, folder: Path, plots: Mapping[str, bytes] | None = None) -> None:
    """Write all files into `folder`, which must not exist yet and appears only when all is written."""
    if folder.exists():
        raise ArtifactError(f"{folder} exists already: name a folder that does not")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as temporary:
        draft = Path(temporary) / "version"
        _write(artifact, draft, plots or {})
        publish(draft, folder)


def publish(draft: Path, folder: Path) -> None:
    """Give a written version its place, durably: no alias that survives a power cut names a version that does not."""
    for path in (*draft.rglob("*"), draft):
        _sync(path)
    draft.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    """A file is on disk when it was synced, a new name when its folder was."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(artifact: Artifact, folder: Path, plots: Mapping[str, bytes]) -> None:
    folder.mkdir()
    card = json.dumps(artifact.card.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "card.json").write_text(card + "\n", encoding="utf-8")
    save_file({"weight": artifact.weight, "bias": artifact.bias}, folder / "head.safetensors")
    save_file(
        {
            "features": artifact.base_features,
            "test_logits": artifact.test_logits,
            "test_scores": artifact.test_scores,
        },
        folder / "features.safetensors",
    )
    (folder / "manifest.jsonl").write_text(artifact.manifest.to_lines(), encoding="utf-8")
    if artifact.body:
        save_file(dict(artifact.body), folder / _BODY)
    if plots:
        (folder / "report").mkdir()
    for name, content in plots.items():
        (folder / "report" / name).write_bytes(content)
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != _SUMS)
    lines = (f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    (folder / _SUMS).write_text("".join(lines), encoding="utf-8")


def verify(folder: Path) -> None:
    """Raises `ArtifactError` naming the first file that is missing or differs from its checksum."""
    try:
        sums = (folder / _SUMS).read_bytes().decode()  # as bytes: reading as text would mend damaged line ends
    except FileNotFoundError:
        raise ArtifactError(f"{folder}: no model here ({_SUMS} is missing)") from None
    except UnicodeDecodeError:
        raise ArtifactError(f"{folder / _SUMS} is damaged; restore it or roll back") from None
    named = {}
    for line in sums.removesuffix("\n").split("\n"):
        matched = _SUM.fullmatch(line)
        if matched is None or PurePosixPath(matched[2]).is_absolute() or ".." in PurePosixPath(matched[2]).parts:
            raise ArtifactError(f"{folder / _SUMS} is damaged: {line[:100]!r} is no checksum of a file in the model")
        named[matched[2]] = matched[1]
    # What is read must be listed, or it could be anything.
    for required in (*_REQUIRED, *([_BODY] if (folder / _BODY).exists() else [])):
        if required not in named:
            raise ArtifactError(f"{folder}: {_SUMS} does not list {required}; restore it or roll back")
    for name, expected in named.items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path} is missing: the model is incomplete; restore it or roll back")
        if _digest(path) != expected:
            raise ArtifactError(f"{path} does not match its checksum: the file is damaged; restore it or roll back")


def load_card(folder: Path) -> ModelCard:
    """The card alone, read without checksums (cheap: no torch, no tensors)."""
    try:
        return ModelCard.from_json(json.loads((folder / "card.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ArtifactError(f"{folder}: no model here (card.json is missing)") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{folder / 'card.json'} is not a model card: {error}") from error


def load(folder: Path) -> Artifact:
    """Verify the checksums and read everything. Raises `ArtifactError`."""
    verify(folder)
    card = load_card(folder)
    try:
        head = load_file(folder / "head.safetensors")
        features = load_file(folder / "features.safetensors")
        body = load_file(folder / _BODY) if card.fine_tuned else {}
        manifest = DatasetManifest.from_lines((folder / "manifest.jsonl").read_text(encoding="utf-8"))
        artifact = Artifact(
            card,
            head["weight"],
            head["bias"],
            manifest,
            features["features"],
            features["test_logits"],
            features["test_scores"],
            body,
        )
    except (SafetensorError, KeyError, ValueError, OSError, DatasetError) as error:
        raise ArtifactError(f"{folder} cannot be read as a model: {error}") from error
    _check_fit(artifact, folder)
    return artifact


def _check_fit(artifact: Artifact, folder: Path) -> None:
    labels, base = len(artifact.card.labels), artifact.base_photos()
    tested = sum(photo.split is Split.TEST for photo in base)
    shapes = (artifact.bias.shape, artifact.test_logits.shape, artifact.test_scores.shape)
    if (
        artifact.weight.ndim != 2
        or artifact.base_features.shape != (len(base), artifact.weight.shape[1])
        or (len(artifact.weight), *shapes) != (labels, (labels,), (tested, labels), (tested,))
    ):
        raise ArtifactError(f"{folder}: head, features and manifest do not fit together; restore it or roll back")
    numbers = (artifact.weight, artifact.bias, artifact.base_features, artifact.test_logits, artifact.test_scores)
    if not all(np.isfinite(array).all() for array in numbers):
        raise ArtifactError(f"{folder}: the model holds numbers that are none (NaN or infinite); train it again")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
