"""What people are to be told, as kind and parameters; the bot renders the words and delivers them.

Rows are written in the transaction that caused them, so nobody is told what did not happen, and nothing that happened
stays untold.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.tables import Json, OutboxMessage


class OutboxKind(StrEnum):
    """Kinds of messages, with their parameters."""

    ANSWERED = "answered"
    """label, confidence, runner_up | null, runner_up_confidence | null, model_version"""

    IN_REVIEW = "in_review"
    """reasons: [...], label | null, confidence | null, model_version | null"""

    REJECTED = "rejected"
    """problem: a model.errors.ImageProblem, limit: int | null"""

    HUMAN_ANSWER = "human_answer"
    """label or "none", model_label | null, told: "review" or "answer" (what the asker heard first)"""

    FAILED = "failed"
    """no parameters: the message could not be handled, in spite of many attempts"""

    EXPLANATION = "explanation"
    """submission: its number; what it looks like is drawn when it is delivered"""

    CORRECTION = "correction"
    """label or "none", previous_label or "none": what a person had said before"""


@dataclass(frozen=True)
class Recipient:
    """Where a message goes, in Telegram's ids, and the language (IETF tag) of who reads it, if known."""

    chat_id: int
    thread_id: int | None = None
    reply_to_message_id: int | None = None
    language: str | None = None


@dataclass(frozen=True)
class PendingMessage:
    """A message that waits for its delivery."""

    id: int
    kind: str  # an `OutboxKind`, unless a newer program wrote it
    parameters: dict[str, Any]
    recipient: Recipient
    attempts: int


def enqueue(
    session: Session,
    *,
    kind: OutboxKind,
    parameters: Mapping[str, Json],
    recipient: Recipient,
    dedupe_key: str,
    now: datetime,
) -> None:
    """Have somebody told; nothing happens if something with this `dedupe_key` was enqueued before."""
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == dedupe_key)) is not None:
        return
    session.add(
        OutboxMessage(
            dedupe_key=dedupe_key,
            kind=kind.value,
            parameters=dict(parameters),
            chat_id=recipient.chat_id,
            thread_id=recipient.thread_id,
            reply_to_message_id=recipient.reply_to_message_id,
            language=recipient.language,
            created_at=now,
            next_attempt_at=now,
            attempts=0,
        )
    )
    session.flush()


def due(session: Session, now: datetime, limit: int, *, besides: Collection[int] = ()) -> list[PendingMessage]:
    """What to send now, oldest first: of each chat only its oldest, so that order holds in a chat.

    A postponed message, or one of those `besides` that are being sent already, makes its own chat wait and no other.
    """
    pending = (OutboxMessage.sent_at.is_(None), OutboxMessage.abandoned_at.is_(None))
    first_of_chat = select(func.min(OutboxMessage.id)).where(*pending).group_by(OutboxMessage.chat_id)
    rows = session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.id.in_(first_of_chat),
            OutboxMessage.id.not_in(besides),
            OutboxMessage.next_attempt_at <= now,
        )
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    return [
        PendingMessage(
            id=row.id,
            kind=row.kind,
            parameters=row.parameters,
            recipient=Recipient(row.chat_id, row.thread_id, row.reply_to_message_id, row.language),
            attempts=row.attempts,
        )
        for row in rows
    ]


def mark_sent(session: Session, id: int, sent_message_id: int | None, now: datetime) -> None:
    """Record a delivery."""
    message = _message(session, id)
    message.attempts += 1
    message.sent_at = now
    message.sent_message_id = sent_message_id
    message.error = None


def postpone(session: Session, id: int, until: datetime, error: str) -> None:
    """Record a failed attempt; `error` holds no user data."""
    message = _message(session, id)
    message.attempts += 1
    message.next_attempt_at = until
    message.error = error


def abandon(session: Session, id: int, error: str, now: datetime) -> None:
    """Give up on a message that can never be delivered (the bot was blocked, the chat is gone)."""
    message = _message(session, id)
    message.attempts += 1
    message.abandoned_at = now
    message.error = error


def _message(session: Session, id: int) -> OutboxMessage:
    message = session.get(OutboxMessage, id)
    if message is None:
        raise NotFound(f"no message {id} in the outbox")
    return message
