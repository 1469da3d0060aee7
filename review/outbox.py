"""What people are to be told, as kind and parameters; the bot renders the words and delivers them.

Rows are written in the transaction that caused them, so nobody is told what did not happen, and nothing that happened
stays untold.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review.tables import Json, OutboxMessage, Submission


class OutboxKind(StrEnum):
    """Kinds of messages, with their parameters."""

    ANSWERED = "answered"
    """label, confidence, runner_up | null, runner_up_confidence | null, model_version, submission"""

    IN_REVIEW = "in_review"
    """reasons: [...], label | null, confidence | null, model_version | null"""

    KNOWN = "known"
    """label or "none", submission: people settled this photo when it was here before"""

    STILL_IN_REVIEW = "still_in_review"
    """no parameters: this photo waits for people already"""

    ALBUM = "album"
    """album, parts: [{message, kind, parameters}, ...], one for each photo; sealed: no more are added"""

    REJECTED = "rejected"
    """problem: a model.errors.ImageProblem, limit: int | null"""

    REFUSED = "refused"
    """refusal: a review.limits.Refusal, limit: int | null"""

    HUMAN_ANSWER = "human_answer"
    """label or "none", model_label | null, told: "review" or "answer" (what the asker heard first), submission"""

    NOT_A_PICTURE = "not_a_picture"
    """labels: [...] of the model, maybe none"""

    BUSY = "busy"
    """place: in the line of photos, 1 is next"""

    FULL = "full"
    """place: in the line of photos, which is too long: the photo was not taken in"""

    FAILED = "failed"
    """no parameters: the message could not be handled, in spite of many attempts"""

    EXPLANATION = "explanation"
    """submission: its number; what it looks like is drawn when it is delivered"""

    CORRECTION = "correction"
    """label or "none", previous_label or "none": what a person had said before, submission"""

    CONFIRMED = "confirmed"
    """label or "none": the asker disagreed, and a person who looked says what was said before; submission"""

    OVERDUE = "overdue"
    """seconds: how long the photo has waited for a person"""

    NOT_ADMITTED = "not_admitted"
    """access: a review.admission.Access, user: their number in Telegram"""

    MY_DATA = "my_data"
    """part: from 1; a file with all that is kept of whose private chat it is, made when it is delivered"""

    NOTED = "noted"
    """label, "none" or null: the asker disagrees and says (or does not know) what it is; people will look"""

    RETRAINED = "retrained"
    """outcome: a RetrainingOutcome, or "not_started"; explanation; run | null, champion | null, candidate | null"""

    APPOINTED = "appointed"
    """no parameters: its reader is a moderator now"""

    PING = "ping"
    """waiting, disputed: how many photos wait for people, and of how many of them the asker disagrees"""

    REVIEW_CARD = "review_card"
    """item: its photo was shown to a moderator in this message; not sent from here, see `review.showings`"""

    REMOVAL = "removal"
    """message: of this chat, which showed a moderator a photo that was deleted, and goes"""


@dataclass(frozen=True)
class Recipient:
    """Where a message goes, in Telegram's ids, and the language (IETF tag) of who reads it, if known."""

    chat_id: int
    thread_id: int | None = None
    reply_to_message_id: int | None = None
    language: str | None = None

    @classmethod
    def under(cls, submission: Submission, language: str | None) -> "Recipient":
        """Whoever sent this photo to a chat: below the photo, in their language."""
        assert submission.chat_id is not None  # else nobody waits in a chat for what is said of it
        return cls(submission.chat_id, submission.thread_id, submission.message_id, language)


def reply_key(submission_id: int) -> str:
    """The `dedupe_key` of what is said of a photo at once."""
    return f"reply:{submission_id}"


CLAIM = "claim:"  # begins that of what is said to an asker who disagrees; the claim's `source_key` follows


@dataclass(frozen=True)
class PendingMessage:
    """A message that waits for its delivery."""

    id: int
    kind: str  # an `OutboxKind`, unless a newer program wrote it
    parameters: dict[str, Any]
    recipient: Recipient
    attempts: int
    created_at: datetime

    @classmethod
    def of(cls, row: OutboxMessage) -> "PendingMessage":
        """As its row says."""
        return cls(
            id=row.id,
            kind=row.kind,
            parameters=row.parameters,
            recipient=Recipient(row.chat_id, row.thread_id, row.reply_to_message_id, row.language),
            attempts=row.attempts,
            created_at=row.created_at,
        )


