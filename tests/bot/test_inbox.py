"""Updates on disk: once each, oldest first, failures apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot import inbox
from review.database import Database
from review.tables import InboxUpdate

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def update(update_id: int) -> dict[str, Any]:
    return {"update_id": update_id, "message": {"text": f"private words {update_id}"}}


def store(database: Database, *ids: int) -> int:
    with database.write() as session:
        return inbox.store(session, [update(i) for i in ids], NOW)


def due(database: Database, now: datetime = NOW, besides: tuple[int, ...] = (), limit: int = 100) -> list[int]:
    with database.read() as session:
        return [found.update_id for found in inbox.due(session, now, besides=besides, limit=limit)]


def test_an_update_that_comes_again_is_stored_once(database: Database) -> None:
    assert store(database, 5, 6) == 2
    assert store(database, 6, 7, 7) == 1
    assert due(database) == [5, 6, 7]


def test_due_is_oldest_first_without_those_in_hand(database: Database) -> None:
    store(database, 9, 3, 7)
    assert due(database, besides=(3,)) == [7, 9]
    assert due(database, limit=1) == [3]


def test_what_was_handled_is_not_due_and_its_words_are_gone(database: Database) -> None:
    store(database, 1)
    with database.write() as session:
        inbox.mark_handled(session, 1, NOW)
    assert due(database) == []
    assert store(database, 1) == 0  # Telegram may send it again: it stays known
    with database.read() as session:
        assert "private" not in session.get_one(InboxUpdate, 1).payload


def test_a_failure_waits_longer_each_time_and_is_set_aside_in_the_end(database: Database) -> None:
    store(database, 1, 2)
    now, waits = NOW, []
    for attempt in range(inbox.MAX_ATTEMPTS):
        with database.write() as session:
            last = inbox.mark_failed(session, 1, "NetworkError", now)
        assert last == (attempt == inbox.MAX_ATTEMPTS - 1)
        assert due(database, now) == [2]  # the one behind it is not held up
        if not last:
            waited = 0
            while due(database, now + timedelta(seconds=waited)) == [2]:
                waited += 1
            waits.append(waited)
            now += timedelta(seconds=waited)
    assert waits == sorted(waits)
    assert waits[0] == 1
    assert max(waits) <= 300
    assert due(database, now + timedelta(days=365)) == [2]
    with database.read() as session:
        row = session.get_one(InboxUpdate, 1)
        assert (row.attempts, row.error) == (inbox.MAX_ATTEMPTS, "NetworkError")
        assert "private" in row.payload  # kept, so that it can be tried again by hand
