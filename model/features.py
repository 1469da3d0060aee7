"""Features of photos, one small file each, keyed by (sha256 of the stored photo, backbone).

People's features live here and nowhere else: artifacts and manifests only name the key, so deleting a photo's features
really removes them from every model's detector and from every later training.
"""

import os
import re
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.views import VIEWS

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DELETED = ".deleted"  # touched at each deletion


class FeatureStore:
    """Files `ROOT/BACKBONE/ab/SHA256.npy`, float16: (D,) of the photo as it is, or (V, D) once in all its views."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, sha256: str, backbone: str, features: NDArray[np.float16]) -> None:
        """Store features (D,), or (V, D) in the order of `VIEWS`; replaces what is there."""
        path = self._path(sha256, backbone)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{sha256}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, np.asarray(features, dtype=np.float16), allow_pickle=False)
            Path(temporary).replace(path)
        except BaseException:  # also at Ctrl-C: nothing half-written stays
            Path(temporary).unlink(missing_ok=True)
            raise

    def get(self, sha256: str, backbone: str) -> NDArray[np.float16] | None:
        """The features (D,) of the photo as it is.

        None when there are none (or no longer, or a crash left half a file).
        """
        stored = self._stored(sha256, backbone)
        return stored[0] if stored is not None and stored.ndim == 2 else stored

    def views(self, sha256: str, backbone: str) -> NDArray[np.float16] | None:
        """The features (V, D) of all views; a view that was never computed counts as the photo as it is."""
        stored = self._stored(sha256, backbone)
        if stored is None or (len(stored) == len(VIEWS) and stored.ndim == 2):
            return stored
        return np.repeat(stored[None] if stored.ndim == 1 else stored[:1], len(VIEWS), axis=0)

    def complete(self, sha256: str, backbone: str) -> bool:
        """Whether all views are there."""
        stored = self._stored(sha256, backbone)
        return stored is not None and stored.ndim == 2 and len(stored) == len(VIEWS)

    def _stored(self, sha256: str, backbone: str) -> NDArray[np.float16] | None:
        path = self._path(sha256, backbone)
        try:
            loaded: NDArray[np.float16] = np.load(path, allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        return loaded if loaded.ndim in (1, 2) and len(loaded) and np.isfinite(loaded).all() else None

    def delete(self, sha256: str) -> int:
        """Remove a photo's features of every backbone; returns how many files went."""
        removed = 0
        # With what a killed `put` left behind: that is features of the photo as well.
        for path in self._root.glob(f"*/{self._key(sha256)[:2]}/{sha256}*"):
            path.unlink(missing_ok=True)
            removed += 1
        if removed:
            (self._root / _DELETED).touch()
        return removed

    def last_deleted(self) -> int | None:
        """When features were deleted last, as a number to compare; None: never. Whoever has some in memory looks."""
        try:
            return (self._root / _DELETED).stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def exists(self, sha256: str, backbone: str) -> bool:
        """Whether there are features, sound or not."""
        return self._path(sha256, backbone).exists()

    def _path(self, sha256: str, backbone: str) -> Path:
        return self._root / backbone / self._key(sha256)[:2] / f"{sha256}.npy"

    @staticmethod
    def _key(sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"expected 64 hexadecimal digits, got {sha256!r}")
        return sha256
