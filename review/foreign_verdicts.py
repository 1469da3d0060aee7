"""Verdicts as files have them, ours and those of others, before anything of them is looked up."""

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from review.tables import VerdictKind
from review.verdict_rows import from_cell

_LONGEST_LINE = 1 << 20  # bytes, of a line that can be a verdict; characters, of a record of CSV
_LONGEST_LOOK = 10_000_000
_LONGEST_KEY = 200
_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_WHOLE_NUMBER = re.compile("[0-9]{1,19}")
_KINDS = ", ".join(VerdictKind)


@dataclass(frozen=True)
class Foreign:
    """A verdict of another place. `key` is the same whichever file it comes in. `label` may be any word for a verdict.

    `of_anybody`: the key tells what was said alone, and another reviewer's word with the same key is another verdict.
    `origin` and `number` are the installation and the number that it had there; `undoes`, `along_with` such numbers.
    """

    place: str  # in the file, for people
    key: str
    photos: tuple[str, ...]  # sha256s, any of which may be known
    item: int | None
    kind: VerdictKind | None  # None: `label` says it
    label: str | None
    reviewer: str | None
    at: datetime | None
    free_name: str | None = None
    note: str | None = None
    seconds: float | None = None
    answer_shown: bool | None = None
    origin: str | None = None
    number: int | None = None
    undoes: int | None = None
    along_with: int | None = None
    checks_gold: bool = False
    adjudicates: bool = False
    of_anybody: bool = False


@dataclass(frozen=True)
class Broken:
    """A place in the file that holds no verdict, and why."""

    place: str
    sentence: str


def read_json_lines(file: IO[bytes]) -> Iterator[Foreign | Broken]:
    """A verdict a line; empty lines are none. A line of any length takes little memory."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        place = f"line {number}"
        if not line.endswith(b"\n") and len(line) == _LONGEST_LINE:
            while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Broken(place, f"expected a verdict, got more than {_LONGEST_LINE} bytes")
            continue
        if not line.strip():
            continue
        try:
            yield _of_row(_object(line, "utf-8-sig" if number == 1 else "utf-8"), place)
        except RecursionError:
            yield Broken(place, "expected a verdict, got too many brackets")
        except ValueError as error:
            yield Broken(place, f"no verdict: {error}")


def read_csv(file: IO[bytes]) -> Iterator[Foreign | Broken]:
    """A verdict a record, with column names in the first; columns that are not known are left alone."""
    # Not text that cannot be read either: it would end the whole file, and not one record.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    lines = _Lines(text)
    records = csv.reader(lines)
    header: list[str] | None = None
    while True:
        place = lines.next_record()
        try:
            cells = next(records)
        except StopIteration:
            break
        except csv.Error:  # in its own words, which name limits of Python's
            longest = f"{_LONGEST_LINE} characters, and cells of less than {csv.field_size_limit()}"
            yield Broken(place, f"no verdict: expected a record of less than {longest}: is a quote not closed?")
            continue
        if not any(cells):
            continue
        if header is None:
            header = [cell.strip().casefold() for cell in cells]
            if not {"item", "photo"} & set(header) or not {"label", "kind"} & set(header):
                expected = "expected a first line with the columns photo or item, and label or kind"
                yield Broken(place, f"{expected}, got {got(','.join(header))}")
                break
            continue
        if len(cells) != len(header):
            yield Broken(place, f"expected {len(header)} cells, got {len(cells)}")
            continue
        try:
            yield _of_row({name: from_cell(cell) for name, cell in zip(header, cells, strict=True)}, place)
        except ValueError as error:
            yield Broken(place, f"no verdict: {error}")
    text.detach()  # whoever opened the file closes it


class _Lines:
    """Lines for `csv.reader`, which would hold a line, or a record of many lines, however long it is."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._number = 0
        self._held = 0

    def next_record(self) -> str:
        """A record begins with the next line: where that is, for people."""
        self._held = 0
        return f"line {self._number + 1}"

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        self._number += 1
        self._held += len(line)
        if self._held < _LONGEST_LINE:
            return line
        while not line.endswith(("\n", "\r")) and (line := self._text.readline(_LONGEST_LINE)):
            pass
        raise csv.Error("it is too long")


def moment(value: object) -> datetime | None:
    """A time in ISO 8601, UTC unless it says otherwise; raises `ValueError`."""
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError
        found = datetime.fromisoformat(value.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"at: expected a time like 2026-11-24T12:00:00Z, got {got(value)}") from None


def key_of(origin: str, number: int) -> str:
    """The import key of a verdict of an installation of ours."""
    return f"bearbot:{origin}:{number}"


