"""Gold items: settled beyond doubt, and given to reviewers now and then as if they were open, to measure them.

Functions take a session and never commit; whoever opens it commits. A check is a lease of its own: nobody is kept from
the item, and whatever is said of it changes nothing but what is known of the reviewer.
"""

import random
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from review import items
from review.claimable import stands
from review.errors import AlreadySettled, NotFound, PhotoDeleted, ReviewError
from review.items import ItemView
from review.people import identities
from review.tables import (
    NONE_OF_THESE,
    VOTES,
    GoldCheck,
    ItemStatus,
    Reviewer,
    ReviewItem,
    Submission,
    Verdict,
    VerdictKind,
)

_chance = random.SystemRandom()  # nobody foresees which item is one


@dataclass(frozen=True)
class GoldItem:
    """An item that reviewers are measured by: how many said something of it (`checks`), and how many were right."""

    item_id: int
    label: str
    since: datetime
    checks: int
    right: int

    def to_json(self) -> dict[str, Any]:
        """For `--json`; the time in ISO 8601, UTC."""
        return {**asdict(self), "since": self.since.isoformat()}


def add(session: Session, item_id: int, now: datetime) -> None:
    """Measure reviewers by this item. Raises `NotFound`, `PhotoDeleted`, or `ReviewError` if it is not settled."""
    item = _item(session, item_id)
    if session.get_one(Submission, item.submission_id).image_sha256 is None:
        raise PhotoDeleted(item_id)
    if item.status is not ItemStatus.SETTLED:
        raise ReviewError(f"item {item_id} is {item.status}: only what is settled can measure reviewers")
    item.gold_at = item.gold_at or now
    item.represented_by_id = None  # whoever is given it sees no near-duplicates of it
    session.flush()


def remove(session: Session, item_id: int) -> None:
    """Nobody is measured by this item any more; what was said of it counts no more either. Raises `ReviewError`."""
    item = _item(session, item_id)
    if item.gold_at is None:
        raise ReviewError(f"item {item_id} is no gold item: `bearbot review gold list` shows them")
    withdraw(session, item)
    session.flush()


def withdraw(session: Session, item: ReviewItem) -> None:
    """It measures nobody any more: whoever was given it, and answered or not, finds it as it is."""
    item.gold_at = None
    session.execute(delete(GoldCheck).where(GoldCheck.item_id == item.id))


def since(session: Session, item_id: int) -> datetime | None:
    """From when on reviewers are measured by this item; None: they are not. For an operator, never for a reviewer."""
    return session.scalar(select(ReviewItem.gold_at).where(ReviewItem.id == item_id))


def listed(session: Session) -> list[GoldItem]:
    """All of them, by number; reads only."""
    said = case((Verdict.kind == VerdictKind.NONE, NONE_OF_THESE), else_=Verdict.label)
    rows = session.execute(
        select(
            ReviewItem.id,
            ReviewItem.final_label,
            ReviewItem.gold_at,
            func.count(Verdict.id),
            func.count(Verdict.id).filter(said == ReviewItem.final_label),
        )
        .outerjoin(
            Verdict,
            and_(
                Verdict.item_id == ReviewItem.id,
                Verdict.checks_gold,
                Verdict.kind.in_(VOTES),
                stands(),
            ),
        )
        .where(is_gold())
        .group_by(ReviewItem.id, ReviewItem.final_label, ReviewItem.gold_at)
        .order_by(ReviewItem.id)
    )
    return [
        GoldItem(item_id, label, since, checks, right)
        for item_id, label, since, checks, right in rows
        if label is not None and since is not None  # which `is_gold` says already, but not to the type checker
    ]


def is_gold() -> ColumnElement[bool]:
    """Reviewers are measured by the item: not without its photo, nor while it is open again."""
    has_photo = exists().where(Submission.id == ReviewItem.submission_id, Submission.image_sha256.is_not(None))
    return and_(ReviewItem.gold_at.is_not(None), ReviewItem.status == ItemStatus.SETTLED, has_photo)


