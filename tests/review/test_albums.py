"""Albums: photos that were sent together are answered in one message, once they are all there."""

from datetime import datetime

from review import albums, outbox
from review.database import Database
from review.outbox import OutboxKind, PendingMessage, Recipient, Sent
from review.tables import OutboxMessage

ANA = 77


def due(database: Database, now: datetime) -> list[PendingMessage]:
    with database.read() as session:
        return outbox.due(session, now, limit=100)


def add(database: Database, message: int, now: datetime) -> None:
    with database.write() as session:
        albums.add(
            session,
            album="a",
            kind=OutboxKind.KNOWN,
            parameters={"label": "black", "submission": message},
            recipient=Recipient(ANA, None, message),
            now=now,
        )


def seal(database: Database, id: int, now: datetime, *, more_to_come: bool = False) -> PendingMessage | None:
    with database.write() as session:
        return albums.seal(session, id, now, more_to_come=more_to_come)


def parts(message: PendingMessage | None) -> list[int]:
    assert message is not None
    return [part["message"] for part in message.parameters["parts"]]


def test_an_album_is_told_in_one_message_in_the_order_of_its_photos(database: Database, now: datetime) -> None:
    for message in (12, 11, 13, 12):
        add(database, message, now)
    assert due(database, now) == [], "more may come"
    later = now + albums.PAUSE
    (found,) = due(database, later)
    sealed = seal(database, found.id, later)
    assert parts(sealed) == [11, 12, 13]
    assert sealed is not None
    assert sealed.recipient.reply_to_message_id == 11
    assert parts(seal(database, found.id, later)) == [11, 12, 13], "an attempt to send it failed"


def test_an_album_waits_for_its_last_photo_but_not_for_ever(database: Database, now: datetime) -> None:
    add(database, 11, now)
    later = now + albums.PAUSE
    (found,) = due(database, later)
    assert seal(database, found.id, later, more_to_come=True) is None
    assert due(database, later) == []
    add(database, 12, later)
    assert seal(database, found.id, later, more_to_come=False) is None, "it came while the message was in hand"
    assert parts(seal(database, found.id, now + albums.PATIENCE, more_to_come=True)) == [11, 12]


def test_a_late_photo_of_an_album_is_told_in_a_message_of_its_own(database: Database, now: datetime) -> None:
    add(database, 11, now)
    later = now + albums.PAUSE
    (found,) = due(database, later)
    seal(database, found.id, later)
    add(database, 12, later)
    add(database, 11, later)
    with database.write() as session:
        outbox.mark_sent(session, [Sent(found.id, 500, later)])
    (second,) = due(database, later + albums.PAUSE)
    assert parts(seal(database, second.id, later + albums.PAUSE)) == [12]


def test_an_album_s_message_never_takes_the_key_of_one_that_is_there(database: Database, now: datetime) -> None:
    for message in (1, 2):
        add(database, message, now)
        (pending,) = due(database, now + albums.PAUSE)
        assert seal(database, pending.id, now + albums.PAUSE) is not None
        with database.write() as session:
            outbox.mark_sent(session, [Sent(pending.id, 10 + message, now)])
    with database.write() as session:
        session.delete(session.get_one(OutboxMessage, 1))  # swept away, as the first of them is the oldest
    add(database, 3, now)
    assert [message.parameters["parts"][0]["message"] for message in due(database, now + albums.PAUSE)] == [3]


def test_in_the_supergroup_a_group_became_no_other_message_is_quoted(database: Database, now: datetime) -> None:
    add(database, 1, now)
    (pending,) = due(database, now + albums.PAUSE)
    with database.write() as session:
        outbox.readdress(session, pending.id, -100, now)
    assert [one.recipient for one in due(database, now)] == [Recipient(-100)], "message 1 there is another"
