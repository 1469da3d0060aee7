"""Updates on disk: once each, oldest first, failures apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import inbox, unhandled
from bot.inbox import Failure, Line
from review.database import Database
from review.people import choose_language
from review.tables import InboxUpdate, OutboxMessage

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def update(update_id: int, chat_id: int | None = None) -> dict[str, Any]:
    chat = update_id if chat_id is None else chat_id
    return {"update_id": update_id, "message": {"chat": {"id": chat}, "text": f"private words {update_id}"}}


def store(database: Database, *updates: dict[str, Any]) -> None:
    with database.write() as session:
        inbox.store(session, updates, NOW)


def due(
    database: Database,
    now: datetime = NOW,
    besides: tuple[int, ...] = (),
    limit: int = 100,
    photos: bool = False,
) -> list[int]:
    with database.read() as session:
        found = inbox.due(session, now, photos=photos, besides=besides, limit=limit)
        return [one.update_id for one in found]


def photo(update_id: int, user: int, **message: Any) -> dict[str, Any]:
    """A photo that `user` sent to the bot alone."""
    sender = {"id": user, "language_code": "de"}
    body = {"message_id": update_id, "chat": {"id": user}, "from": sender, "photo": [{"file_id": "f"}], **message}
    return {"update_id": update_id, "message": body}


def told(database: Database) -> list[tuple[str, int, str | None, int | None, dict[str, Any]]]:
    with database.read() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        return [(row.kind, row.chat_id, row.language, row.reply_to_message_id, row.parameters) for row in rows]


def fail(database: Database, update_id: int, failure: Failure, now: datetime) -> bool:
    with database.write() as session:
        return inbox.mark_failed(session, update_id, failure, now)


def test_an_update_that_comes_again_is_stored_once(database: Database) -> None:
    store(database, update(5), update(6))
    store(database, update(6), update(7), update(7))
    assert due(database) == [5, 6, 7]


def test_due_is_the_oldest_of_each_chat_that_is_not_in_hand(database: Database) -> None:
    store(database, *(update(number, chat_id=10) for number in range(40)), update(90, chat_id=20))
    assert due(database, limit=32) == [0, 90]
    assert due(database, besides=(10,)) == [90]
    assert due(database, limit=1) == [0]


@pytest.mark.parametrize(
    "body", [{}, {"message": {"nonsense": 1}}, {"message": "x"}, {"callback_query": {"message": None}}, {"poll": {}}]
)
def test_what_makes_no_sense_waits_in_a_line_of_its_own(database: Database, body: dict[str, Any]) -> None:
    store(database, {"update_id": 1, **body})
    with database.read() as session:
        (found,) = inbox.due(session, NOW, photos=False, besides=(), limit=9)
    assert (found.chat_id, found.payload) == (0, {"update_id": 1, **body})


def test_a_tap_waits_in_the_line_of_its_chat(database: Database) -> None:
    store(database, {"update_id": 1, "callback_query": {"message": {"chat": {"id": 33}}}})
    assert due(database, besides=(33,)) == []


def test_what_was_handled_is_not_due_and_its_words_are_gone(database: Database) -> None:
    store(database, update(1))
    with database.write() as session:
        inbox.mark_handled(session, [1], NOW)
    store(database, update(1))  # Telegram may send it again: it stays known
    assert due(database) == []
    with database.read() as session:
        assert "private" not in session.get_one(InboxUpdate, 1).payload


def test_a_failure_waits_longer_each_time_and_is_set_aside_in_the_end(database: Database) -> None:
    store(database, update(1, chat_id=10), update(2, chat_id=10))
    now, waits = NOW, []
    for attempt in range(inbox.MAX_ATTEMPTS):
        last = fail(database, 1, Failure("RuntimeError"), now)
        assert last == (attempt == inbox.MAX_ATTEMPTS - 1)
        assert due(database, now) == [2]  # the one behind it is not held up
        if not last:
            waited = 0
            while due(database, now + timedelta(seconds=waited)) == [2]:
                waited += 1
            waits.append(waited)
            now += timedelta(seconds=waited)
    assert waits == sorted(waits)
    assert (waits[0], max(waits)) == (1, 256)
    assert due(database, now + timedelta(days=365)) == [2]
    with database.read() as session:
        assert unhandled.count_set_aside(session) == 1
        row = session.get_one(InboxUpdate, 1)
        assert (row.attempts, row.error) == (inbox.MAX_ATTEMPTS, "RuntimeError")
        assert "private" in row.payload  # kept, so that it can be tried again by hand


def test_what_may_pass_is_tried_for_a_day(database: Database) -> None:
    store(database, update(1))
    now, attempts = NOW, 0
    while not fail(database, 1, Failure("NetworkError", passing=True), now):
        attempts += 1
        now += timedelta(minutes=5)
    assert now - NOW > timedelta(hours=24)
    assert attempts > 200


def test_the_wait_that_the_server_names_is_kept(database: Database) -> None:
    store(database, update(1))
    fail(database, 1, Failure("RetryAfter", passing=True, wait=timedelta(seconds=77)), NOW)
    assert due(database, NOW + timedelta(seconds=76)) == []
    assert due(database, NOW + timedelta(seconds=77)) == [1]


def test_photos_wait_in_a_line_of_their_own(database: Database) -> None:
    store(database, photo(1, 10), update(2, 10), photo(3, 10), photo(4, 20))
    assert due(database) == [2], "what is written does not wait behind a photo"
    assert due(database, photos=True) == [1, 4]
    assert due(database, photos=True, besides=(10,)) == [4]


@pytest.mark.parametrize("kind", ["photo", "document", "sticker"])
def test_what_may_be_a_picture_is_a_photo(database: Database, kind: str) -> None:
    store(database, {"update_id": 1, "message": {"chat": {"id": 5}, kind: {"file_id": "f"}}})
    assert due(database, photos=True) == [1]


def test_an_album_waits_until_all_of_its_photos_are_handled(database: Database) -> None:
    store(database, photo(1, 10, media_group_id="a"), photo(2, 10, media_group_id="a"), photo(3, 10))

    def waits(album: str | None, chat: int = 10) -> bool:
        with database.read() as session:
            return inbox.waits(session, chat, album=album)

    for update_id in (1, 2):
        assert waits("a")
        with database.write() as session:
            inbox.mark_handled(session, [update_id], NOW)
    assert not waits("a")
    assert waits(None)
    assert not waits(None, chat=20)


def test_who_waits_long_is_told_their_place_once_and_who_cannot_wait_is_refused(database: Database) -> None:
    line = Line(busy_from=2, longest=4)
    with database.write() as session:
        inbox.store(session, [photo(n, 10) for n in (1, 2, 3, 4, 5)], NOW, line)
    assert told(database) == [
        ("busy", 10, "de", None, {"place": 3}),
        ("full", 10, "de", 5, {"place": 5}),
    ]
    assert due(database, photos=True, besides=(10,)) == []
    with database.write() as session:
        inbox.mark_handled(session, [1], NOW)
        inbox.store(session, [photo(6, 10)], NOW, line)
        inbox.mark_handled(session, [2, 3, 4], NOW)
    assert due(database, photos=True) == [6], "there was room again, and what was refused is not looked at"


def test_nobody_is_refused_because_another_sends_very_many(database: Database) -> None:
    line = Line(busy_from=2, longest=6)
    with database.write() as session:
        inbox.store(session, [photo(n, 10) for n in range(20)], NOW, line)
        inbox.store(session, [photo(100 + n, -5, **{"from": {"id": 10}}) for n in range(20)], NOW, line)
        inbox.store(session, [photo(200, 20), photo(201, 20)], NOW, line)
    assert [(kind, said["place"]) for kind, chat, _, _, said in told(database) if chat == 20] == [("busy", 3)]
    assert due(database, photos=True) == [0, 100, 200], "it is true: before it come one photo of each other chat"
    assert len([kind for kind, *_ in told(database) if kind == "full"]) == 14, "who sends so many is refused"


def test_photos_in_a_group_are_not_told_of_a_line(database: Database) -> None:
    with database.write() as session:
        inbox.store(session, [photo(1, 10, chat={"id": -5})], NOW, Line(busy_from=0, longest=0))
    assert told(database) == []
    assert due(database, photos=True) == [1]


@pytest.mark.parametrize(
    "message",
    [
        {"chat": {"id": "x"}, "photo": [1], "from": 7, "media_group_id": 9},
        {"chat": {"id": 2**70}, "photo": [1], "from": {"id": True}},
        {"chat": [], "photo": [1], "from": {"id": 1.5, "language_code": ["de"]}},
    ],
)
def test_photos_that_make_no_sense_are_stored_all_the_same(database: Database, message: dict[str, Any]) -> None:
    store(database, {"update_id": 1, "message": message})
    assert due(database, photos=True) == [1]


@pytest.mark.parametrize(
    ("update", "language"),
    [
        (photo(1, 7), "de"),
        (photo(1, 8), "es"),
        (photo(1, 9, **{"from": {"id": 9, "language_code": 5}}), None),
        (photo(1, 9, **{"from": {"id": "x", "language_code": "zh-hans"}}), "zh-hans"),
        (update(1), None),
        ({"update_id": 1, "callback_query": {"from": {"id": 8, "language_code": "de"}}}, "es"),
    ],
)
def test_who_chose_a_language_is_written_to_in_it(database: Database, update: Any, language: str | None) -> None:
    with database.write() as session:
        choose_language(session, 8, "es", telegram_language="de", now=NOW)
    with database.read() as session:
        assert inbox.language_of(session, update) == language
