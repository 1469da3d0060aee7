"""The review queue: claimed with a lease, settled once, never changed, always undone by another entry.

Functions take a session and never commit; whoever opens it commits. Every change needs a writing session, which holds
the write lock from its start: two reviewers never hold the same item.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from review import consensus, hearing, items
from review.errors import AlreadySettled, LeaseLost, NotFound, NothingToUndo
from review.policy import Reason, priority
from review.tables import ItemStatus, Reviewer, ReviewItem, Submission, Verdict, VerdictKind


@dataclass(frozen=True)
class Claim:
    """An item in somebody's hands until `expires_at`; `token` comes back with the verdict."""

    item_id: int
    token: str
    expires_at: datetime


def claim_next(session: Session, reviewer: Reviewer, *, lease: timedelta, now: datetime) -> Claim | None:
    """The best open item that nobody holds; what this reviewer holds already comes first. None: nothing is left.

    What this reviewer skipped or could not tell comes back to them only when nothing else is left.
    """
    item = _held(session, reviewer, now)
    if item is None:
        passed = exists().where(
            Verdict.item_id == ReviewItem.id,
            Verdict.reviewer_id == reviewer.id,
            Verdict.kind.in_((VerdictKind.SKIP, VerdictKind.CANT_TELL)),
            _stands(),
        )
        # Asked twice, because each question follows the index of the queue and stops at its first row; to sort by
        # `passed` would read every open item for each claim.
        best = (
            select(ReviewItem).where(_free(now, reviewer)).order_by(ReviewItem.priority.desc(), ReviewItem.id).limit(1)
        )
        item = session.scalars(best.where(~passed)).first() or session.scalars(best).first()
    return None if item is None else _lease(item, reviewer, lease, now)


def claim(session: Session, item_id: int, reviewer: Reviewer, *, lease: timedelta, now: datetime) -> Claim:
    """This very item. Raises `NotFound`, `AlreadySettled`, or `LeaseLost` naming who holds it."""
    item = _open_item(session, item_id)
    _refuse_if_held(session, item, reviewer, now)
    return _lease(item, reviewer, lease, now)


def release(session: Session, item_id: int, token: str) -> None:
    """Give an item back unanswered; nothing happens if the lease is lost already."""
    item = _item(session, item_id)
    if item.lease_token == token:
        _unlease(item)


def settle(
    session: Session,
    item_id: int,
    reviewer: Reviewer,
    *,
    kind: VerdictKind,
    label: str | None = None,
    token: str | None = None,
    now: datetime,
) -> str | None:
    """Record a verdict; returns the final label ("none" for none of these), or None if the item stays open.

    With `token` the lease must still be held (`LeaseLost`); without one, nobody else may hold the item. `label` goes
    with `VerdictKind.LABEL`. The asker is told in the same transaction.
    """
    item = _open_item(session, item_id)
    if token is None:
        _refuse_if_held(session, item, reviewer, now)
    elif (item.lease_token, item.lease_reviewer_id) != (token, reviewer.id) or _expired(item, now):
        raise LeaseLost(f"item {item_id} is no longer yours: the time was up, or you claimed it once more; claim again")
    verdict = Verdict(item_id=item.id, reviewer_id=reviewer.id, kind=kind, label=label, created_at=now)
    session.add(verdict)
    session.flush()
    _unlease(item)
    final = consensus.final_label(_standing(session, item))
    if final is not None:
        item.status = ItemStatus.SETTLED
        item.final_label = final
        item.settled_at = now
        item.settled_by_id = reviewer.id
        hearing.tell(session, item, final, verdict, now)
    session.flush()
    return final


def undo(
    session: Session,
    reviewer: Reviewer,
    *,
    item_id: int | None = None,
    verdict_id: int | None = None,
    now: datetime,
) -> int:
    """Take back this reviewer's last standing verdict (on this item; or this very one, whatever came after it).

    Returns its item, open again at its old place. Raises `NothingToUndo`. The asker hears of it when the item is
    settled otherwise.
    """
    of_item = () if item_id is None else (Verdict.item_id == item_id,)
    very = () if verdict_id is None else (Verdict.id == verdict_id,)
    last = _last_standing(session, reviewer, *of_item, *very)
    if last is None:
        on = f" on item {item_id}" if item_id is not None else ""
        raise NothingToUndo(f"{reviewer.name} has no verdict{on} that could be taken back")
    session.add(
        Verdict(item_id=last.item_id, reviewer_id=reviewer.id, kind=VerdictKind.UNDO, undoes_id=last.id, created_at=now)
    )
    session.flush()
    item = _item(session, last.item_id)
    if item.status is ItemStatus.SETTLED and consensus.final_label(_standing(session, item)) is None:
        _open(item)
        if session.get_one(Submission, item.submission_id).image_sha256 is None:
            item.status = ItemStatus.WITHDRAWN  # its photo was deleted: nobody can say what it shows any more
    session.flush()
    return item.id


