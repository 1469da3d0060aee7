"""Updates on disk: once each, oldest first, failures apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import inbox
from bot.inbox import Failure
from review.database import Database
from review.tables import InboxUpdate

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def update(update_id: int, chat_id: int | None = None) -> dict[str, Any]:
    chat = update_id if chat_id is None else chat_id
    return {"update_id": update_id, "message": {"chat": {"id": chat}, "text": f"private words {update_id}"}}


def store(database: Database, *updates: dict[str, Any]) -> None:
    with database.write() as session:
        inbox.store(session, updates, NOW)


def due(database: Database, now: datetime = NOW, besides: tuple[int, ...] = (), limit: int = 100) -> list[int]:
    with database.read() as session:
        return [found.update_id for found in inbox.due(session, now, besides=besides, limit=limit)]


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
        (found,) = inbox.due(session, NOW, besides=(), limit=9)
    assert (found.chat_id, found.payload) == (0, {"update_id": 1, **body})


def test_a_tap_waits_in_the_line_of_its_chat(database: Database) -> None:
    store(database, {"update_id": 1, "callback_query": {"message": {"chat": {"id": 33}}}})
    assert due(database, besides=(33,)) == []


def test_what_was_handled_is_not_due_and_its_words_are_gone(database: Database) -> None:
    store(database, update(1))
    with database.write() as session:
        inbox.mark_handled(session, 1, NOW)
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
        assert inbox.count_set_aside(session) == 1
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