def draws(rate: float) -> bool:
    """True with this chance (0..1)."""
    return _chance.random() < rate


def choose(
    session: Session,
    reviewer: Reviewer,
    *,
    like: ReviewItem,
    among: ColumnElement[bool],
    besides: Collection[int],
    now: datetime,
) -> ReviewItem | None:
    """Any gold item of which this reviewer knows nothing, by none of their names; None: there is none left.

    It comes in the place of the item `like`: what is judged blind in that of another that is, and one that waited for
    the same reason rather than another.
    """
    same = identities(session, reviewer)
    judged = exists().where(Verdict.item_id == ReviewItem.id, Verdict.reviewer_id.in_(same))
    given = exists().where(
        GoldCheck.item_id == ReviewItem.id,
        GoldCheck.reviewer_id.in_(same),
        or_(GoldCheck.verdict_id.is_not(None), GoldCheck.expires_at > now),
    )
    return session.scalars(
        select(ReviewItem)
        .where(is_gold(), among, ReviewItem.id.not_in(besides), ~judged, ~given)
        .where(ReviewItem.verdicts_needed == like.verdicts_needed)
        .order_by(ReviewItem.reason != like.reason, func.random())
        .limit(1)
    ).first()


def give(
    session: Session, item_id: int, reviewer: Reviewer, *, token: str, lease: timedelta, now: datetime
) -> GoldCheck:
    """Into this reviewer's hands, with this new token; one that they let expire may come again."""
    check = session.scalar(
        select(GoldCheck).where(GoldCheck.item_id == item_id, GoldCheck.reviewer_id == reviewer.id)
    ) or GoldCheck(item_id=item_id, reviewer_id=reviewer.id)
    check.token, check.expires_at, check.verdict_id = token, now + lease, None
    session.add(check)
    session.flush()
    return check


def held(
    session: Session, reviewer: Reviewer, now: datetime, besides: Collection[int] = (), *, begins: str = ""
) -> GoldCheck | None:
    """What this reviewer has in hand, by a token that `begins` so; None: nothing."""
    return session.scalars(
        select(GoldCheck)
        .where(_unanswered(reviewer), GoldCheck.expires_at > now, GoldCheck.item_id.not_in(besides))
        .where(GoldCheck.token.startswith(begins, autoescape=True))
        .order_by(GoldCheck.id)
        .limit(1)
    ).first()


def begun(
    session: Session,
    reviewer: Reviewer,
    *,
    among: ColumnElement[bool],
    besides: Collection[int],
    now: datetime,
    count: int,
) -> list[int]:
    """Items that the reviewer let go of unanswered, or whose answer they took back: any other would come again, too."""
    return list(
        session.scalars(
            select(GoldCheck.item_id)
            .join(ReviewItem, ReviewItem.id == GoldCheck.item_id)
            .where(_unanswered(reviewer), GoldCheck.expires_at <= now, is_gold(), among)
            .where(GoldCheck.item_id.not_in(besides))
            .order_by(GoldCheck.id)
            .limit(count)
        )
    )


def given(session: Session, item_id: int, reviewer: Reviewer) -> GoldCheck | None:
    """The check of this item that the reviewer was given; None: there is none, or it means nothing any more.

    It means something as long as the item is gold, and settled.
    """
    item = session.get(ReviewItem, item_id)
    if item is None or item.gold_at is None or item.status is not ItemStatus.SETTLED:
        return None
    return session.scalar(select(GoldCheck).where(GoldCheck.item_id == item_id, GoldCheck.reviewer_id == reviewer.id))


def lost(session: Session, item_id: int, token: str) -> bool:
    """Whether the token is of a check that was given back, or came anew since: it looks like any lost lease."""
    item = session.get(ReviewItem, item_id)
    measures = item is not None and item.gold_at is not None and item.status is ItemStatus.SETTLED
    return measures and by_token(session, item_id, token) is None


