"""What became of a message when it came before: the same one again changes nothing."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from review import albums, erasure, known_photos, outbox
from review.arrival import Accepted, ReceivedPhoto
from review.limits import Refusal
from review.outbox import OutboxKind
from review.policy import WITHOUT_MODEL, Decision, Reason, Routing
from review.tables import PredictionRecord, Submission

_OF_MESSAGE = select(Submission).where(Submission.source_key == bindparam("source_key"))


def is_withdrawn(session: Session, photo: ReceivedPhoto) -> bool:
    """Whether nothing of it may be recorded any more: its update was given up while it was taken in."""
    return photo.update_id is not None and erasure.is_given_up(session, photo.update_id)


def refused(session: Session, photo: ReceivedPhoto) -> Refusal | None:
    """Why this very message was refused before; None if it was not."""
    told = outbox.parameters_of(session, refusal_key(photo))
    if told is None and photo.album is not None and photo.recipient is not None:
        part = albums.part_of(
            session,
            chat_id=photo.recipient.chat_id,
            album=photo.album,
            message_id=photo.recipient.reply_to_message_id,
        )
        told = part["parameters"] if part is not None and part["kind"] == OutboxKind.REFUSED.value else None
    return Refusal(told["refusal"]) if told is not None else None


def refusal_key(photo: ReceivedPhoto) -> str:
    """The `dedupe_key` of what its sender is told when it is refused."""
    return f"refused:{photo.source_key}"


def recorded(session: Session, source_key: str) -> Accepted | None:
    """What became of this very message; None if it was not taken in."""
    submission = session.scalar(_OF_MESSAGE, {"source_key": source_key})
    if submission is None:
        return None
    item = known_photos.item_of(session, submission)
    record = session.scalar(select(PredictionRecord).where(PredictionRecord.submission_id == submission.id))
    return Accepted(submission.id, item.id if item else None, routing_of(record), None, repeated=True)


def routing_of(record: PredictionRecord | None) -> Routing:
    """Where a photo was sent, as it was recorded; None: no model judged it."""
    if record is None:
        return WITHOUT_MODEL
    return Routing(Decision(record.route), tuple(map(Reason, record.reasons)), record.inclusion_probability)
