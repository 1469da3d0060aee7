"""What became of every picture that a source offered: `FOLDER/gathered.jsonl`, append-only, one line each."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from model.errors import DatasetError
from model.gathering.drops import DropReason
from model.gathering.licences import Licence
from model.gathering.source import Hit

LEDGER = "gathered.jsonl"


class Outcome(StrEnum):
    KEPT = "kept"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Row:
    """A picture that was offered for `query`, to be filed under `label`.

    A kept one has its `file` (below the folder, with slashes), the `sha256` of its bytes and its `fingerprint` (see
    `model.fingerprint`); a dropped one its `reason` and a `message` for people.
    """

    hit: Hit
    query: str
    label: str
    at: str  # in UTC, ISO 8601
    file: str | None = None
    sha256: str | None = None
    fingerprint: int | None = None
    reason: DropReason | None = None
    message: str | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.DROPPED if self.file is None else Outcome.KEPT

    def to_json(self) -> dict[str, Any]:
        """Flat, without what is None."""
        row = {"outcome": self.outcome.value, **asdict(self.hit), **asdict(self)}
        del row["hit"]
        return {name: value for name, value in row.items() if value is not None}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Raises `KeyError`, `TypeError` or `ValueError` for what `to_json` never writes."""
        told = {name: row[name] for name in _HIT if name in row}
        hit = Hit(**{**told, "licence": Licence(row["licence"])})
        own = {name: row[name] for name in _OWN if name in row}
        if "reason" in own:
            own["reason"] = DropReason(own["reason"])
        found = cls(hit=hit, **own)
        texts = (hit.source, hit.key, hit.url, hit.page, found.query, found.label, found.at)
        may_be = (hit.licence_url, hit.author, hit.title, found.message)
        numbers = (hit.width, hit.height)
        typed = (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(text, str | None) for text in may_be)
            and all(isinstance(number, int | None) for number in numbers)
        )
        if not typed or Outcome(row["outcome"]) is not found.outcome:
            raise ValueError("wrong types")
        if found.file is not None:
            label, _, name = found.file.partition("/")  # it is written to and linked to: never outside the folder
            plain = name and "/" not in name and not label.startswith(".") and not name.startswith(".")
            inside = label == found.label and plain
            if not inside or not isinstance(found.sha256, str) or not isinstance(found.fingerprint, int):
                raise ValueError("a kept picture without its place or its bytes' sum")
        return found


_HIT = tuple(field.name for field in fields(Hit))
_OWN = tuple(field.name for field in fields(Row) if field.name != "hit")


class Ledger:
    """The rows, in memory and on disk. Only one program may have it open at a time: the folder's lock sees to that."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; a last line that a crash cut off counts as never written, and goes. (One that only lacks
        its line break is whole: editors leave it out.)

        Raises `DatasetError` naming any other bad line.
        """
        self.path = folder / LEDGER
        self._kept: dict[str, Row] = {}  # by sha256
        self._offered: dict[tuple[str, str], str] = {}  # (source, its key) of kept pictures -> sha256
        self._from: dict[str, str] = {}  # where kept pictures came from -> sha256
        self._dropped: dict[tuple[str, str, str], Row] = {}  # (source, its key, label)
        whole = _whole_lines(self.path)
        for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
            try:
                self._take(Row.from_json(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DatasetError(
                    f"{self.path}, line {number}: expected what became of a picture, got {line[:80]!r}: mend or delete "
                    "the line"
                ) from error
        self._file: BinaryIO = self.path.open("ab")
        if len(whole) > self._file.tell():  # append mode begins at the end
            self._file.write(b"\n")
        else:
            self._file.truncate(len(whole))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, row: Row) -> None:
        """Write a row; of a kept picture it is on disk when this returns, of others a power cut may take it."""
        self._file.write(json.dumps(row.to_json()).encode() + b"\n")
        self._file.flush()
        if row.outcome is Outcome.KEPT:
            os.fsync(self._file.fileno())
        self._take(row)

    def kept(self) -> Iterable[Row]:
        """Every picture that was kept, in the order of their first rows, whether its file is still there or not."""
        return self._kept.values()

    def kept_of(self, hit: Hit) -> Row | None:
        """The row of this hit if it was kept, under whatever label."""
        sha256 = self._offered.get((hit.source, hit.key))
        return None if sha256 is None else self._kept[sha256]

    def kept_from(self, url: str) -> Row | None:
        """The row of a kept picture that came from this address: several sources offer the same."""
        sha256 = self._from.get(url)
        return None if sha256 is None else self._kept[sha256]

    def kept_with(self, sha256: str) -> Row | None:
        """The row of a kept picture with these bytes."""
        return self._kept.get(sha256)

    def dropped_of(self, hit: Hit, label: str) -> Row | None:
        """The last row of this hit if it was dropped when it was to be filed under `label`."""
        return self._dropped.get((hit.source, hit.key, label))

    def _take(self, row: Row) -> None:
        name = (row.hit.source, row.hit.key)
        if row.sha256 is not None and row.file is not None:
            self._kept[row.sha256] = row
            self._offered[name] = self._from[row.hit.url] = row.sha256
            self._dropped.pop((*name, row.label), None)
        else:
            self._dropped[(*name, row.label)] = row


def _whole_lines(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    end = content.rfind(b"\n") + 1
    try:
        Row.from_json(json.loads(content[end:]))  # no part of an object is one
    except (ValueError, KeyError, TypeError, AttributeError):
        return content[:end]
    return content + b"\n"
