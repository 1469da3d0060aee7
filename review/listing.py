"""Items in pages and streams: however many there are, the first ones come at once and memory stays flat; reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute, Session

from review import items, people
from review.claimable import is_blind
from review.database import Database
from review.items import ItemView
from review.tables import ItemStatus, ReviewItem


@dataclass(frozen=True)
class Wanted:
    """Which items; None: any. `label` is the model's guess of an open item, what people said of a settled one.

    `reason` is the weightiest one, `reviewer` who settled it (a name of theirs; whatever others they go by count, too),
    `since` when it was opened or settled at the earliest. Blind items are under no label and no reason: to be there
    would tell what the model said.
    """

    statuses: tuple[ItemStatus, ...] = (ItemStatus.OPEN,)
    label: str | None = None
    reason: str | None = None
    reviewer: str | None = None
    since: datetime | None = None


OPEN = Wanted()
SETTLED = Wanted((ItemStatus.SETTLED,))
EVERYTHING = Wanted((ItemStatus.OPEN, ItemStatus.SETTLED, ItemStatus.WITHDRAWN))


@dataclass(frozen=True)
class Cursor:
    """The last item of a page; `key` is what items of its status are ordered by."""

    status: ItemStatus
    key: float | datetime | None
    id: int


@dataclass(frozen=True)
class Page:
    """Some items in order; `next` is where the following page begins, None: this was the last."""

    items: tuple[ItemView, ...]
    next: Cursor | None


def page(session: Session, wanted: Wanted = OPEN, *, after: Cursor | None = None, limit: int = items.PAGE) -> Page:
    """The items after the cursor, at most `limit` (1..`items.PAGE`): a status after the other, each in its own order.

    That is the order of the queue; of one reviewer's, the items' numbers; `since` some time, the time. Each of them is
    an index's, so that a page costs the same wherever it lies.
    """
    rows: list[Any] = []
    for status in wanted.statuses:
        if after is not None and wanted.statuses.index(status) < wanted.statuses.index(after.status):
            continue
        if wanted.reviewer is not None and status is not ItemStatus.SETTLED:
            continue  # nobody settled those
        key = _key(status, wanted)
        begins = after if after is not None and after.status is status else None
        for condition in _following(key, begins):
            if len(rows) <= limit:  # one more than is shown says whether there is a next page
                order = () if key is None else (key.desc() if key is ReviewItem.priority else key,)
                query = _hinted(items.rows(), status, wanted).where(condition, *_conditions(status, wanted))
                count = limit + 1 - len(rows)
                query = query.order_by(*order, ReviewItem.id).limit(count)
                if wanted.reviewer is not None:
                    rows += _settled_by(session, query, wanted.reviewer)[:count]
                else:
                    rows += session.execute(query).all()
    shown = rows[:limit]
    if len(rows) <= limit:
        return Page(tuple(items.views(session, shown)), None)
    last: ReviewItem = shown[-1][0]
    key = _key(last.status, wanted)
    return Page(
        tuple(items.views(session, shown)), Cursor(last.status, getattr(last, key.key) if key else None, last.id)
    )


def stream(
    database: Database, wanted: Wanted = OPEN, *, limit: int | None = None, first: int = items.PAGE
) -> Iterator[ItemView]:
    """All of them (or `limit`), a page at a time, each page in a session of its own: a pager may stay open overnight.

    What changes meanwhile is seen as it is when its page is read, and no item twice. `first`: how many are read for the
    first page.
    """
    shown = bytearray()  # a bit an item, by its number: what is settled now comes once more behind what is open
    after: Cursor | None = None
    left, size = limit, first
    while left is None or left > 0:
        with database.read() as session:
            found = page(session, wanted, after=after, limit=size if left is None else min(size, left))
        fresh = [one for one in found.items if _marked(shown, one.id)]
        yield from fresh
        if found.next is None:
            return
        after, size = found.next, items.PAGE
        left = left if left is None else left - len(fresh)


def _marked(shown: bytearray, number: int) -> bool:
    """Set this number's bit; False if it was set before."""
    place, bit = number // 8, 1 << number % 8
    if place >= len(shown):
        shown.extend(bytes(place + 1 - len(shown)))
    if shown[place] & bit:
        return False
    shown[place] |= bit
    return True


def _key(status: ItemStatus, wanted: Wanted) -> InstrumentedAttribute[Any] | None:
    """What items of this status are ordered by before their numbers; None: by nothing else."""
    if wanted.since is not None and wanted.reviewer is None:
        return ReviewItem.settled_at if status is ItemStatus.SETTLED else ReviewItem.opened_at
    return ReviewItem.priority if wanted.reviewer is None else None


def _following(key: InstrumentedAttribute[Any] | None, after: Cursor | None) -> list[ColumnElement[bool]]:
    """Asked one after the other, because an index finds the beginning of each, and not that of both at once."""
    if after is None:
        return [and_(True)]
    if key is None:
        return [ReviewItem.id > after.id]
    beyond = key < after.key if key is ReviewItem.priority else key > after.key
    return [and_(key == after.key, ReviewItem.id > after.id), beyond]


def _settled_by(session: Session, query: Any, name: str) -> list[Any]:
    """What somebody settled under any of their names, by number; nothing for who is unknown."""
    who = people.called(session, name)
    rows: list[Any] = []
    # One after the other: an index has the items of each in order, and not those of several.
    for number in people.identities(session, who) if who is not None else ():
        rows += session.execute(query.where(ReviewItem.settled_by_id == number)).all()
    return sorted(rows, key=lambda row: row[0].id)


def _conditions(status: ItemStatus, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ReviewItem.status == status]
    if wanted.label is not None and status is ItemStatus.SETTLED:
        conditions.append(ReviewItem.final_label == wanted.label)
    elif wanted.label is not None:
        conditions.append(ReviewItem.suggested_label == wanted.label)
    if wanted.reason is not None:
        conditions.append(ReviewItem.reason == wanted.reason)
    if status is ItemStatus.OPEN and (wanted.label is not None or wanted.reason is not None):
        # To be listed would tell what the model said of what is judged blind.
        conditions.append(~is_blind())
    if wanted.since is not None:
        since = ReviewItem.settled_at if status is ItemStatus.SETTLED else ReviewItem.opened_at
        conditions.append(since >= wanted.since)
    return conditions


def _hinted(query: Any, status: ItemStatus, wanted: Wanted) -> Any:
    """SQLite knows of an index how many rows a value has on average, which misleads it: it is told which to take."""
    if wanted.reviewer is not None:
        index = "ix_review_items_settled_by_id"
    elif wanted.since is not None:
        index = f"ix_review_items_status_{'settled' if status is ItemStatus.SETTLED else 'opened'}_at"
    elif wanted.label is not None:
        index = "ix_review_items_by_final_label" if status is ItemStatus.SETTLED else "ix_review_items_by_label"
    else:
        index = "ix_review_items_by_reason" if wanted.reason is not None else "ix_review_items_queue"
    return query.with_hint(ReviewItem, f"INDEXED BY {index}", "sqlite")
