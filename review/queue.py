"""The review queue: items are claimed with a lease, and nobody else is given them meanwhile.

Functions take a session and never commit; whoever opens it commits. Every change needs a writing session, which holds
the write lock from its start: two reviewers never hold the same item.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from review import claimable, gold, items
from review.claimable import ANY, Among
from review.errors import AlreadySettled, LeaseLost, NotFound, PhotoDeleted
from review.people import identities
from review.tables import Channel, ItemStatus, Reviewer, ReviewItem, Role


@dataclass(frozen=True)
class Claim:
    """An item in somebody's hands until `expires_at`; `token` comes back with the verdict."""

    item_id: int
    token: str
    expires_at: datetime


# Where one item is shown at a time, its token begins so (no other does): what somebody has in hand in the chat is told
# from what the same person has on a page by what both have anyway.
_MARKS = {Channel.CHAT: "c.", Channel.COMMAND: "k."}
_ASKED_AHEAD = 7  # items of `first` that others may hold already


def claim_next(
    session: Session,
    reviewer: Reviewer,
    *,
    lease: timedelta,
    now: datetime,
    among: Among = ANY,
    besides: Collection[int] = (),
    first: Sequence[int] = (),
    gold_rate: float = 0.0,
    at: Channel | None = None,
) -> Claim | None:
    """The best open item that nobody holds; what this reviewer holds already comes first. None: nothing is left.

    With `at` (chat or command) that is what they hold there: what is on a page or screen of theirs stays there.
    What this reviewer skipped or could not tell comes back to them only when nothing else is left. `besides` are items
    that they have in hand and do not ask for; `first` are items to be given before others, in this order, if they can
    be claimed (`review.slate`). With the chance `gold_rate` it is an item with a known answer instead (`review.gold`),
    to be shown like any other (`items.view(..., as_open=True)`).
    """
    item = _held(session, reviewer, now, besides, at)
    if item is not None:
        return _lease(item, reviewer, lease, now, at)
    check = gold.held(session, reviewer, now, besides, begins=_mark(at))
    if check is not None:
        return _check(session, check.item_id, reviewer, lease, now, at)
    found = _best(session, reviewer, now, among=among, besides=besides, first=first, count=1)
    claims = _given(session, reviewer, found, 1, among, besides, gold_rate, lease, now, at)
    return claims[0] if claims else None


def claim_batch(
    session: Session,
    reviewer: Reviewer,
    *,
    count: int,
    lease: timedelta,
    now: datetime,
    among: Among = ANY,
    besides: Collection[int] = (),
    first: Sequence[int] = (),
    gold_rate: float = 0.0,
) -> list[Claim]:
    """Up to `count` of the best items at once, in order, for a page; without what the reviewer holds already.

    With the chance `gold_rate` each of them is an item with a known answer, as in `claim_next`.
    """
    found = _best(session, reviewer, now, among=among, besides=besides, first=first, count=count)
    return _given(session, reviewer, found, count, among, besides, gold_rate, lease, now)


def claim(
    session: Session,
    item_id: int,
    reviewer: Reviewer,
    *,
    lease: timedelta,
    now: datetime,
    at: Channel | None = None,
) -> Claim:
    """This very item, also if this reviewer held it elsewhere.

    Raises `NotFound`, `AlreadySettled`, or `LeaseLost` naming who holds it.
    """
    check = gold.given(session, item_id, reviewer)
    if check is not None:
        gold.refuse_if_answered(session, check, reviewer)
        return _check(session, item_id, reviewer, lease, now, at)
    item = open_item(session, item_id)
    refuse_if_held(session, item, reviewer, now)
    return _lease(item, reviewer, lease, now, at)


def renew(session: Session, item_id: int, token: str, *, lease: timedelta, now: datetime) -> Claim:
    """The same lease for longer. Raises `LeaseLost` if it ended already: it is never brought back to life."""
    item = session.get(ReviewItem, item_id)
    if item is not None and item.lease_token == token and item.status is ItemStatus.OPEN and not expired(item, now):
        item.lease_expires_at = now + lease
    elif not gold.renew(session, item_id, token, lease=lease, now=now):
        raise LeaseLost(f"item {item_id} is no longer yours: claim it again")
    session.flush()
    return Claim(item_id, token, now + lease)


def release(session: Session, item_id: int, token: str) -> None:
    """Give an item back unanswered; nothing happens if the lease is lost already."""
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise not_found(item_id)
    if item.lease_token == token:
        unlease(item)
    else:
        gold.release(session, item_id, token)


def release_all(
    session: Session, reviewer: Reviewer, *, besides: Collection[int] = (), at: Channel | None = None
) -> None:
    """Give back whatever this reviewer holds (there) but these items."""
    held = select(ReviewItem).where(ReviewItem.lease_reviewer_id == reviewer.id, ReviewItem.id.not_in(besides))
    if at is not None:
        held = held.where(ReviewItem.lease_token.startswith(_mark(at), autoescape=True))
    for item in session.scalars(held):
        unlease(item)
    gold.release_all(session, reviewer, besides=besides, begins=_mark(at))
    session.flush()


def held(session: Session, reviewer: Reviewer, now: datetime, *, at: Channel | None = None) -> Claim | None:
    """What this reviewer has in hand (there); None: nothing."""
    item = _held(session, reviewer, now, (), at)
    if item is None:
        check = gold.held(session, reviewer, now, begins=_mark(at))
        return None if check is None else Claim(check.item_id, check.token, check.expires_at)
    assert item.lease_token is not None
    assert item.lease_expires_at is not None
    return Claim(item.id, item.lease_token, item.lease_expires_at)


