"""Pictures that a model is tested with: none of them may be gathered to learn from."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from model.dataset import DatasetManifest, Split
from model.duplicates import DuplicateIndex
from model.gathering.folder import look_at, pictures_in
from model.progress import Walk

if TYPE_CHECKING:  # imported when it is needed: torch takes seconds
    from model.registry import Registry
    from model.settings import Device

# Whether a picture shows a scene of the test set.
Resembles = Callable[[Image.Image], bool]


class HeldOut:
    """The frozen test set of the model that answers, and folders of test photos. Not thread-safe."""

    def __init__(self) -> None:
        self._index: DuplicateIndex[Path] = DuplicateIndex()
        self._keys: frozenset[str] = frozenset()
        self._version = ""
        self._resembles: Resembles | None = None

    def add_folder(self, folder: Path, walk: Walk = iter) -> tuple[int, int]:
        """Test photos by their bytes and by how they look. Returns how many were read, and of how many files."""
        paths, read = pictures_in(folder), 0
        for seen in look_at(paths, {}, walk):
            self._index.add(seen.path, seen.sha256, seen.fingerprint)
            read += 1
        return read, len(paths)

    def add_champion(self, registry: "Registry", label: str, device: "Device") -> None:
        """Test photos of the model that answers, by their bytes; by their features too if `label` is one of its own.

        Raises `NoChampion` where none answers, and `ArtifactError` and `RegistryError` for one that cannot be read.
        """
        version = registry.champion()
        card = registry.card(version)
        lines = (registry.folder(version) / "manifest.jsonl").read_text(encoding="utf-8")
        tested = (photo.sha256 for photo in DatasetManifest.from_lines(lines).photos if photo.split is Split.TEST)
        self._version, self._keys = version, frozenset(tested)
        if label in card.labels:
            self._resembles = _champion_resembles(registry, version, device)

    def why_not(self, sha256: str, look: int, picture: Image.Image) -> str | None:
        """Why this picture (RGB) may not be learnt from; None: it may."""
        if sha256 in self._keys:
            return f"it is a test photo of the model {self._version}"
        match = self._index.find(sha256, look)
        if match is not None:
            return f"it {'is' if match.exact else 'looks like'} the test photo {match.key}"
        if self._resembles is not None and self._resembles(picture):
            return f"it shows what a test photo of the model {self._version} shows"
        return None


def _champion_resembles(registry: "Registry", version: str, device: "Device") -> Resembles:
    """By features, as training judges what leaks into the test set: 20 ms a picture, after seconds of loading."""
    import numpy as np

    from model.network import load_body, torch_device
    from model.splitting import resembles

    artifact = registry.load(version)
    tested = artifact.base_features[[photo.split is Split.TEST for photo in artifact.base_photos()]]  # (T, V, D)
    test_features = tested.astype(np.float32)
    card = artifact.card
    body = load_body(card.backbone, torch_device(device), registry.stored_weights(card))

    def resembles_one(picture: Image.Image) -> bool:
        features = body.features(body.backbone.to_array(picture)[None])  # (1, D)
        return bool(resembles(features, test_features)[0])

    return resembles_one