def came_to(item: ReviewItem, verdict: Verdict) -> str | None:
    """The final label as whoever said this is to see it; None: the item is open, for all they know."""
    if not verdict.checks_gold:
        return item.final_label
    return (verdict.label or NONE_OF_THESE) if verdict.kind in VOTES and item.verdicts_needed == 1 else None


def refuse_if_answered(session: Session, check: GoldCheck, reviewer: Reviewer) -> None:
    """Raises `AlreadySettled` by this reviewer's own word, as any other item would be."""
    if check.verdict_id is None:
        return
    item, verdict = session.get_one(ReviewItem, check.item_id), session.get_one(Verdict, check.verdict_id)
    if (label := came_to(item, verdict)) is not None:
        raise AlreadySettled(item.id, reviewer=reviewer.name, label=label)


def shown(session: Session, item_id: int, reviewer: Reviewer) -> ItemView:
    """An item as this reviewer is to see it; raises `NotFound`.

    What measures them is open and in their hands, and then settled by what they said themselves.
    """
    seen = items.view(session, item_id)
    check = given(session, item_id, reviewer)
    if check is None:
        return seen
    seen = items.opened(session, seen)
    if check.verdict_id is None:
        return replace(seen, held_by=reviewer.name, held_until=check.expires_at)
    verdict = session.get_one(Verdict, check.verdict_id)
    label = came_to(session.get_one(ReviewItem, item_id), verdict)
    if label is None:
        return replace(seen, verdicts_so_far=1 if verdict.kind in VOTES else 0)  # as if others were to say it, too
    return replace(
        seen,
        status=ItemStatus.SETTLED,
        final_label=label,
        free_name=verdict.free_name,
        settled_at=verdict.created_at,
        settled_by=reviewer.name,
    )


def by_token(session: Session, item_id: int, token: str) -> GoldCheck | None:
    """The check that a claim gave this token for; None: it was given for something else."""
    return session.scalar(select(GoldCheck).where(GoldCheck.item_id == item_id, GoldCheck.token == token))


def renew(session: Session, item_id: int, token: str, *, lease: timedelta, now: datetime) -> bool:
    """For longer in the same hands; False if it ended already, or was never in any."""
    check = by_token(session, item_id, token)
    if check is None or check.verdict_id is not None or check.expires_at <= now:
        return False
    check.expires_at = now + lease
    return True


def release(session: Session, item_id: int, token: str) -> None:
    """Given back unanswered; it may come again."""
    session.execute(
        delete(GoldCheck).where(GoldCheck.item_id == item_id, GoldCheck.token == token, GoldCheck.verdict_id.is_(None))
    )


def release_all(session: Session, reviewer: Reviewer, *, besides: Collection[int] = (), begins: str = "") -> None:
    """Whatever this reviewer has in hand, by tokens that `begin` so, but these items."""
    theirs = and_(_unanswered(reviewer), GoldCheck.token.startswith(begins, autoescape=True))
    session.execute(delete(GoldCheck).where(theirs, GoldCheck.item_id.not_in(besides)))


def in_hands_of(session: Session, reviewer: Reviewer, now: datetime) -> int:
    """How many checks this reviewer holds."""
    held = select(func.count()).select_from(GoldCheck).where(_unanswered(reviewer), GoldCheck.expires_at > now)
    return session.scalar(held) or 0


def take_back(session: Session, verdict: Verdict) -> None:
    """The reviewer took back what they said: they may say it anew when they claim the item again."""
    check = session.scalar(select(GoldCheck).where(GoldCheck.verdict_id == verdict.id))
    if check is not None:
        check.verdict_id, check.expires_at = None, verdict.created_at
        session.flush()


def _unanswered(reviewer: Reviewer) -> ColumnElement[bool]:
    return and_(GoldCheck.reviewer_id == reviewer.id, GoldCheck.verdict_id.is_(None))


def _item(session: Session, item_id: int) -> ReviewItem:
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return item