def may_adjudicate(reviewer: Reviewer) -> bool:
    """Whether this reviewer may decide what others disagree on, if they said nothing of it themselves."""
    return reviewer.role in (Role.MODERATOR, Role.ADMIN)


def open_item(session: Session, item_id: int) -> ReviewItem:
    """An item that waits for people. Raises `NotFound` or `AlreadySettled`."""
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise not_found(item_id)
    if item.status is ItemStatus.WITHDRAWN:
        raise PhotoDeleted(item_id)
    if item.status is ItemStatus.SETTLED:
        seen = items.view(session, item_id)
        raise AlreadySettled(item_id, reviewer=seen.settled_by or "somebody", label=seen.final_label or "")
    return item


def not_found(item_id: int) -> NotFound:
    """Says so, and where numbers are found."""
    return NotFound(f"no item {item_id}: `bearbot review list --all` shows all")


def refuse_if_held(session: Session, item: ReviewItem, reviewer: Reviewer, now: datetime) -> None:
    """Raises `LeaseLost` if the item is in somebody else's hands."""
    if item.lease_expires_at is None or item.lease_reviewer_id == reviewer.id or expired(item, now):
        return
    holder = session.get_one(Reviewer, item.lease_reviewer_id)
    seconds = (item.lease_expires_at - now).total_seconds()
    raise LeaseLost(f"{holder.name} is looking at item {item.id} (for {seconds:.0f} s at most): try again later")


def unlease(item: ReviewItem) -> None:
    """Out of everybody's hands."""
    item.lease_token = None
    item.lease_reviewer_id = None
    item.lease_expires_at = None


def expired(item: ReviewItem, now: datetime) -> bool:
    """Whether nobody holds it any more."""
    return item.lease_expires_at is None or item.lease_expires_at <= now


def _best(
    session: Session,
    reviewer: Reviewer,
    now: datetime,
    *,
    among: Among,
    besides: Collection[int],
    first: Sequence[int],
    count: int,
) -> list[ReviewItem]:
    """In the order in which they are given out; what this reviewer passed by already comes last."""
    values = {"same": identities(session, reviewer), "now": now}
    adjudicates = may_adjudicate(reviewer)
    found: list[ReviewItem] = []
    # A few at a time: most often the first of them can be claimed, and each is looked up by its number.
    for start in range(0, len(first), count + _ASKED_AHEAD):
        if len(found) == count:
            break
        soon = first[start : start + count + _ASKED_AHEAD]
        those = {**values, "besides": list(besides), "named": soon}
        chosen = session.scalars(claimable.named(among, adjudicates), those).all()
        found += sorted(chosen, key=lambda item: soon.index(item.id))[: count - len(found)]
    # Asked twice, because each question follows the index of the queue and stops at its first rows; to sort by what was
    # passed by would read every open item for each claim.
    for passed in (False, True):
        if len(found) < count:
            more = {**values, "besides": [*besides, *(item.id for item in found)], "count": count - len(found)}
            some = session.scalars(claimable.in_order(among, adjudicates, passed), more).all()
            found += [session.get_one(ReviewItem, item_id) for item_id in some]
    return found


def _held(
    session: Session, reviewer: Reviewer, now: datetime, besides: Collection[int], at: Channel | None
) -> ReviewItem | None:
    mine = and_(ReviewItem.lease_reviewer_id == reviewer.id, ReviewItem.lease_expires_at > now)
    if at is not None:
        mine = and_(mine, ReviewItem.lease_token.startswith(_mark(at), autoescape=True))
    return session.scalars(
        select(ReviewItem)
        .where(mine, ReviewItem.status == ItemStatus.OPEN, ReviewItem.id.not_in(besides))
        .order_by(ReviewItem.id)
        .limit(1)
    ).first()


def _given(
    session: Session,
    reviewer: Reviewer,
    found: Sequence[ReviewItem],
    count: int,
    among: Among,
    besides: Collection[int],
    gold_rate: float,
    lease: timedelta,
    now: datetime,
    at: Channel | None = None,
) -> list[Claim]:
    """Leases of what was found, with gold items in between; never of more: nobody is kept busy by those alone.

    But up to `count` that this reviewer had in hand before come again, as others do.
    """
    condition = among.condition()
    again: list[int] = []
    if gold_rate > 0:
        again = gold.begun(session, reviewer, among=condition, besides=besides, now=now, count=count)
    claims = [_check(session, item_id, reviewer, lease, now, at) for item_id in again]
    leased = 0
    for _ in range(min(len(found), count - len(again))):
        item, known = found[leased], None
        if gold.draws(gold_rate):
            taken = [*besides, *(claim.item_id for claim in claims)]
            known = gold.choose(session, reviewer, like=item, among=condition, besides=taken, now=now)
        if known is not None:
            claims.append(_check(session, known.id, reviewer, lease, now, at))
            continue  # the item comes next: of a batch it is the last that is left to others, not the best
        claims.append(_lease(item, reviewer, lease, now, at))
        leased += 1
    return claims


def _check(
    session: Session, item_id: int, reviewer: Reviewer, lease: timedelta, now: datetime, at: Channel | None
) -> Claim:
    check = gold.give(session, item_id, reviewer, token=_token(at), lease=lease, now=now)
    return Claim(item_id, check.token, check.expires_at)


def _lease(item: ReviewItem, reviewer: Reviewer, lease: timedelta, now: datetime, at: Channel | None) -> Claim:
    token = _token(at)
    item.lease_token = token
    item.lease_reviewer_id = reviewer.id
    item.lease_expires_at = now + lease
    return Claim(item.id, token, now + lease)


def _token(at: Channel | None) -> str:
    return f"{_mark(at)}{secrets.token_urlsafe(6)}"


def _mark(at: Channel | None) -> str:
    return "" if at is None else _MARKS[at]