def dispute(session: Session, item: ReviewItem, *, now: datetime) -> None:
    """The asker disagrees with what was said: people look (once more), and what they said before settles nothing.

    A moderator who holds the item at this moment keeps it.
    """
    if Reason.DISPUTED not in item.reasons:
        item.reasons = [*item.reasons, Reason.DISPUTED.value]
        item.priority = priority([Reason(reason) for reason in item.reasons], confidence=item.confidence)
    if item.status is ItemStatus.SETTLED:
        item.reopened_after = session.scalar(select(func.max(Verdict.id)).where(Verdict.item_id == item.id))
        item.opened_at = now
        _open(item)
    session.flush()


def release_all(session: Session, reviewer: Reviewer) -> None:
    """Give back whatever this reviewer holds."""
    for item in session.scalars(select(ReviewItem).where(ReviewItem.lease_reviewer_id == reviewer.id)):
        _unlease(item)
    session.flush()


def held(session: Session, reviewer: Reviewer, now: datetime) -> Claim | None:
    """What this reviewer has in hand; None: nothing."""
    item = _held(session, reviewer, now)
    if item is None or item.lease_token is None or item.lease_expires_at is None:
        return None
    return Claim(item.id, item.lease_token, item.lease_expires_at)


def _held(session: Session, reviewer: Reviewer, now: datetime) -> ReviewItem | None:
    mine = _free(now, reviewer) & (ReviewItem.lease_reviewer_id == reviewer.id)
    return session.scalars(select(ReviewItem).where(mine, ReviewItem.lease_expires_at > now).limit(1)).first()


def last_verdict(session: Session, reviewer: Reviewer, *, item_id: int | None = None) -> Verdict | None:
    """What `undo` would take back; None: nothing."""
    return _last_standing(session, reviewer, *(() if item_id is None else (Verdict.item_id == item_id,)))


def _last_standing(session: Session, reviewer: Reviewer, *only: ColumnElement[bool]) -> Verdict | None:
    return session.scalars(
        select(Verdict)
        .where(Verdict.reviewer_id == reviewer.id, Verdict.kind != VerdictKind.UNDO, _stands(), *only)
        .order_by(Verdict.id.desc())
        .limit(1)
    ).first()


def _free(now: datetime, reviewer: Reviewer) -> ColumnElement[bool]:
    """Open, and in nobody else's hands."""
    return and_(
        ReviewItem.status == ItemStatus.OPEN,
        or_(
            ReviewItem.lease_expires_at.is_(None),
            ReviewItem.lease_expires_at <= now,
            ReviewItem.lease_reviewer_id == reviewer.id,
        ),
    )


def _lease(item: ReviewItem, reviewer: Reviewer, lease: timedelta, now: datetime) -> Claim:
    token = secrets.token_urlsafe(6)
    item.lease_token = token
    item.lease_reviewer_id = reviewer.id
    item.lease_expires_at = now + lease
    return Claim(item.id, token, now + lease)


def _open(item: ReviewItem) -> None:
    item.status = ItemStatus.OPEN
    item.final_label = None
    item.settled_at = None
    item.settled_by_id = None


def _unlease(item: ReviewItem) -> None:
    item.lease_token = None
    item.lease_reviewer_id = None
    item.lease_expires_at = None


def _expired(item: ReviewItem, now: datetime) -> bool:
    return item.lease_expires_at is None or item.lease_expires_at <= now


def _item(session: Session, item_id: int) -> ReviewItem:
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return item


def _open_item(session: Session, item_id: int) -> ReviewItem:
    item = _item(session, item_id)
    if item.status is ItemStatus.WITHDRAWN:
        raise NotFound(f"item {item_id} is gone: its photo was deleted")
    if item.status is ItemStatus.SETTLED:
        seen = items.view(session, item_id)
        raise AlreadySettled(item_id, reviewer=seen.settled_by or "somebody", label=seen.final_label or "")
    return item


def _refuse_if_held(session: Session, item: ReviewItem, reviewer: Reviewer, now: datetime) -> None:
    if item.lease_expires_at is None or item.lease_reviewer_id == reviewer.id or _expired(item, now):
        return
    holder = session.get_one(Reviewer, item.lease_reviewer_id)
    seconds = (item.lease_expires_at - now).total_seconds()
    raise LeaseLost(f"{holder.name} is looking at item {item.id} (for {seconds:.0f} s at most): try again later")


def _standing(session: Session, item: ReviewItem) -> Sequence[Verdict]:
    """The item's verdicts since it was last opened that nobody took back, oldest first."""
    return session.scalars(
        select(Verdict)
        .where(
            Verdict.item_id == item.id,
            Verdict.kind != VerdictKind.UNDO,
            Verdict.id > (item.reopened_after or 0),
            _stands(),
        )
        .order_by(Verdict.id)
    ).all()


def _stands() -> ColumnElement[bool]:
    """Nobody took the verdict back."""
    undoing = aliased(Verdict)
    return ~exists().where(undoing.undoes_id == Verdict.id)
