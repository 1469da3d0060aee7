"""One model version on disk: safetensors and JSON, every file checksummed, nothing ever unpickled.

card.json             what it is, what it was trained and measured on, its thresholds
head.safetensors      weight (K, D), bias (K,)
features.safetensors  features (B, V, D) of the base photos and outliers in all views, in manifest order, packed to 8
                      bits; of the test photos logits (T, V, K) and out-of-domain scores (T,), of the test outliers
                      logits (U, K) and scores (U,); of the outlier term the plane (D,)
manifest.jsonl        which photos it was trained and tested on; people's photos by key only
body.safetensors      only when the body itself was fine-tuned
report/               plots
SHA256SUMS            of all the others, as `sha256sum -c` reads it
"""

import hashlib
import json
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

from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.errors import ArtifactError, DatasetError
from model.features import FeatureStore
from model.head import Head
from model.out_of_domain.combined import DetectorState
from model.out_of_domain.outliers import OutlierPlane
from model.risk import RiskThreshold
from model.syncing import sync
from model.weights import features_key

FORMAT = 2
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
    weights: str | None = None  # sha256 of the body's, where they came from a file
    format: int = FORMAT

    @property
    def features_key(self) -> str:
        """What the features of people's photos are filed under."""
        return features_key(self.backbone, self.weights)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "ModelCard":
        """Raises `ArtifactError` for a card of another format."""
        found = row.get("format")
        if found != FORMAT:
            older = isinstance(found, int) and found < FORMAT
            mend = "train it again, or promote a newer one" if older else "update bearbot"
            raise ArtifactError(f"model format {found!r}: this bearbot reads format {FORMAT}; {mend}")
        detector = row["out_of_domain"]
        state = DetectorState(
            **{**detector, **{name: tuple(detector[name]) for name in ("classes", "means", "scales", "quantiles")}}
        )
        return cls(
            **{**row, "labels": tuple(row["labels"]), "risk": RiskThreshold(**row["risk"]), "out_of_domain": state}
        )


@dataclass(frozen=True, eq=False)
class TestFigures:
    """What a version makes of its frozen test set, in manifest order.

    `logits` (T, V, K) of the photos in all views and `scores` (T,) of the photos as they are; `outlier_logits` (U, K)
    and `outlier_scores` (U,) of the test outliers.
    """

    __test__ = False  # no test, whatever pytest makes of the name

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]
    outlier_logits: NDArray[np.float32]
    outlier_scores: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reference:
    """What a detector compares a photo to: `features` (R, D) of the training photos, in all their views."""

    photos: tuple[Photo, ...]
    features: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Artifact:
    """A version in memory. `plane` is the outlier term's, if it has one; `body` holds the tuned tensors or nothing."""

    card: ModelCard
    head: Head
    plane: OutlierPlane | None
    manifest: DatasetManifest
    base_features: NDArray[np.float16]
    tests: TestFigures
    body: Mapping[str, NDArray[Any]]

    def base_photos(self) -> tuple[Photo, ...]:
        """The photos and outliers whose features travel in the artifact, in their order."""
        return tuple(photo for photo in self.manifest.photos if photo.origin is Origin.BASE)

    def reference(self, store: FeatureStore) -> Reference:
        """The subject's training photos. People's photos that were deleted are no longer among them."""
        embedded = dict(zip((p.sha256 for p in self.base_photos()), self.base_features, strict=True))
        photos, rows = [], []
        for photo in self.manifest.of(Split.TRAIN):
            if photo.origin is Origin.BASE:
                row: NDArray[np.float16] | None = embedded[photo.sha256]
            else:
                row = store.views(photo.sha256, self.card.features_key)
            if row is not None:
                photos.append(photo)
                rows.append(row)
        dimensions = self.head.weight.shape[1]
        features = np.concatenate(rows) if rows else np.empty((0, dimensions), dtype=np.float16)
        return Reference(tuple(photos), features.astype(np.float32))


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
        sync(path)
    draft.rename(folder)
    sync(folder.parent)


