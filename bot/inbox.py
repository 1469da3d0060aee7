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


@dataclass(frozen=True)
class Unhandled:
    """An update that waits or was set aside, as an operator sees it; `payload` holds what people wrote."""

    update_id: int
    is_set_aside: bool
    received_at: datetime
    next_attempt_at: datetime
    attempts: int
    error: str | None
    payload: dict[str, Any]


def unhandled(session: Session) -> list[Unhandled]:
    """What was not handled, the oldest first."""
    rows = session.scalars(
        select(InboxUpdate)
        .where(InboxUpdate.handled_at.is_(None))
        .order_by(InboxUpdate.received_at, InboxUpdate.update_id)
    )
    return [
        Unhandled(
            update_id=row.update_id,
            is_set_aside=row.set_aside_at is not None,
            received_at=row.received_at,
            next_attempt_at=row.next_attempt_at,
            attempts=row.attempts,
            error=row.error,
            payload=json.loads(row.payload),
        )
        for row in rows
    ]


def count_pending(session: Session) -> int:
    """How many updates wait to be handled."""
    waiting = (InboxUpdate.handled_at.is_(None), InboxUpdate.set_aside_at.is_(None))
    return session.scalar(select(func.count()).select_from(InboxUpdate).where(*waiting)) or 0


def set_aside(session: Session, update_id: int, payload: str, error: str, now: datetime) -> None:
    """Keep an update that `store` cannot make sense of, for people to look at; one that is known already stays."""
    if session.get(InboxUpdate, update_id) is None:
        session.add(
            InboxUpdate(
                update_id=update_id,
                chat_id=0,
                payload=payload,
                received_at=now,
                next_attempt_at=now,
                attempts=0,
                set_aside_at=now,
                error=error,
            )
        )


def retry(session: Session, update_ids: Collection[int] | None, now: datetime) -> list[int]:
    """Have updates that were set aside handled anew; None: all of them. Returns those that were set aside."""
    if update_ids is None:
        update_ids = session.scalars(select(InboxUpdate.update_id).where(InboxUpdate.set_aside_at.is_not(None))).all()
    done = []
    for update_id in update_ids:
        row = session.get(InboxUpdate, update_id)
        if row is not None and row.set_aside_at is not None:
            row.set_aside_at, row.attempts, row.next_attempt_at, row.error = None, 0, now, None
            done.append(update_id)
    return done


def drop(session: Session, update_ids: Collection[int], now: datetime) -> list[int]:
    """Give updates up for good: only their numbers stay. Returns those that were not handled before."""
    done = []
    for update_id in update_ids:
        row = session.get(InboxUpdate, update_id)
        if row is not None and row.handled_at is None:
            row.set_aside_at, row.handled_at, row.payload, row.error = None, now, "{}", "dropped by hand"
            done.append(update_id)
    return done
