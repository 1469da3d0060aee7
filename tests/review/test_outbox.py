"""The outbox: in a chat one after the other, and no chat waits for another."""

from datetime import datetime, timedelta

from review import outbox
from review.database import Database
from review.outbox import OutboxKind, PendingMessage, Recipient

ANA, BEN = 77, 88


def tell(database: Database, chat: int, key: str, now: datetime) -> None:
    with database.write() as session:
        outbox.enqueue(
            session, kind=OutboxKind.FAILED, parameters={}, recipient=Recipient(chat), dedupe_key=key, now=now
        )


def due(database: Database, now: datetime) -> list[PendingMessage]:
    with database.read() as session:
        return outbox.due(session, now, limit=100)


def chats(messages: list[PendingMessage]) -> list[tuple[int, int]]:
    """The chat of each, and how often it was tried."""
    return [(message.recipient.chat_id, message.attempts) for message in messages]


def test_a_postponed_message_holds_back_its_own_chat_and_no_other(database: Database, now: datetime) -> None:
    for chat, key in ((ANA, "ana 1"), (ANA, "ana 2"), (BEN, "ben 1")):
        tell(database, chat, key, now)
    first = due(database, now)[0].id
    later = now + timedelta(minutes=1)
    with database.write() as session:
        outbox.postpone(session, first, later, "flooded")
    assert chats(due(database, now)) == [(BEN, 0)], "the second must not overtake the first"
    assert chats(due(database, later)) == [(ANA, 1), (BEN, 0)]
    with database.write() as session:
        outbox.mark_sent(session, first, 5, later)
    assert chats(due(database, later)) == [(ANA, 0), (BEN, 0)]


def test_what_is_given_up_holds_nobody_back(database: Database, now: datetime) -> None:
    for key in ("ana 1", "ana 2"):
        tell(database, ANA, key, now)
    first = due(database, now)[0].id
    with database.write() as session:
        outbox.abandon(session, first, "blocked", now)
    assert chats(due(database, now)) == [(ANA, 0)]