def fingerprint(said: object) -> str:
    """40 hex digits of anything that JSON knows, for a key."""
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:40]


def got(value: object) -> str:
    """What came instead of what was expected: short, and with nothing in it that would steer a terminal."""
    try:
        return (repr(value) if isinstance(value, str) else json.dumps(value))[:60]
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        return "something without end"


def photos_in(text: str) -> list[str]:
    """The sha256s that stand in it, each once."""
    return list(dict.fromkeys(_SHA256.findall(text.casefold())))


def is_storable(text: str) -> bool:
    """Whether databases take it: half a character of UTF-16 is none, and PostgreSQL takes no zeros."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _object(line: bytes, encoding: str) -> dict[str, Any]:
    """Raises `ValueError`, `RecursionError`."""
    try:
        text = line.decode(encoding).strip()
    except UnicodeDecodeError:
        raise ValueError(f"expected text in UTF-8, got {line[:20]!r}") from None
    try:
        row = json.loads(text)
    except ValueError:  # its own words are about Python's
        row = None
    if not isinstance(row, dict):
        raise ValueError(f'expected a JSON object such as {{"item": 15, "label": "black"}}, got {text[:40]!r}')
    return row


def _of_row(row: Mapping[str, Any], place: str) -> Foreign:
    """Raises `ValueError`."""
    photo, kind, label = _photo(row), _kind(row), _text(row, "label")
    item, number, origin = _number(row, "item"), _number(row, "id"), _text(row, "installation")
    if photo is None and item is None:
        raise ValueError("expected a photo (its sha256) or an item")
    if kind is None and label is None:
        raise ValueError("expected a label or a kind")
    reviewer, at = _text(row, "reviewer"), moment(row.get("at"))
    key, of_anybody = _text(row, "import_key"), False
    if key is None and origin is not None and number is not None:
        key = key_of(origin, number)
    if key is None:
        which = item if photo is None else None
        key = f"file:{fingerprint([photo, which, kind, label, at.isoformat() if at else None])}"
        of_anybody = True
    if len(key) > _LONGEST_KEY:
        raise ValueError(f"import_key: expected at most {_LONGEST_KEY} characters, got {len(key)}")
    return Foreign(
        place=place,
        key=key,
        photos=() if photo is None else (photo,),
        item=item,
        # "label" and others are said by `label`, which may be none or cant_tell as well.
        kind=None if kind is VerdictKind.LABEL else kind,
        label=label,
        reviewer=reviewer,
        at=at,
        free_name=_text(row, "free_name"),
        note=_text(row, "note"),
        seconds=_seconds(row),
        answer_shown=_truth(row, "answer_shown"),
        origin=origin,
        number=number,
        undoes=_number(row, "undoes"),
        along_with=_number(row, "along_with"),
        checks_gold=_truth(row, "checks_gold") or False,
        adjudicates=_truth(row, "adjudicates") or False,
        of_anybody=of_anybody,
    )


def _photo(row: Mapping[str, Any]) -> str | None:
    text = _text(row, "photo")
    if text is None:
        return None
    found = photos_in(text)
    if len(found) != 1:
        raise ValueError(
            "photo: expected the sha256 of its file (64 digits from 0 to f), or a path with it, as "
            f"`bearbot review list --json` has it, got {got(text)}"
        )
    return found[0]


def _kind(row: Mapping[str, Any]) -> VerdictKind | None:
    kind = _text(row, "kind")
    try:
        return None if kind is None else VerdictKind(kind)
    except ValueError:
        raise ValueError(f"kind: expected one of {_KINDS}, got {got(kind)}") from None


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and (not isinstance(value, str) or not is_storable(value)):
        raise ValueError(f"{name}: expected a text, got {got(value)}")
    return value or None


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise ValueError(f"{name}: expected a number from 1, got {got(value)}")
    return value


def _seconds(row: Mapping[str, Any]) -> float | None:
    value = row.get("seconds")
    if value is None:
        return None
    found = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):  # no number, or one without end: told below
            found = float(value)
    if not 0 <= found <= _LONGEST_LOOK:  # written so that NaN is refused
        raise ValueError(f"seconds: expected a number from 0 to {_LONGEST_LOOK}, got {got(value)}")
    return found


def _truth(row: Mapping[str, Any], name: str) -> bool | None:
    value = row.get(name)
    # Spreadsheets write them in capitals.
    found = {"true": True, "false": False}.get(value.casefold()) if isinstance(value, str) else value
    if value is not None and not isinstance(found, bool):
        raise ValueError(f"{name}: expected true or false, got {got(value)}")
    return found
