"""A file of records that is there whole or not at all, or that grows and never holds a torn record.

A file that grows can be cut off at any byte (a kill, a full disk, a power cut): whoever goes on with it first takes
away what is not a whole record.
"""

import csv
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from review.errors import ReviewError

_CHUNK = 1 << 20


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A new file in the place of `path` if all goes well, else nothing changes. A device or a pipe is written to."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            with path.open("wb") as file:
                yield file
            return
    _require_place(path)
    path = path.resolve()  # a link stays a link
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:  # also at Ctrl-C: nothing half-written stays
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def continued(
    path: Path, columns: Sequence[str], *, installation: str, is_csv: bool
) -> Iterator[tuple[IO[bytes], int]]:
    """The file, at the end of its last whole record, with that record's number ("id"); 0 if there is none.

    Raises `ReviewError` if the file is none of ours, or another installation's (it is left as it is), or somebody else
    writes to it at the moment.
    """
    _require_place(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ReviewError(f"expected a file to go on with, and {path} is none")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReviewError(f"another export writes to {path} at the moment") from None
        _refuse_others(file, path, columns, is_csv=is_csv)
        begin, end = _last_record(file, is_csv=is_csv)
        file.seek(begin)
        number = _number(file.read(end - begin), path, columns, installation=installation, is_csv=is_csv)
        file.seek(end)
        file.truncate()
        yield file, number
        file.flush()
        os.fsync(file.fileno())


def _require_place(path: Path) -> None:
    if path.is_dir():
        raise ReviewError(f"expected a file to write to, and {path} is a folder")
    if not path.parent.is_dir():
        raise ReviewError(f"expected a file in a folder that exists, and there is no folder {path.parent}")


def _refuse_others(file: IO[bytes], path: Path, columns: Sequence[str], *, is_csv: bool) -> None:
    expected = (",".join(columns) + "\r\n" if is_csv else f'{{"{columns[0]}": ').encode()
    file.seek(0)
    found = file.read(len(expected))
    if not expected.startswith(found) or (found and len(found) < len(expected) and file.read(1)):
        if is_csv and found.startswith(b'{"'):
            what = "it is JSON lines, not CSV"
        elif not is_csv and found.startswith(f"{columns[0]},".encode()):
            what = "it is CSV, not JSON lines"
        else:
            what = "its columns are others" if found.startswith(columns[0].encode()) else "it is none of an export"
        raise _NotOurs(path, what)


def _last_record(file: IO[bytes], *, is_csv: bool) -> tuple[int, int]:
    """Where the last whole record begins and ends, in bytes; both 0 for none."""
    if not is_csv:
        end = _line_end_before(file, file.seek(0, os.SEEK_END))
        return _line_end_before(file, end - 1) if end else 0, end
    # An end of line between quotes belongs to a cell, which can be told from the beginning only.
    begin = end = offset = 0
    quoted = False
    file.seek(0)
    while chunk := file.readline(_CHUNK):
        offset += len(chunk)
        quoted ^= bool(chunk.count(b'"') % 2)
        if chunk.endswith(b"\n") and not quoted:
            begin, end = end, offset
    return begin, end


def _line_end_before(file: IO[bytes], position: int) -> int:
    """Behind the last end of line before `position`; 0 if there is none."""
    while position > 0:
        start = max(0, position - _CHUNK)
        file.seek(start)
        found = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0


def _number(record: bytes, path: Path, columns: Sequence[str], *, installation: str, is_csv: bool) -> int:
    if not record:
        return 0
    try:
        row = _as_csv(record, columns) if is_csv else json.loads(record)
        if list(row) != list(columns):
            raise _NotOurs(path, "its columns are others")
        if is_csv and list(row.values()) == list(columns):
            return 0
        number, origin = int(row["id"]), row["installation"]
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise _NotOurs(path, "its last record is none of an export") from error
    if origin != installation:
        raise _NotOurs(path, f"it is of the installation {str(origin)[:40]!r}, and this is {installation!r}")
    return number


def _as_csv(record: bytes, columns: Sequence[str]) -> dict[str, str]:
    text = record.decode()
    (cells,) = csv.reader([text] if record.count(b"\n") == 1 else text.splitlines(keepends=True))
    return dict(zip(columns, cells, strict=True))


class _NotOurs(ReviewError):
    """A file that cannot be gone on with."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} cannot be gone on with: {what}; name another file")
