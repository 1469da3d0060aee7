"""Whose photo nobody has reviewed for long, and who is told so: once, whatever happens to the bot meanwhile."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, cast, exists, or_, select
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, Recipient
from review.people import language_of
from review.policy import Reason
from review.tables import Asker, Claim, ItemStatus, OutboxMessage, ReviewItem, Submission

# What nobody but people can answer. Of other photos the model's answer is known, and only who disagrees waits.
_UNANSWERED = frozenset({Reason.LOW_CONFIDENCE, Reason.OUT_OF_DOMAIN, Reason.NO_MODEL})

PREFIX = "overdue:"  # and the submission's number: the key of what is told


def open_since(session: Session, before: datetime, *, begin: int, limit: int) -> Sequence[int]:
    """Open items that wait since a time `before` this, in the order of their numbers, from after `begin` on."""
    return session.scalars(
        select(ReviewItem.id)
        .where(ReviewItem.id > begin, ReviewItem.status == ItemStatus.OPEN, ReviewItem.opened_at <= before)
        .order_by(ReviewItem.id)
        .limit(limit)
    ).all()


def tell_overdue(session: Session, items: Collection[int], *, after: timedelta, now: datetime) -> int:
    """Have the askers of these items told that their photos have waited longer than `after`; returns how many were.

    Each photo once, and once in each chat that it was sent to; nobody who is blocked, and nobody who has an answer
    that they did not contradict.
    """
    since = now - after
    disagrees = exists().where(Claim.submission_id == Submission.id, ~Claim.agrees, Claim.created_at <= since)
    told = exists().where(OutboxMessage.dedupe_key == PREFIX + cast(Submission.id, String))
    of_item = or_(Submission.id == ReviewItem.submission_id, Submission.repeats_id == ReviewItem.submission_id)
    rows = session.execute(
        select(Submission, ReviewItem.id, ReviewItem.reasons, disagrees, told)
        .join(ReviewItem, of_item)
        .outerjoin(Asker, Asker.id == Submission.asker_id)
        .where(
            ReviewItem.id.in_(items),
            ReviewItem.status == ItemStatus.OPEN,
            ReviewItem.opened_at <= since,
            Submission.submitted_at <= since,
            Asker.blocked_at.is_(None),
        )
        .order_by(Submission.id)
    ).all()
    count, reached = 0, set()
    for submission, item, reasons, disagreed, was_told in rows:
        place = (item, submission.chat_id)
        if submission.chat_id is None or place in reached or not (disagreed or _UNANSWERED.intersection(reasons)):
            continue
        reached.add(place)
        if was_told:
            continue
        count += 1
        outbox.enqueue(
            session,
            kind=OutboxKind.OVERDUE,
            parameters={"seconds": round((now - submission.submitted_at).total_seconds())},
            recipient=Recipient.under(submission, language_of(session, submission.asker_id)),
            dedupe_key=f"{PREFIX}{submission.id}",
            now=now,
        )
    return count
