"""Verdicts, labels and items out of the database, however many there are: to a file that is whole, or that goes on.

Pages are read in short sessions, so that an export of hours holds nothing up. Numbers only grow and are committed in
their order, so what is exported stays exported, and an export that goes on misses nothing. What was said never changes:
a file of verdicts that is gone on with is as good as a new one. Labels and items do change, and an item of a small
number may be settled after one of a great number: their files are made anew.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select

from review import label_studio, listing
from review.database import Database
from review.errors import ReviewError
from review.items import PAGE
from review.listing import Wanted
from review.record_file import continued, written_whole
from review.tables import ReviewItem, Verdict
from review.verdict_rows import COLUMNS, What, as_csv_line, as_json_line, installation, item_rows, verdict_rows

# (rows, how many there are about) -> the same rows, one by one (tqdm, say).
Shown = Callable[[Iterator[Any], int], Iterable[Any]]


class Format(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    database: Database,
    target: Path | IO[bytes],
    *,
    what: What = What.VERDICTS,
    format: Format = Format.JSONL,
    since: datetime | None = None,
    after: int = 0,
    go_on: bool = False,
    shown: Shown = lambda rows, _count: rows,
    now: datetime,
) -> int:
    """Write the rows whose numbers follow `after`; returns how many. `go_on`: append what the file has not got yet.

    Raises `ReviewError`, also for what cannot be gone on with: anything but verdicts; `OSError`.
    """
    if go_on and what is not What.VERDICTS:
        raise ReviewError(f"{what} change, so a file of them cannot be gone on with: it is written anew")
    with database.write() as session:
        origin = installation(session, now)

    def rows(after: int) -> Iterator[dict[str, Any]]:
        while True:
            with database.read() as session:
                found = (
                    verdict_rows(session, origin, after=after, since=since, limit=PAGE)
                    if what is What.VERDICTS
                    else item_rows(session, what, after=after, since=since, limit=PAGE)
                )
            yield from found
            if not found:
                return
            after = found[-1]["id"]

    def write(file: IO[bytes], after: int, *, empty: bool) -> int:
        if format is Format.CSV and empty:
            file.write(as_csv_line(COLUMNS[what]))
        count = 0
        for row in shown(rows(after), _count(database, what, after)):
            file.write(as_json_line(row) if format is Format.JSONL else as_csv_line(list(row.values())))
            count += 1
        file.flush()
        return count

    if not isinstance(target, Path):
        return write(target, after, empty=True)
    if not go_on:
        with written_whole(target) as file:
            return write(file, after, empty=True)
    is_csv = format is Format.CSV
    with continued(target, COLUMNS[what], installation=origin, is_csv=is_csv) as (file, last):
        return write(file, max(after, last), empty=file.tell() == 0)


def export_tasks(
    database: Database,
    target: Path | IO[bytes],
    *,
    wanted: Wanted,
    address: Callable[[str], str],
    shown: Shown = lambda rows, _count: rows,
) -> int:
    """Items with a photo as tasks of Label Studio, one JSON list; returns how many. `address` of a photo's sha256."""

    def write(file: IO[bytes]) -> int:
        count = 0
        file.write(b"[")
        for item in shown(listing.stream(database, wanted), _count(database, What.ITEMS, 0)):
            if item.image_sha256 is not None:
                task = label_studio.task(item, address(item.image_sha256))
                file.write((b",\n" if count else b"\n") + json.dumps(task, ensure_ascii=False).encode())
                count += 1
        file.write(b"\n]\n")
        file.flush()
        return count

    if not isinstance(target, Path):
        return write(target)
    with written_whole(target) as file:
        return write(file)


def _count(database: Database, what: What, after: int) -> int:
    """About how many follow `after`: a count would read them all."""
    with database.read() as session:
        last = session.scalar(select(func.max(Verdict.id if what is What.VERDICTS else ReviewItem.id))) or 0
    return max(0, last - after)
