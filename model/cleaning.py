"""What people decided about the files of a data set: `FOLDER/cleaning.jsonl`, append-only; no file is touched.

A decision is about a file with the bytes that it had: of a file that was replaced since, nothing is decided. Training
and checking follow the decisions that stand; undoing is another line.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from model.errors import DatasetError
from model.images import read_photo

MANIFEST = "cleaning.jsonl"


class Action(StrEnum):
    """`keep`: it is filed rightly. `relabel`: it shows another label. `remove`: it does not belong into the set."""

    KEEP = "keep"
    RELABEL = "relabel"
    REMOVE = "remove"


@dataclass(frozen=True)
class Decision:
    """About one file, named by its `path` below the folder (with slashes); `label` goes with `RELABEL`."""

    path: str
    sha256: str
    action: Action
    label: str | None = None


class CleaningManifest:
    """The decisions about one folder. Several programs may record at once; a line that was cut off counts as unsaid."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / MANIFEST

    def decision(self, file: Path, action: Action, label: str | None = None) -> Decision:
        """A decision about a file below the folder as it is now. Raises `DatasetError` for any other, and `OSError`."""
        if (action is Action.RELABEL) != (label is not None):
            raise ValueError("a label goes with RELABEL, and with nothing else")
        try:
            # Of the file itself nothing is resolved: a link in the folder is a photo of the folder.
            relative = (file.parent.resolve() / file.name).relative_to(self.folder.resolve())
        except ValueError:
            raise DatasetError(f"{file} is not in {self.folder}: name a photo of the folder") from None
        return Decision(relative.as_posix(), hashlib.sha256(read_photo(file)).hexdigest(), action, label)

    def record(self, decisions: Sequence[Decision], *, by: str) -> None:
        """Append them as one batch, which one `undo` takes back. On disk when this returns."""
        if not decisions:
            return
        head = {"batch": uuid4().hex, "at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by}
        with self._locked():
            self._append([{**head, **asdict(decision)} for decision in decisions])

    def undo(self, *, by: str) -> tuple[Decision, ...]:
        """Take back the last batch that stands, whoever recorded it; empty when there is none."""
        if not self.path.exists():
            return ()
        with self._locked():
            batches = self._batches()
            if not batches:
                return ()
            batch, rows = list(batches.items())[-1]
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._append([{"batch": uuid4().hex, "at": now, "by": by, "undoes": batch}])
        return tuple(rows)

    def standing(self) -> Mapping[str, Decision]:
        """Path below the folder -> the last decision about it that stands. Raises `DatasetError` naming a bad line."""
        return {row.path: row for rows in self._batches().values() for row in rows}

    def _batches(self) -> dict[str, list[Decision]]:
        """Batches that stand, in order."""
        batches: dict[str, list[Decision]] = {}
        for number, row in self._rows():
            try:
                if "undoes" in row:
                    batches.pop(row["undoes"], None)
                    continue
                action, label = Action(row["action"]), row["label"]
                if not all(isinstance(row[name], str) for name in ("batch", "path", "sha256")) or (
                    isinstance(label, str) != (action is Action.RELABEL)
                ):
                    raise ValueError("wrong types")
                found = Decision(row["path"], row["sha256"], action, label)
                batches.setdefault(row["batch"], []).append(found)
            except (KeyError, ValueError, TypeError) as error:
                raise DatasetError(f"{self.path}, line {number}: expected a decision, got {row!r:.80}") from error
        return batches

    def _rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        *lines, torn = content.split(b"\n")  # what follows the last line's end was cut off while it was written
        del torn
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("no object")
            except ValueError as error:
                raise DatasetError(
                    f"{self.path}, line {number}: expected a JSON object, got {line[:80]!r}: mend or delete the line"
                ) from error
            yield number, row

    def _append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        with self.path.open("r+b") as file:
            content = file.read()
            file.truncate(file.seek(content.rfind(b"\n") + 1))  # a line that a crash cut off
            file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.folder.is_dir():
            raise DatasetError(f"{self.folder}: expected a folder with one folder of photos for each label")
        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
