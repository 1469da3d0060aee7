"""What waits for people: how much, why, and since when."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.policy import Reason
from review.tables import ItemStatus, ReviewItem


class Age(StrEnum):
    """How long something waits; each begins where the one before ends."""

    UNDER_AN_HOUR = "under_an_hour"
    UNDER_A_DAY = "under_a_day"
    UNDER_A_WEEK = "under_a_week"
    OLDER = "older"


_BOUNDS = {
    Age.UNDER_AN_HOUR: timedelta(hours=1),
    Age.UNDER_A_DAY: timedelta(days=1),
    Age.UNDER_A_WEEK: timedelta(days=7),
}


@dataclass(frozen=True)
class Waiting:
    """Open items; `by_reason` and `by_age` each sum to `items`."""

    items: int
    in_hands: int
    by_reason: dict[Reason, int]  # the weightiest of each item; the most frequent first
    by_age: dict[Age, int]  # all of them, the youngest first
    oldest_seconds: float | None


def waiting(session: Session, now: datetime) -> Waiting:
    """Count what waits now; an item that was opened again waits since then. No item is read."""
    by_reason = open_by_reason(session)
    items = sum(by_reason.values())
    waited_less = {age: _opened_after(session, now - bound) for age, bound in _BOUNDS.items()}
    by_age, counted = {}, 0
    for age in Age:
        younger = waited_less.get(age, items)
        by_age[age], counted = younger - counted, younger
    oldest = session.scalar(select(func.min(ReviewItem.opened_at)).where(ReviewItem.status == ItemStatus.OPEN))
    # Only open items are in anybody's hands. Whose they are has an index, until when they are has none.
    in_hands = session.scalar(
        select(func.count())
        .select_from(ReviewItem)
        .where(ReviewItem.lease_reviewer_id.is_not(None), ReviewItem.lease_expires_at > now)
    )
    return Waiting(
        items=items,
        in_hands=in_hands or 0,
        by_reason=by_reason,
        by_age=by_age,
        oldest_seconds=(now - oldest).total_seconds() if oldest is not None else None,
    )


def open_by_reason(session: Session) -> dict[Reason, int]:
    """How many items wait, each by its weightiest reason; the most frequent first."""
    rows = session.execute(
        select(ReviewItem.reason, func.count()).where(ReviewItem.status == ItemStatus.OPEN).group_by(ReviewItem.reason)
    )
    return dict(Counter({Reason(reason): items for reason, items in rows}).most_common())


def _opened_after(session: Session, moment: datetime) -> int:
    opened = select(func.count()).where(ReviewItem.status == ItemStatus.OPEN, ReviewItem.opened_at > moment)
    return session.scalar(opened) or 0


def age_of(waited: timedelta) -> Age:
    """The first that it fits into."""
    return next((age for age, bound in _BOUNDS.items() if waited < bound), Age.OLDER)
