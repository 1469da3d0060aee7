"""What waits for people: how much, why, and since when."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
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
    """Open items. `by_reason` may sum to more, since an item may have several reasons; `by_age` sums to `items`."""

    items: int
    in_hands: int
    by_reason: dict[Reason, int]  # the most frequent first
    by_age: dict[Age, int]  # all of them, the youngest first
    oldest_seconds: float | None


def waiting(session: Session, now: datetime) -> Waiting:
    """Count what waits now; an item that was opened again waits since then."""
    rows = session.execute(
        select(ReviewItem.reasons, ReviewItem.opened_at, ReviewItem.lease_expires_at).where(
            ReviewItem.status == ItemStatus.OPEN
        )
    ).all()
    ages = Counter(age_of(now - row.opened_at) for row in rows)
    return Waiting(
        items=len(rows),
        in_hands=sum(row.lease_expires_at is not None and row.lease_expires_at > now for row in rows),
        by_reason=dict(Counter(Reason(reason) for row in rows for reason in row.reasons).most_common()),
        by_age={age: ages[age] for age in Age},
        oldest_seconds=max(((now - row.opened_at).total_seconds() for row in rows), default=None),
    )


def age_of(waited: timedelta) -> Age:
    """The first that it fits into."""
    return next((age for age, bound in _BOUNDS.items() if waited < bound), Age.OLDER)
