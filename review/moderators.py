"""Who reviews in the chat because an admin said so there; what the settings say besides, callers know."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import outbox, queue
from review.outbox import OutboxKind, Recipient
from review.people import acquaintance, has_written, really, telegram_identity
from review.tables import ChatAccess, Reviewer, Role


@dataclass(frozen=True)
class Person:
    """Somebody an admin names: by their number, with a name if it is known."""

    telegram_user_id: int
    name: str = ""


def appoint(session: Session, person: Person, *, source_key: str, now: datetime) -> bool:
    """Make them a moderator. They are told, once for each `source_key`; False if they never wrote to the bot."""
    identity = _identity(session, person, now)
    identity.chat_access = ChatAccess.GRANTED
    reviewer = really(session, identity)
    identity.removed_at = reviewer.removed_at = None
    if reviewer.role is Role.REVIEWER:
        reviewer.role = Role.MODERATOR
    session.flush()
    reachable = has_written(session, person.telegram_user_id)
    if reachable:
        outbox.enqueue(
            session,
            kind=OutboxKind.APPOINTED,
            parameters={},
            recipient=Recipient(
                person.telegram_user_id, language=acquaintance(session, person.telegram_user_id).language
            ),
            dedupe_key=f"appointed:{person.telegram_user_id}:{source_key}",
            now=now,
        )
    return reachable


def dismiss(session: Session, person: Person, now: datetime) -> None:
    """They are a moderator no more, whatever the settings say; what they hold goes back to the queue."""
    identity = _identity(session, person, now)
    identity.chat_access = ChatAccess.REVOKED
    reviewer = really(session, identity)
    reviewer.role = Role.REVIEWER
    queue.release_all(session, reviewer)


def decided(session: Session) -> dict[int, tuple[str, ChatAccess | None]]:
    """By Telegram id, everybody who ever reviewed in the chat or was appointed: their name, and what an admin said."""
    rows = session.execute(
        select(Reviewer.telegram_user_id, Reviewer.name, Reviewer.chat_access)
        .where(Reviewer.telegram_user_id.is_not(None))
        .order_by(Reviewer.id)
    )
    return {user_id: (name, access) for user_id, name, access in rows if user_id is not None}


def _identity(session: Session, person: Person, now: datetime) -> Reviewer:
    return telegram_identity(session, person.telegram_user_id, name=person.name, now=now)
