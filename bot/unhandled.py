"""Updates of the inbox that wait or were set aside: counted and listed, tried again, given up."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.tables import InboxUpdate


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


def count_set_aside(session: Session) -> int:
    """How many updates were given up."""
    return (
        session.scalar(select(func.count()).select_from(InboxUpdate).where(InboxUpdate.set_aside_at.is_not(None))) or 0
    )


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
