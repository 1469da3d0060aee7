"""Where photos are kept: content-addressed, written whole or not at all."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from model.syncing import sync
from review.errors import NotFound

_SHA256 = re.compile(r"[0-9a-f]{64}")


class ImageStore(Protocol):
    """Bytes by the sha256 of themselves."""

    def put(self, data: bytes) -> str:
        """Store; returns the sha256 (64 hex digits). The same bytes again change nothing."""

    def get(self, sha256: str) -> bytes:
        """The bytes; raises `NotFound`."""

    def exists(self, sha256: str) -> bool:
        """Whether there are such bytes."""

    def delete(self, sha256: str) -> None:
        """Remove; nothing happens if there are no such bytes."""

    def free_bytes(self) -> int:
        """How much room is left."""


class LocalImageStore:
    """A folder: `ab/cd/abcd....jpg`, readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where these bytes are, or would be; raises `NotFound` for what is no sha256 (a path from outside, say)."""
        if not _SHA256.fullmatch(sha256):
            raise NotFound(f"no photo {sha256!r}: expected a sha256 of 64 hex digits")
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}.jpg"

    def put(self, data: bytes) -> str:
        """Store durably: when this returns, the bytes survive a power cut. Raises `OSError` if the disk refuses."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if path.exists():
            return sha256
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)  # first: mkdir gives its mode to the last folder only
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:  # also at Ctrl-C: nothing half-written stays
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent, self.root):
            sync(folder)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; raises `NotFound`."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound(
                f"photo {sha256} is not in {self.root}: was it deleted, or is REVIEW_IMAGE_STORE another folder?"
            ) from None

    def exists(self, sha256: str) -> bool:
        """Whether there are such bytes."""
        return bool(_SHA256.fullmatch(sha256)) and self.path(sha256).exists()

    def delete(self, sha256: str) -> None:
        """Remove; nothing happens if there are no such bytes."""
        path = self.path(sha256)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            sync(path.parent)

    def written_between(self, begin: float, end: float) -> Iterator[str]:
        """The sha256 of all bytes that were written then (seconds since 1970), a folder at a time."""
        for folder in self.root.glob("??/??"):
            for path in folder.glob("*.jpg"):
                try:
                    if _SHA256.fullmatch(path.stem) and begin <= path.stat().st_mtime < end:
                        yield path.stem
                except FileNotFoundError:  # deleted meanwhile
                    continue

    def free_bytes(self) -> int:
        """How much room is left on the folder's disk (that of the nearest folder above it which exists)."""
        folder = self.root
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free
