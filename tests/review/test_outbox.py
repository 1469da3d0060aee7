"""The outbox: in a chat one after the other, and no chat waits for another."""

from datetime import datetime, timedelta

from review import outbox
from review.database import Database
from review.erasure import erase_person
from review.outbox import ALBUM_PATIENCE, ALBUM_PAUSE, OutboxKind, PendingMessage, Recipient, Sent
from review.tables import OutboxMessage

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


def add(database: Database, message: int, now: datetime) -> None:
    with database.write() as session:
        outbox.add_to_album(
            session,
            album="a",
            kind=OutboxKind.KNOWN,
            parameters={"label": "black", "submission": message},
            recipient=Recipient(ANA, None, message),
            now=now,
        )


def seal(database: Database, id: int, now: datetime, *, more_to_come: bool = False) -> PendingMessage | None:
    with database.write() as session:
        return outbox.seal(session, id, now, more_to_come=more_to_come)


def parts(message: PendingMessage | None) -> list[int]:
    assert message is not None
    return [part["message"] for part in message.parameters["parts"]]


def test_an_album_is_told_in_one_message_in_the_order_of_its_photos(database: Database, now: datetime) -> None:
    for message in (12, 11, 13, 12):
        add(database, message, now)
    assert due(database, now) == [], "more may come"
    later = now + ALBUM_PAUSE
    (found,) = due(database, later)
    sealed = seal(database, found.id, later)
    assert parts(sealed) == [11, 12, 13]
    assert sealed is not None
    assert sealed.recipient.reply_to_message_id == 11
    assert parts(seal(database, found.id, later)) == [11, 12, 13], "an attempt to send it failed"


def test_an_album_waits_for_its_last_photo_but_not_for_ever(database: Database, now: datetime) -> None:
    add(database, 11, now)
    later = now + ALBUM_PAUSE
    (found,) = due(database, later)
    assert seal(database, found.id, later, more_to_come=True) is None
    assert due(database, later) == []
    add(database, 12, later)
    assert seal(database, found.id, later, more_to_come=False) is None, "it came while the message was in hand"
    assert parts(seal(database, found.id, now + ALBUM_PATIENCE, more_to_come=True)) == [11, 12]


def test_a_late_photo_of_an_album_is_told_in_a_message_of_its_own(database: Database, now: datetime) -> None:
    add(database, 11, now)
    later = now + ALBUM_PAUSE
    (found,) = due(database, later)
    seal(database, found.id, later)
    add(database, 12, later)
    add(database, 11, later)
    with database.write() as session:
        outbox.mark_sent(session, [Sent(found.id, 500, later)])
    (second,) = due(database, later + ALBUM_PAUSE)
    assert parts(seal(database, second.id, later + ALBUM_PAUSE)) == [12]


def test_a_group_that_moved_is_written_to_at_its_new_place(database: Database, now: datetime) -> None:
    tell(database, ANA, "a", now)
    (found,) = due(database, now)
    with database.write() as session:
        outbox.readdress(session, found.id, BEN, now)
    assert chats(due(database, now)) == [(BEN, 1)]


def test_an_album_s_message_never_takes_the_key_of_one_that_is_there(database: Database, now: datetime) -> None:
    for message in (1, 2):
        add(database, message, now)
        (pending,) = due(database, now + ALBUM_PAUSE)
        assert seal(database, pending.id, now + ALBUM_PAUSE) is not None
        with database.write() as session:
            outbox.mark_sent(session, [Sent(pending.id, 10 + message, now)])
    with database.write() as session:
        session.delete(session.get_one(OutboxMessage, 1))  # swept away, as the first of them is the oldest
    add(database, 3, now)
    assert [message.parameters["parts"][0]["message"] for message in due(database, now + ALBUM_PAUSE)] == [3]


def test_in_the_supergroup_a_group_became_no_other_message_is_quoted(database: Database, now: datetime) -> None:
    add(database, 1, now)
    (pending,) = due(database, now + ALBUM_PAUSE)
    with database.write() as session:
        outbox.readdress(session, pending.id, -100, now)
    assert [one.recipient for one in due(database, now)] == [Recipient(-100)], "message 1 there is another"


def test_what_was_deleted_while_it_was_sent_marks_no_other_as_sent(database: Database, now: datetime) -> None:
    tell(database, ANA, "a", now)
    (sending,) = due(database, now)
    with database.write() as session:
        erase_person(session, ANA)
    tell(database, BEN, "b", now)
    with database.write() as session:
        outbox.mark_sent(session, [Sent(sending.id, 5, now)])
    assert chats(due(database, now)) == [(BEN, 0)]
