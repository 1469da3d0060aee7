"""The folder that pictures are gathered into: `FOLDER/LABEL/*`, its ledger, and who may write to it.

A picture's bytes come first into `.gathering/SHA256`, then its row into the ledger, then the file gets its name. So a
file that has its name has its row, whatever ends the program; a row whose file still lies among the drafts is made good
when the folder is opened again, and a draft without a row is thrown away.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from model.duplicates import DuplicateIndex, Match
from model.errors import GatheringError, ImageError
from model.fingerprint import fingerprint
from model.gathering.ledger import Ledger, Row
from model.images import SUFFIXES, decode, files_in, read_photo
from model.progress import Walk
from model.syncing import sync

DRAFTS = ".gathering"
_LOCK = "lock"
# Pixels: a fingerprint needs fewer, and a large JPEG is decoded in a third of the time.
LOOK_SIDE = 1024


@dataclass(frozen=True)
class SeenPicture:
    """A picture on disk: the `sha256` of its bytes, and how it looks (see `model.fingerprint`)."""

    path: Path
    sha256: str
    fingerprint: int


class GatheredFolder:
    """One folder, open for one gathering at a time.

    Whatever lies in it counts, whoever put it there: gathered pictures, a person's own, files that were moved.
    """

    def __init__(self, folder: Path, walk: Walk = iter) -> None:
        """Lock it, make good what a crash left, and look at all pictures in it.

        `walk` shows how far that is. Raises `GatheringError` when another program gathers into it, `DatasetError` for a
        damaged ledger, and `OSError`.
        """
        self.path = folder
        self._drafts = folder / DRAFTS
        self._drafts.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            lock = opened.enter_context((self._drafts / _LOCK).open("a"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GatheringError(
                    f"{folder}: another `bearbot data gather` is at work there: wait for its end, or gather into "
                    "another folder"
                ) from None
            self.ledger = opened.enter_context(Ledger(folder))
            self._make_good()
            self._index: DuplicateIndex[str] = DuplicateIndex()
            self._files: dict[str, str] = {}  # file -> sha256
            self._by_bytes: dict[str, str] = {}  # sha256 -> the first such file
            known = {row.sha256: row.fingerprint for row in self.ledger.kept() if row.sha256 is not None}
            for seen in look_at(pictures_in(folder), known, walk):
                self._add(seen.path.relative_to(folder).as_posix(), seen.sha256, seen.fingerprint)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def files(self) -> Mapping[str, str]:
        """File below the folder (with slashes) -> sha256, of all pictures that lie there now."""
        return self._files

    def file_with(self, sha256: str) -> str | None:
        """The file that has these bytes now, whatever its label."""
        return self._by_bytes.get(sha256)

    def twin(self, sha256: str, look: int) -> Match[str] | None:
        """The picture of the folder that has the same bytes, or looks the same; its key is its file."""
        return self._index.find(sha256, look)

    def keep(self, row: Row, data: bytes) -> None:
        """Store the bytes under the row's file. When this returns, file and row are on disk."""
        assert row.file is not None
        assert row.sha256 is not None
        assert row.fingerprint is not None
        target = self.path / row.file
        draft = self._drafts / row.sha256
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.ledger.append(row)
        _give_place(draft, target)
        self._add(row.file, row.sha256, row.fingerprint)

    def _add(self, file: str, sha256: str, look: int) -> None:
        self._index.add(file, sha256, look)
        self._files[file] = sha256
        self._by_bytes.setdefault(sha256, file)

    def _make_good(self) -> None:
        for draft in sorted(self._drafts.iterdir()):
            if draft.name == _LOCK:
                continue
            row = self.ledger.kept_with(draft.name)
            whole = row is not None and hashlib.sha256(draft.read_bytes()).hexdigest() == draft.name
            if row is not None and row.file is not None and whole and not (self.path / row.file).exists():
                _give_place(draft, self.path / row.file)
            else:
                draft.unlink()


def pictures_in(root: Path) -> list[Path]:
    """All files under `root` that are named like pictures, but for hidden ones; sorted."""
    return [
        path
        for path in files_in([root])
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]


def look_at(paths: Sequence[Path], known: Mapping[str, int | None], walk: Walk = iter) -> Iterator[SeenPicture]:
    """Those that can be read, with their fingerprints; decoded are only those that are not among the `known`."""
    for path in walk(paths):
        with suppress(ImageError, OSError):  # what cannot be read is no duplicate of anything
            data = read_photo(path)
            sha256 = hashlib.sha256(data).hexdigest()
            look = known.get(sha256)
            yield SeenPicture(path, sha256, fingerprint(decode(data, shrink_to=LOOK_SIDE)) if look is None else look)


def _give_place(draft: Path, target: Path) -> None:
    is_new = not target.parent.exists()
    target.parent.mkdir(exist_ok=True)
    draft.rename(target)
    sync(target.parent)
    if is_new:
        sync(target.parent.parent)
