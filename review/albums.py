"""Photos that were sent together are answered together: one message of the outbox, which grows till all are there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, PendingMessage, Recipient
from review.tables import Json, OutboxMessage

# Telegram brings an album as one update a photo, within a fraction of a second. Its answer waits for the last of them,
# but not for ever for one that fails again and again.
PAUSE = timedelta(seconds=1)
PATIENCE = timedelta(minutes=1)


def add(
    session: Session,
    *,
    album: str,
    kind: OutboxKind,
    parameters: Mapping[str, Json],
    recipient: Recipient,
    now: datetime,
) -> None:
    """Have what became of one photo told together with the others of its album, once no more have come for a while.

    A photo that comes when the others were told already begins another message. The same photo again changes nothing.
    """
    messages = _of_album(session, recipient.chat_id, album)
    if any(part["message"] == recipient.reply_to_message_id for row in messages for part in row.parameters["parts"]):
        return
    part = {"message": recipient.reply_to_message_id, "kind": kind.value, "parameters": dict(parameters)}
    if not messages or messages[-1].parameters["sealed"]:
        outbox.enqueue(
            session,
            kind=OutboxKind.ALBUM,
            parameters={"album": album, "parts": [part], "sealed": False},
            recipient=recipient,
            dedupe_key=_album_key(recipient.chat_id, album, _number(messages[-1]) + 1 if messages else 0),
            now=now,
            not_before=now + PAUSE,
        )
        return
    last = messages[-1]
    parts = sorted([*last.parameters["parts"], part], key=lambda one: one["message"] or 0)
    last.parameters = {**last.parameters, "parts": parts}
    last.reply_to_message_id = parts[0]["message"]
    last.next_attempt_at = now + PAUSE
    session.flush()


def tells(session: Session, chat_id: int, album: str) -> bool:
    """Whether anything is, or was, to be told of an album."""
    return bool(_of_album(session, chat_id, album))


def is_of(chat_id: int, album: str) -> ColumnElement[bool]:
    """Of the messages of the outbox those that tell of this album."""
    prefix = _album_key(chat_id, album)
    return OutboxMessage.dedupe_key.between(prefix, f"{prefix}~")


def part_of(session: Session, *, chat_id: int, album: str, message_id: int | None) -> dict[str, Any] | None:
    """What is (to be) told of one photo of an album, as {message, kind, parameters}; None if nothing is."""
    rows = session.scalars(select(OutboxMessage.parameters).where(is_of(chat_id, album)))
    return next((part for row in rows for part in row["parts"] if part["message"] == message_id), None)


def seal(session: Session, id: int, now: datetime, *, more_to_come: bool) -> PendingMessage | None:
    """Close an album's message before it is put into words; None if it waits for more of its photos, or is gone."""
    row = session.get(OutboxMessage, id)
    if row is None:
        return None
    if row.parameters["sealed"]:  # an attempt to send it failed, or was cut short
        return PendingMessage.of(row)
    if row.next_attempt_at > now:
        return None
    if more_to_come and now - row.created_at < PATIENCE:
        row.next_attempt_at = now + PAUSE
        return None
    row.parameters = {**row.parameters, "sealed": True}
    return PendingMessage.of(row)


def _of_album(session: Session, chat_id: int, album: str) -> Sequence[OutboxMessage]:
    return session.scalars(select(OutboxMessage).where(is_of(chat_id, album)).order_by(OutboxMessage.id)).all()


def _album_key(chat_id: int, album: str, number: int | None = None) -> str:
    return f"album:{chat_id}:{album}:{'' if number is None else number}"


def _number(row: OutboxMessage) -> int:
    """Of a message of an album, from 0: earlier ones may be swept away, so it is not how many there are."""
    return int(row.dedupe_key.rpartition(":")[2])