def _write(artifact: Artifact, folder: Path, plots: Mapping[str, bytes]) -> None:
    folder.mkdir()
    card = json.dumps(artifact.card.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "card.json").write_text(card + "\n", encoding="utf-8")
    save_file({"weight": artifact.head.weight, "bias": artifact.head.bias}, folder / "head.safetensors")
    codes, scales = packed(artifact.base_features)
    arrays: dict[str, NDArray[Any]] = {
        "features": codes,
        "feature_scales": scales,
        "test_logits": artifact.tests.logits,
        "test_scores": artifact.tests.scores,
        "outlier_logits": artifact.tests.outlier_logits,
        "outlier_scores": artifact.tests.outlier_scores,
    }
    if artifact.plane is not None:
        arrays["plane_weight"] = artifact.plane.weight
        arrays["plane_bias"] = np.array([artifact.plane.bias], dtype=np.float64)
    save_file(arrays, folder / "features.safetensors")
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


def outdated_labels(folder: Path) -> tuple[str, ...] | None:
    """The labels of a version of an earlier format, which can no longer be read; None for any other folder."""
    try:
        row = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        return tuple(row["labels"]) if row["format"] < FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load(folder: Path) -> Artifact:
    """Verify the checksums and read everything. Raises `ArtifactError`."""
    verify(folder)
    card = load_card(folder)
    try:
        head = load_file(folder / "head.safetensors")
        arrays = load_file(folder / "features.safetensors")
        plane = None
        if "plane_weight" in arrays:
            plane = OutlierPlane(arrays["plane_weight"], float(arrays["plane_bias"][0]))
        artifact = Artifact(
            card,
            Head(head["weight"], head["bias"]),
            plane,
            DatasetManifest.from_lines((folder / "manifest.jsonl").read_text(encoding="utf-8")),
            unpacked(arrays["features"], arrays["feature_scales"]),
            TestFigures(
                arrays["test_logits"], arrays["test_scores"], arrays["outlier_logits"], arrays["outlier_scores"]
            ),
            load_file(folder / _BODY) if card.fine_tuned else {},
        )
    except (SafetensorError, KeyError, ValueError, OSError, DatasetError) as error:
        raise ArtifactError(f"{folder} cannot be read as a model: {error}") from error
    _check_fit(artifact, folder)
    return artifact


def packed(features: NDArray[np.float16]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Features (B, V, D) as 8-bit codes and a scale (B, V) for each: a third of a percent of the largest is lost."""
    single = features.astype(np.float32)
    scales = np.abs(single).max(axis=-1, initial=0.0) / 127.0
    codes = np.rint(single / np.maximum(scales, np.float32(1e-12))[..., None])
    return codes.astype(np.int8), scales.astype(np.float32)


def unpacked(codes: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float16]:
    """What `packed` packed, (B, V, D); packed again it gives the same codes."""
    return (codes.astype(np.float32) * scales[..., None]).astype(np.float16)


def _check_fit(artifact: Artifact, folder: Path) -> None:
    labels, base, tests = len(artifact.card.labels), artifact.base_photos(), artifact.tests
    tested = sum(photo.split is Split.TEST and photo.kind is Kind.SUBJECT for photo in base)
    outliers = sum(photo.split is Split.TEST and photo.kind is not Kind.SUBJECT for photo in base)
    weight, features = artifact.head.weight, artifact.base_features
    found = (weight.ndim, features.ndim, tests.logits.ndim) == (2, 3, 3) and (
        (len(weight), artifact.head.bias.shape, features.shape[0], features.shape[2])
        == (labels, (labels,), len(base), weight.shape[1])
        and tests.logits.shape == (tested, features.shape[1], labels)
        and (tests.scores.shape, tests.outlier_scores.shape) == ((tested,), (outliers,))
        and tests.outlier_logits.shape == (outliers, labels)
        and (artifact.plane is None or artifact.plane.weight.shape == (weight.shape[1],))
        and len(artifact.card.out_of_domain.means) == (2 if artifact.plane is None else 3)
    )
    if not found:
        raise ArtifactError(f"{folder}: head, features and manifest do not fit together; restore it or roll back")
    numbers = [weight, artifact.head.bias, features, *vars(tests).values()]
    if artifact.plane is not None:
        numbers += [artifact.plane.weight, np.array(artifact.plane.bias)]
    if not all(np.isfinite(array).all() for array in numbers):
        raise ArtifactError(f"{folder}: the model holds numbers that are none (NaN or infinite); train it again")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
