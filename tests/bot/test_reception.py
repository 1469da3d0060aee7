"""What comes from outside reaches the inbox or stays with Telegram; nothing strange stops what is behind it."""

import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.metrics import Metrics
from bot.reception import Reception
from bot.updates import UpdateKind, kind_of, update_id_of
from review.database import Database
from review.errors import DatabaseError
from review.tables import InboxUpdate

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def update(update_id: object, text: str = "private words") -> dict[str, Any]:
    return {"update_id": update_id, "message": {"chat": {"id": 5}, "message_id": 1, "text": text}}


class FullDisk(Database):
    """A database whose disk is full until it is told otherwise."""

    full = True

    def write(self) -> AbstractContextManager[Session]:
        if self.full:
            raise DatabaseError("the database cannot be used: database or disk is full")
        return super().write()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
def woken() -> list[None]:
    return []


@pytest.fixture
def receive(database: Database, metrics: Metrics, woken: list[None]) -> Reception:
    return Reception(database, stored=lambda: woken.append(None), metrics=metrics, clock=lambda: NOW)


def rows(database: Database) -> list[InboxUpdate]:
    with database.read() as session:
        return list(session.scalars(select(InboxUpdate).order_by(InboxUpdate.update_id)))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        (0, 0),
        ("7", 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        (True, None),
        (7.5, None),
        (None, None),
        ("seven", None),
        ("\u0667", None),
        ("9" * 5000, None),
        ([7], None),
    ],
)
def test_the_number_of_an_update(value: object, number: int | None) -> None:
    assert update_id_of({"update_id": value}) == number


@pytest.mark.parametrize("nonsense", [None, 7, "update", [], {}, {"message": {}}])
def test_what_is_no_update_has_no_number(nonsense: object) -> None:
    assert update_id_of(nonsense) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": {"photo": [{}]}}, UpdateKind.PHOTO),
        ({"message": {"document": {}, "animation": {}}}, UpdateKind.OTHER_MESSAGE),
        ({"message": {"document": {"file_id": "x"}}}, UpdateKind.DOCUMENT),
        ({"message": {"text": "/help"}}, UpdateKind.COMMAND),
        ({"message": {"text": "hello"}}, UpdateKind.TEXT),
        ({"message": {"text": 7}}, UpdateKind.OTHER_MESSAGE),
        ({"message": "x"}, UpdateKind.OTHER),
        ({"callback_query": None}, UpdateKind.TAP),
        ({}, UpdateKind.OTHER),
    ],
)
def test_the_kind_of_an_update(body: dict[str, Any], kind: UpdateKind) -> None:
    assert kind_of(body) is kind


async def test_what_is_no_update_is_left_out_and_not_quoted(
    receive: Reception, database: Database, metrics: Metrics, woken: list[None], caplog: pytest.LogCaptureFixture
) -> None:
    strange = [None, "secret words", {"message": {"text": "secret words"}}, update("secret words"), update(True), []]
    await receive.take([*strange[:3], update(8), *strange[3:]])
    assert [row.update_id for row in rows(database)] == [8]
    assert woken == [None]
    (record,) = caplog.records
    assert record.__dict__["count"] == 6
    assert "secret" not in f"{record.__dict__}"
    assert metrics.registry.get_sample_value("bearbot_updates_total", {"kind": "text"}) == 1
    assert metrics.registry.get_sample_value("bearbot_errors_total", {"kind": "MalformedUpdate"}) == 1


async def test_nothing_but_nonsense_wakes_nobody(receive: Reception, woken: list[None]) -> None:
    await receive.take([{}, None])
    assert woken == []


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"chat": {"id": 10**30}, "text": "x"}},
        {"message": {"chat": {"id": 5, "type": "private"}, "from": {"id": 5}, "photo": [{}], "media_group_id": {}}},
        {"message": {"chat": {"id": 5}, "text": "half a letter: \ud83d"}},
        {"message": {"chat": {"id": 5}, "text": "\x00"}},
        {"callback_query": {"message": {"chat": "x"}, "from": []}},
    ],
)
async def test_one_that_is_strange_inside_is_kept_and_stops_no_other(
    receive: Reception, database: Database, body: dict[str, Any]
) -> None:
    await receive.take([update(1), {"update_id": 2, **body}, update(3)])
    stored = rows(database)
    assert [row.update_id for row in stored] == [1, 2, 3]
    assert json.loads(stored[1].payload) == {"update_id": 2, **body}


async def test_one_that_the_inbox_cannot_read_is_set_aside(
    receive: Reception, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from bot import inbox

    store: Callable[..., None] = inbox.store

    def with_a_mistake(session: Session, updates: list[dict[str, Any]], *arguments: object) -> None:
        if any(update["update_id"] == 2 for update in updates):
            raise KeyError("private words")
        store(session, updates, *arguments)

    monkeypatch.setattr(inbox, "store", with_a_mistake)
    await receive.take([update(1), update(2), update(3)])
    first, second, third = rows(database)
    assert (first.set_aside_at, second.set_aside_at, third.set_aside_at) == (None, NOW, None)
    assert (second.error, json.loads(second.payload)) == ("KeyError", update(2))
    (record,) = caplog.records
    assert record.__dict__["update"] == 2


async def test_one_that_cannot_even_be_written_down_stops_nothing(
    receive: Reception, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deep: Any = "private"
    for _ in range(100_000):
        deep = [deep]
    await receive.take([update(1), {**update(2), "more": deep}, update(3)])
    first, second, third = rows(database)
    assert (second.set_aside_at, second.error, second.payload) == (NOW, "RecursionError", "{}")
    assert (first.set_aside_at, third.set_aside_at) == (None, None)
    while isinstance(deep, list):  # freeing it all at once would be as deep
        deep = deep.pop()


async def test_a_full_disk_is_said_once_and_its_end_too(
    database: Database, metrics: Metrics, woken: list[None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    disk = FullDisk(database.url)
    reception = Reception(disk, stored=lambda: woken.append(None), metrics=metrics)
    for _ in range(3):
        with pytest.raises(DatabaseError):
            await reception.take([update(1)])
    assert woken == []
    disk.full = False
    await reception.take([update(1)])
    disk.dispose()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert [row.update_id for row in rows(database)] == [1]


async def test_a_disk_that_is_really_full_as_the_engine_says_it(
    database: Database, receive: Reception, woken: list[None]
) -> None:
    """SQLite's own words for it, brought about by a limit on the file, become what the intake waits for."""
    database.dispose()
    limited = {"at": 1}  # pages; the engine takes the file's size for less

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limited['at']}")

    event.listen(database._engine, "connect", limit)
    with pytest.raises(DatabaseError, match="full"):
        await receive.take([update(1, text="x" * 1_000_000)])
    assert (woken, receive.problem()) == ([], "updates cannot be stored")
    limited["at"] = 1_000_000
    database.dispose()
    await receive.take([update(1, text="x" * 1_000_000)])
    assert receive.problem() is None
    assert [row.update_id for row in rows(database)] == [1]
