"""What askers say of an answer: evidence that people should look (again), never a verdict by itself."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from review import judging, known_photos, outbox, records
from review.outbox import OutboxKind, Recipient
from review.people import language_of
from review.policy import Reason
from review.quorum import ONE, Quorum
from review.tables import Claim, ItemStatus, PredictionRecord, ReviewItem, Submission

# People look again when an asker disagrees with people; not again and again.
_REOPENINGS = 1


class Effect(StrEnum):
    """What a claim came to."""

    THANKED = "thanked"
    """it agrees: nothing changes"""

    OPENED = "opened"
    """people will look, or look again"""

    ADDED = "added"
    """people were to look already, and now see it"""

    SETTLED = "settled"
    """people looked again already, and their word stands"""

    REPEATED = "repeated"
    """this sender said so before"""


def agree(session: Session, submission: Submission, *, source_key: str, now: datetime) -> Effect:
    """The asker says that the answer is right."""
    agreed = select(Claim.id).where(Claim.submission_id == submission.id, Claim.agrees).limit(1)
    if session.scalar(agreed) is not None:
        return Effect.REPEATED
    if not _record(session, submission, source_key, agrees=True, label=None, now=now):
        return Effect.REPEATED
    return Effect.THANKED


def dispute(
    session: Session,
    submission: Submission,
    *,
    label: str | None,
    source_key: str,
    quorum: Quorum = ONE,
    now: datetime,
) -> Effect:
    """The asker says that the answer is wrong, and what the photo shows: a label, "none", or None: does not know.

    The photo's one review item is opened, or opened again; the same tap again changes nothing. The asker is told.
    `quorum` says how many reviewers must then agree.
    """
    item = known_photos.item_of(session, submission)
    if item is not None and _said(session, submission, label):
        if item.status is ItemStatus.OPEN:
            return Effect.REPEATED
        if _disputes(session, submission) > _REOPENINGS:  # nobody fills the table by tapping
            return Effect.SETTLED
    if not _record(session, submission, source_key, agrees=False, label=label, now=now):
        return Effect.REPEATED
    effect = _open(session, submission, item, quorum, now)
    if submission.chat_id is not None and effect is not Effect.SETTLED:
        outbox.enqueue(
            session,
            kind=OutboxKind.NOTED,
            parameters={"label": label},
            recipient=Recipient.under(submission, language_of(session, submission.asker_id)),
            dedupe_key=f"{outbox.CLAIM}{source_key}",
            now=now,
        )
    return effect


def _open(session: Session, submission: Submission, item: ReviewItem | None, quorum: Quorum, now: datetime) -> Effect:
    if item is None:
        first = submission.repeats_id or submission.id
        record = session.scalar(select(PredictionRecord).where(PredictionRecord.submission_id == first))
        session.add(records.item(first, record, [Reason.DISPUTED], now, quorum=quorum))
        session.flush()
        return Effect.OPENED
    if item.status is ItemStatus.OPEN:
        judging.dispute(session, item, quorum=quorum, now=now)
        return Effect.ADDED
    if item.status is ItemStatus.WITHDRAWN or _disputes(session, submission) > 1 + _REOPENINGS:
        return Effect.SETTLED
    judging.dispute(session, item, quorum=quorum, now=now)
    return Effect.OPENED


def _said(session: Session, submission: Submission, label: str | None) -> bool:
    """Whether its sender said exactly this before."""
    same = Claim.label.is_(None) if label is None else Claim.label == label
    found = select(Claim.id).where(Claim.submission_id == submission.id, ~Claim.agrees, same).limit(1)
    return session.scalar(found) is not None


def _disputes(session: Session, submission: Submission) -> int:
    """How often its sender disagreed about this photo so far, however often they sent it."""
    first = submission.repeats_id or submission.id
    return (
        session.scalar(
            select(func.count())
            .select_from(Claim)
            .join(Submission, Claim.submission_id == Submission.id)
            .where(
                or_(Submission.id == first, Submission.repeats_id == first),
                Submission.asker_id == submission.asker_id,
                ~Claim.agrees,
            )
        )
        or 0
    )


def _record(
    session: Session, submission: Submission, source_key: str, *, agrees: bool, label: str | None, now: datetime
) -> bool:
    """Add it; False if this very tap was recorded before."""
    if session.scalar(select(Claim.id).where(Claim.source_key == source_key)) is not None:
        return False
    session.add(Claim(submission_id=submission.id, source_key=source_key, agrees=agrees, label=label, created_at=now))
    session.flush()
    return True
