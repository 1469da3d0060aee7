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

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FeatureStore:
    """Files `ROOT/BACKBONE/ab/SHA256.npy`, each a float16 vector (D,)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, sha256: str, backbone: str, features: NDArray[np.float16]) -> None:
        """Store (D,) features; replaces what is there."""
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
        """The features (D,) float16, or None when there are none (or no longer, or a crash left half a file)."""
        path = self._path(sha256, backbone)
        try:
            loaded: NDArray[np.float16] = np.load(path, allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        return loaded

    def delete(self, sha256: str) -> int:
        """Remove a photo's features of every backbone; returns how many files went."""
        removed = 0
        # With what a killed `put` left behind: that is features of the photo as well.
        for path in self._root.glob(f"*/{self._key(sha256)[:2]}/{sha256}*"):
            path.unlink(missing_ok=True)
            removed += 1
        return removed

    def _path(self, sha256: str, backbone: str) -> Path:
        return self._root / backbone / self._key(sha256)[:2] / f"{sha256}.npy"

    @staticmethod
    def _key(sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"expected 64 hexadecimal digits, got {sha256!r}")
        return sha256
