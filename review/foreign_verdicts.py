"""Verdicts as files have them, ours and those of others, before anything of them is looked up."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from review.tables import VerdictKind
from review.verdict_rows import from_cell

_LONGEST_LINE = 1 << 20  # bytes, of a line that can be a verdict
_LONGEST_LOOK = 10_000_000


@dataclass(frozen=True)
class Foreign:
    """A verdict of another place. `key` is the same whichever file it comes in. `label` may be any word for a verdict.

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
            row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            if not isinstance(row, dict):
                raise ValueError(f"expected an object, got {str(row)[:40]!r}")
            yield _of_row(row, place)
        except RecursionError:
            yield Broken(place, "expected a verdict, got too many brackets")
        except ValueError as error:
            yield Broken(place, f"no verdict: {' '.join(str(error).split())[:160]}")


def read_csv(file: IO[bytes]) -> Iterator[Foreign | Broken]:
    """A verdict a record, with column names in the first; columns that are not known are left alone."""
    # Not text that cannot be read either: it would end the whole file, and not one record.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    records = csv.reader(text)
    header: list[str] | None = None
    while True:
        try:
            cells = next(records)
        except StopIteration:
            break
        except csv.Error as error:
            yield Broken(f"line {records.line_num}", f"no verdict: {error}")
            continue
        if not any(cells):
            continue
        place = f"line {records.line_num}"
        if header is None:
            header = [cell.strip().casefold() for cell in cells]
            if not {"item", "photo"} & set(header) or not {"label", "kind"} & set(header):
                yield Broken(place, "expected a first line with the columns photo or item, and label or kind")
                break
            continue
        if len(cells) != len(header):
            yield Broken(place, f"expected {len(header)} cells, got {len(cells)}")
            continue
        try:
            yield _of_row({name: from_cell(cell) for name, cell in zip(header, cells, strict=True)}, place)
        except ValueError as error:
            yield Broken(place, f"no verdict: {' '.join(str(error).split())[:160]}")
    text.detach()  # whoever opened the file closes it


def moment(value: object) -> datetime | None:
    """A time in ISO 8601, UTC unless it says otherwise; raises `ValueError`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"expected a time, got {value!r}")
    found = datetime.fromisoformat(value.strip())
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"expected a time, got {value!r}") from None


def _of_row(row: Mapping[str, Any], place: str) -> Foreign:
    """Raises `ValueError`."""
    photo, kind, label = _text(row, "photo"), _text(row, "kind"), _text(row, "label")
    item, number, origin = _number(row, "item"), _number(row, "id"), _text(row, "installation")
    if photo is None and item is None:
        raise ValueError("expected a photo (its sha256) or an item")
    if kind is None and label is None:
        raise ValueError("expected a label or a kind")
    reviewer, at = _text(row, "reviewer"), moment(row.get("at"))
    if (key := _text(row, "import_key")) is None and origin is not None and number is not None:
        key = key_of(origin, number)
    if key is None:
        said = json.dumps(
            [photo, item if photo is None else None, kind, label, reviewer, at.isoformat() if at else None]
        )
        key = f"file:{hashlib.sha256(said.encode()).hexdigest()[:40]}"
    if len(key) > 200:
        raise ValueError("expected an import_key of at most 200 characters")
    seconds = None if row.get("seconds") is None else float(row["seconds"])
    if seconds is not None and not 0 <= seconds <= _LONGEST_LOOK:  # written so that NaN is refused
        raise ValueError(f"expected seconds from 0 to {_LONGEST_LOOK}, got {seconds}")
    return Foreign(
        place=place,
        key=key,
        photos=() if photo is None else (photo.casefold(),),
        item=item,
        # "label" and others are said by `label`, which may be none or cant_tell as well.
        kind=None if kind in (None, VerdictKind.LABEL) else VerdictKind(kind),
        label=label,
        reviewer=reviewer,
        at=at,
        free_name=_text(row, "free_name"),
        note=_text(row, "note"),
        seconds=seconds,
        answer_shown=_truth(row, "answer_shown"),
        origin=origin,
        number=number,
        undoes=_number(row, "undoes"),
        along_with=_number(row, "along_with"),
        checks_gold=_truth(row, "checks_gold") or False,
    )


def key_of(origin: str, number: int) -> str:
    """The import key of a verdict of an installation of ours."""
    return f"bearbot:{origin}:{number}"


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name}: expected a text, got {str(value)[:40]!r}")
    return value or None


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool | float) or not isinstance(value, int | str) or not 0 < int(value) < 2**63:
        raise ValueError(f"{name}: expected a number, got {str(value)[:40]!r}")
    return int(value)


def _truth(row: Mapping[str, Any], name: str) -> bool | None:
    value = row.get(name)
    found = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if found is not None and not isinstance(found, bool):
        raise ValueError(f"{name}: expected true or false, got {str(value)[:40]!r}")
    return found
