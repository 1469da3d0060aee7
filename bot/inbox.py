"""Telegram updates on disk: committed before they are acknowledged, handled at least once, replayed after a crash."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.tables import InboxUpdate

# Doubling waits of 1, 2, 4 ... seconds: a server that is away for ten minutes costs no photo.
MAX_ATTEMPTS = 10
_LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class StoredUpdate:
    """An update that waits to be handled; `payload` is Telegram's JSON as it came."""

    update_id: int
    payload: dict[str, Any]


def store(session: Session, updates: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Add what is not there yet; returns how many were new."""
    ids = [int(update["update_id"]) for update in updates]
    known = set(session.scalars(select(InboxUpdate.update_id).where(InboxUpdate.update_id.in_(ids))))
    fresh = {int(update["update_id"]): update for update in updates if int(update["update_id"]) not in known}
    session.add_all(
        InboxUpdate(
            update_id=update_id,
            payload=json.dumps(update, ensure_ascii=False),
            received_at=now,
            next_attempt_at=now,
            attempts=0,
        )
        for update_id, update in fresh.items()
    )
    return len(fresh)


def due(session: Session, now: datetime, *, besides: Collection[int], limit: int) -> list[StoredUpdate]:
    """What to handle now, oldest first, without those in hand already."""
    rows = session.scalars(
        select(InboxUpdate)
        .where(
            InboxUpdate.handled_at.is_(None),
            InboxUpdate.set_aside_at.is_(None),
            InboxUpdate.next_attempt_at <= now,
            InboxUpdate.update_id.not_in(list(besides)),
        )
        .order_by(InboxUpdate.update_id)
        .limit(limit)
    )
    return [StoredUpdate(row.update_id, json.loads(row.payload)) for row in rows]


def mark_handled(session: Session, update_id: int, now: datetime) -> None:
    """Record success. The payload has served its purpose, and holds people's names and words: it goes."""
    row = session.get_one(InboxUpdate, update_id)
    row.attempts += 1
    row.handled_at = now
    row.payload = "{}"
    row.error = None


def mark_failed(session: Session, update_id: int, error: str, now: datetime) -> bool:
    """Record a failure; True if it was the last one and the update is set aside. `error` holds no user data."""
    row = session.get_one(InboxUpdate, update_id)
    row.attempts += 1
    row.error = error
    if row.attempts >= MAX_ATTEMPTS:
        row.set_aside_at = now
    else:
        row.next_attempt_at = now + min(timedelta(seconds=2 ** (row.attempts - 1)), _LONGEST_WAIT)
    return row.set_aside_at is not None
