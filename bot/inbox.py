"""Telegram updates on disk: committed before they are acknowledged, handled at least once, replayed after a crash."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.tables import InboxUpdate

# Waits double from a second to five minutes. What may pass (no network, a full disk) is tried for a day; what will not
# (a bug, nonsense) for as many attempts as take about eight minutes.
MAX_ATTEMPTS = 10
PATIENCE = timedelta(hours=24)
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class StoredUpdate:
    """An update that waits to be handled; `payload` is Telegram's JSON as it came, `chat_id` 0 if it has no chat."""

    update_id: int
    chat_id: int
    payload: dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """Why an update could not be handled, without user data; `passing` if it may pass by itself, `wait` if known."""

    error: str
    passing: bool = False
    wait: timedelta | None = None


def store(session: Session, updates: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Add what is not there yet."""
    ids = [int(update["update_id"]) for update in updates]
    known = set(session.scalars(select(InboxUpdate.update_id).where(InboxUpdate.update_id.in_(ids))))
    fresh = {int(update["update_id"]): update for update in updates if int(update["update_id"]) not in known}
    session.add_all(
        InboxUpdate(
            update_id=update_id,
            chat_id=_chat_of(update),
            payload=json.dumps(update, ensure_ascii=False),
            received_at=now,
            next_attempt_at=now,
            attempts=0,
        )
        for update_id, update in fresh.items()
    )


def due(session: Session, now: datetime, *, besides: Collection[int], limit: int) -> list[StoredUpdate]:
    """What to handle now: the oldest of each chat, so that a busy one holds up none; not of the chats `besides`."""
    waiting = (
        InboxUpdate.handled_at.is_(None),
        InboxUpdate.set_aside_at.is_(None),
        InboxUpdate.next_attempt_at <= now,
        InboxUpdate.chat_id.not_in(list(besides)),
    )
    first_of_chat = select(func.min(InboxUpdate.update_id)).where(*waiting).group_by(InboxUpdate.chat_id)
    rows = session.scalars(
        select(InboxUpdate).where(InboxUpdate.update_id.in_(first_of_chat)).order_by(InboxUpdate.update_id).limit(limit)
    )
    return [StoredUpdate(row.update_id, row.chat_id, json.loads(row.payload)) for row in rows]


def mark_handled(session: Session, update_id: int, now: datetime) -> None:
    """Record success. The payload has served its purpose, and holds people's names and words: it goes."""
    row = session.get_one(InboxUpdate, update_id)
    row.attempts += 1
    row.handled_at = now
    row.payload = "{}"
    row.error = None


def mark_failed(session: Session, update_id: int, failure: Failure, now: datetime) -> bool:
    """Record a failure; True if it was the last one and the update is set aside."""
    row = session.get_one(InboxUpdate, update_id)
    row.attempts += 1
    row.error = failure.error
    over = now - row.received_at > PATIENCE if failure.passing else row.attempts >= MAX_ATTEMPTS
    if over:
        row.set_aside_at = now
    else:
        doubled = timedelta(seconds=2.0 ** min(row.attempts - 1, 20))
        row.next_attempt_at = now + (failure.wait or min(doubled, _LONGEST_WAIT))
    return over


def count_set_aside(session: Session) -> int:
    """How many updates were given up."""
    return (
        session.scalar(select(func.count()).select_from(InboxUpdate).where(InboxUpdate.set_aside_at.is_not(None))) or 0
    )


def _chat_of(update: Mapping[str, Any]) -> int:
    """The chat of an update; those of no chat, and those that make no sense, share a line."""
    body = update.get("message") or update.get("callback_query") or {}
    try:
        return int((body.get("message") or body)["chat"]["id"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0
