"""From Telegram to the handlers: committed before acknowledged, in order within a chat, replayed after a crash."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from telegram.error import Forbidden
from telegram.ext import ExtBot

from bot import inbox, unhandled
from bot.dispatch import Dispatcher
from bot.errors import UnreadableUpdate
from bot.metrics import Metrics
from bot.polling import Poller
from bot.reception import Reception
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from model.errors import Overloaded
from review.clock import utc_now
from review.database import Database
from review.tables import InboxUpdate, OutboxMessage

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def polling(bot: ExtBot[None], database: Database) -> AsyncIterator[asyncio.Event]:
    stored = asyncio.Event()
    metrics = Metrics(CollectorRegistry())
    reception = Reception(database, stored=stored.set, metrics=metrics)
    loop = asyncio.create_task(Poller(bot, reception, timeout_seconds=5, metrics=metrics).run())
    try:
        yield stored
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


def words(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.scalars(
            select(InboxUpdate).where(InboxUpdate.handled_at.is_(None)).order_by(InboxUpdate.update_id)
        ).all()
    return [json.loads(row.payload)["message"]["text"] for row in rows]


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)


async def test_updates_are_stored_then_acknowledged(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    async with polling(telegram_bot, database):
        await sandbox.asker.send_text("one")
        await until(lambda: words(database) == ["one"])
        await sandbox.asker.send_text("two")
        await until(lambda: words(database) == ["one", "two"])
        await until(lambda: not sandbox.world.updates.pending)


async def test_a_failing_server_is_asked_again(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    sandbox.faults.add(Fault(method="getUpdates", status=502, description="Bad Gateway"))
    sandbox.faults.add(Fault(method="getUpdates", drop=True))
    async with polling(telegram_bot, database):
        await sandbox.asker.send_text("still there")
        await until(lambda: words(database) == ["still there"])


class Handler:
    """Records what it is given; can be told to hold or to fail."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.failures: dict[str, int] = {}
        self.error: Exception = RuntimeError("as ordered")

    async def __call__(self, payload: dict[str, Any]) -> None:
        text = payload["message"]["text"]
        self.begun.append(text)
        if text in self.gates:
            await self.gates[text].wait()
        if self.failures.get(text, 0):
            self.failures[text] -= 1
            raise self.error
        self.done.append(text)


@asynccontextmanager
async def dispatching(database: Database, handler: Handler, seconds: float = 5) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(database, handler, told=lambda: None)
    loop = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await dispatcher.work.finish(seconds)


def put(database: Database, *messages: tuple[int, int, str]) -> None:
    with database.write() as session:
        updates = [{"update_id": i, "message": {"chat": {"id": chat}, "text": text}} for i, chat, text in messages]
        inbox.store(session, updates, utc_now())


async def test_one_chat_in_order_and_no_chat_waits_for_another(database: Database) -> None:
    handler = Handler()
    handler.gates["slow"] = asyncio.Event()
    put(database, (1, 10, "slow"), (2, 10, "after slow"), (3, 20, "other chat"))
    async with dispatching(database, handler):
        await until(lambda: "other chat" in handler.done)
        assert "after slow" not in handler.begun
        handler.gates["slow"].set()
        await until(lambda: handler.done == ["other chat", "slow", "after slow"])
        await until(lambda: words(database) == [])


async def test_a_failure_is_tried_again_and_holds_up_nobody(database: Database) -> None:
    handler = Handler()
    handler.failures["bad"] = 1
    put(database, (1, 10, "bad"), (2, 10, "good"))
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["good", "bad"])
    assert handler.begun == ["bad", "good", "bad"]


async def test_what_was_cut_off_is_handled_after_the_next_start(database: Database) -> None:
    handler = Handler()
    handler.gates["cut off"] = asyncio.Event()
    put(database, (1, 10, "cut off"))
    async with dispatching(database, handler, seconds=0.1):
        await until(lambda: handler.begun == ["cut off"])
    assert handler.done == []
    handler.gates.clear()
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["cut off"])
    with database.read() as session:
        assert session.scalars(select(InboxUpdate)).one().handled_at is not None


async def test_what_is_in_hand_at_the_end_is_finished(database: Database) -> None:
    handler = Handler()
    gate = handler.gates["in hand"] = asyncio.Event()
    put(database, (1, 10, "in hand"))
    async with dispatching(database, handler):
        await until(lambda: handler.begun == ["in hand"])
        asyncio.get_running_loop().call_later(0.2, gate.set)
    assert handler.done == ["in hand"]
    assert words(database) == []


async def test_a_busy_chat_starves_no_other(database: Database) -> None:
    handler = Handler()
    handler.gates["busy 0"] = asyncio.Event()
    put(database, *((number, 10, f"busy {number}") for number in range(60)), (99, 20, "other chat"))
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["other chat"])
        handler.gates["busy 0"].set()
        await until(lambda: len(handler.done) == 61)
    assert handler.begun[2:] == [f"busy {number}" for number in range(1, 60)]


async def test_whose_message_is_given_up_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_ATTEMPTS", 1)
    handler = Handler()
    handler.failures["bad"] = 9
    told = asyncio.Event()
    with database.write() as session:
        message = {"chat": {"id": 10}, "message_id": 7, "text": "bad"}
        inbox.store(session, [{"update_id": 1, "message": message}], utc_now())
    dispatcher = Dispatcher(database, handler, told=told.set)
    loop = asyncio.create_task(dispatcher.run())
    await asyncio.wait_for(told.wait(), 10)
    loop.cancel()
    with database.read() as session:
        (row,) = session.scalars(select(OutboxMessage)).all()
        assert (row.kind, row.chat_id, row.reply_to_message_id) == ("failed", 10, 7)
        stored = session.get_one(InboxUpdate, 1)
        assert stored.set_aside_at is not None
        assert stored.error == "RuntimeError", "the error's text may hold what people wrote"


async def test_what_the_model_had_no_time_for_is_not_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one attempt that is allowed fails; a model with too much to do is no reason to set a photo aside."""
    monkeypatch.setattr(inbox, "MAX_ATTEMPTS", 1)
    handler = Handler()
    handler.failures, handler.error = {"photo": 1}, Overloaded("1024 photos wait")
    put(database, (1, 5, "photo"))
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["photo"])
    with database.read() as session:
        assert unhandled.count_set_aside(session) == 0


@pytest.mark.parametrize(("chat", "told"), [(10, ["failed"]), (-10, [])])
async def test_what_is_no_update_is_set_aside_at_once_and_no_group_is_told(
    database: Database, chat: int, told: list[str]
) -> None:
    handler = Handler()
    handler.failures, handler.error = {"nonsense": 9}, UnreadableUpdate("no update")
    put(database, (1, chat, "nonsense"), (2, chat, "the next"))
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["the next"])
    with database.read() as session:
        assert session.get_one(InboxUpdate, 1).attempts == 1
        assert unhandled.count_set_aside(session) == 1
        assert list(session.scalars(select(OutboxMessage.kind))) == told


async def test_who_blocked_the_bot_meanwhile_is_left_alone(database: Database) -> None:
    handler = Handler()
    handler.failures, handler.error = {"/start": 9}, Forbidden("bot was blocked by the user")
    put(database, (1, 10, "/start"), (2, 10, "the next"))
    async with dispatching(database, handler):
        await until(lambda: handler.done == ["the next"])
    with database.read() as session:
        assert session.get_one(InboxUpdate, 1).handled_at is not None
        assert list(session.scalars(select(OutboxMessage.kind))) == []
