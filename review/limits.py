"""How much one asker may send: the rule and the counting."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.tables import Asker, Submission


class Refusal(StrEnum):
    """Why a photo is not taken in, whatever it shows; stored by value."""

    RATE_LIMIT = "rate_limit"
    DAILY_QUOTA = "daily_quota"
    DISK_FULL = "disk_full"
    WITHDRAWN = "withdrawn"
    """its sender had their data deleted while it was looked at: nobody is told"""


@dataclass(frozen=True)
class Limits:
    """Photos per asker: in any minute, and in any 24 hours; 0: as many as they like."""

    per_minute: int = 0
    per_day: int = 0


def exceeded(*, limits: Limits, in_minute: int, in_day: int) -> Refusal | None:
    """Why one photo more is too much after so many in the minute and the 24 hours before it; None if it is not."""
    if limits.per_day and in_day >= limits.per_day:
        return Refusal.DAILY_QUOTA
    if limits.per_minute and in_minute >= limits.per_minute:
        return Refusal.RATE_LIMIT
    return None


def refusal(session: Session, telegram_user_id: int, limits: Limits, sent_at: datetime) -> Refusal | None:
    """Whether this person's photo of `sent_at` is one too many.

    It counts when photos were sent, not when the bot came to look at them: who sent photos while it was away is not to
    suffer for that, nor for what they sent after a photo that had to be tried again.
    """
    if not limits.per_minute and not limits.per_day:
        return None

    def sent_within(span: timedelta) -> int:
        return (
            session.scalar(
                select(func.count())
                .select_from(Submission)
                .join(Asker, Submission.asker_id == Asker.id)
                .where(
                    Asker.telegram_user_id == telegram_user_id,
                    Submission.submitted_at > sent_at - span,
                    Submission.submitted_at <= sent_at,
                )
            )
            or 0
        )

    return exceeded(limits=limits, in_minute=sent_within(timedelta(minutes=1)), in_day=sent_within(timedelta(days=1)))