@dataclass(frozen=True)
class Sent:
    """A delivery: of which message, as which message of the chat, when."""

    id: int
    message_id: int | None
    at: datetime


_INSERTS: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_PARAMETERS = select(OutboxMessage.parameters).where(OutboxMessage.dedupe_key == bindparam("dedupe_key"))
_TABLE = cast(Table, OutboxMessage.__table__)
_MARK_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(
        attempts=_TABLE.c.attempts + 1,
        sent_at=bindparam("sent_at"),
        sent_message_id=bindparam("sent_message_id"),
        error=None,
    )
)
_DUE = (
    select(OutboxMessage)
    .where(
        OutboxMessage.id.in_(
            select(func.min(OutboxMessage.id))
            .where(OutboxMessage.sent_at.is_(None), OutboxMessage.abandoned_at.is_(None))
            .group_by(OutboxMessage.chat_id)
        ),
        OutboxMessage.id.not_in(bindparam("besides", expanding=True)),
        OutboxMessage.next_attempt_at <= bindparam("now"),
    )
    .order_by(OutboxMessage.id)
    .limit(bindparam("most"))
)


def enqueue(
    session: Session,
    *,
    kind: OutboxKind,
    parameters: Mapping[str, Json],
    recipient: Recipient,
    dedupe_key: str,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Have somebody told; nothing happens if something with this `dedupe_key` was enqueued before."""
    insert = _INSERTS[session.get_bind().dialect.name]
    session.execute(
        insert(OutboxMessage).on_conflict_do_nothing(index_elements=[OutboxMessage.dedupe_key]),
        {
            "dedupe_key": dedupe_key,
            "kind": kind.value,
            "parameters": dict(parameters),
            "chat_id": recipient.chat_id,
            "thread_id": recipient.thread_id,
            "reply_to_message_id": recipient.reply_to_message_id,
            "language": recipient.language,
            "created_at": now,
            "next_attempt_at": not_before or now,
            "attempts": 0,
        },
    )


def parameters_of(session: Session, dedupe_key: str) -> dict[str, Any] | None:
    """What was enqueued with this `dedupe_key`; None if nothing was."""
    return session.scalar(_PARAMETERS, {"dedupe_key": dedupe_key})


def due(session: Session, now: datetime, limit: int, *, besides: Collection[int] = ()) -> list[PendingMessage]:
    """What to send now, oldest first: of each chat only its oldest, so that order holds in a chat.

    A postponed message, or one of those `besides` that are being sent already, makes its own chat wait and no other.
    """
    rows = session.scalars(_DUE, {"besides": list(besides), "now": now, "most": limit})
    return [PendingMessage.of(row) for row in rows]


def mark_sent(session: Session, sent: Sequence[Sent]) -> None:
    """Record deliveries; one of a message that was deleted meanwhile is not recorded."""
    session.execute(_MARK_SENT, [{"of": one.id, "sent_at": one.at, "sent_message_id": one.message_id} for one in sent])


def postpone(session: Session, id: int, until: datetime, error: str) -> None:
    """Record a failed attempt; `error` holds no user data."""
    message = session.get(OutboxMessage, id)
    if message is None:
        return
    message.attempts += 1
    message.next_attempt_at = until
    message.error = error


def abandon(session: Session, id: int, error: str, now: datetime) -> None:
    """Give up on a message that can never be delivered (the bot was blocked, the chat is gone)."""
    message = session.get(OutboxMessage, id)
    if message is None:
        return
    message.attempts += 1
    message.abandoned_at = now
    message.error = error


def readdress(session: Session, id: int, chat_id: int, now: datetime) -> None:
    """The group became a supergroup, with another id: try again there."""
    message = session.get(OutboxMessage, id)
    if message is None:
        return
    message.attempts += 1
    message.chat_id = chat_id
    message.reply_to_message_id = None  # that number is another message there
    message.next_attempt_at = now
