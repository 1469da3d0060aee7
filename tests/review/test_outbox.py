"""The outbox: in a chat one after the other, and no chat waits for another."""

from datetime import datetime, timedelta

from review import outbox
from review.database import Database
from review.erasure import erase_person
from review.outbox import OutboxKind, PendingMessage, Recipient, Sent

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
        outbox.mark_sent(session, [Sent(first, 5, later)])
    assert chats(due(database, later)) == [(ANA, 0), (BEN, 0)]


def test_what_is_given_up_holds_nobody_back(database: Database, now: datetime) -> None:
    for key in ("ana 1", "ana 2"):
        tell(database, ANA, key, now)
    first = due(database, now)[0].id
    with database.write() as session:
        outbox.abandon(session, first, "blocked", now)
    assert chats(due(database, now)) == [(ANA, 0)]


def test_a_group_that_moved_is_written_to_at_its_new_place(database: Database, now: datetime) -> None:
    tell(database, ANA, "a", now)
    (found,) = due(database, now)
    with database.write() as session:
        outbox.readdress(session, found.id, BEN, now)
    assert chats(due(database, now)) == [(BEN, 1)]


def test_what_was_deleted_while_it_was_sent_marks_no_other_as_sent(database: Database, now: datetime) -> None:
    tell(database, ANA, "a", now)
    (sending,) = due(database, now)
    with database.write() as session:
        erase_person(session, ANA)
    tell(database, BEN, "b", now)
    with database.write() as session:
        outbox.mark_sent(session, [Sent(sending.id, 5, now)])
    assert chats(due(database, now)) == [(BEN, 0)]
