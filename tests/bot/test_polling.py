"""Requests for updates: whatever the server, the disk or another program do, nothing is acknowledged too early."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from sqlalchemy.orm import Session
from telegram import Bot
from telegram.error import Conflict

from bot.errors import PollingConflict
from bot.metrics import Metrics
from bot.polling import Patience, Poller, Rivalry, _offset_after
from bot.reception import Reception
from bot.sandbox.server import Sandbox
from review.database import Database
from review.errors import DatabaseError
from review.tables import InboxUpdate

pytestmark = pytest.mark.anyio

SOON = Patience(
    conflict=0.5, conflict_pause=0.02, conflict_silence=0.5, first_pause=0.02, longest_pause=0.05, malformed_pause=0.02
)


class Server:
    """getUpdates as Telegram answers it, also with what is no update: each entry has a true number beside it."""

    def __init__(self, *entries: tuple[int, object]) -> None:
        self.entries = list(entries)
        self.asked: list[int | None] = []
        self.answers: list[object] = []  # instead of updates, one a request; exceptions are raised

    async def do_api_request(self, method: str, *, api_kwargs: dict[str, Any], read_timeout: float) -> object:
        assert method == "getUpdates"
        assert read_timeout > api_kwargs["timeout"]
        offset = api_kwargs.get("offset")
        self.asked.append(offset)
        await asyncio.sleep(0)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if offset is not None:
            self.entries = [entry for entry in self.entries if entry[0] >= offset]
        return [payload for _, payload in self.entries[:100]]


class Disk(Database):
    """A database that fails when told to."""

    error: Exception | None = None
    refused = 0

    def write(self) -> AbstractContextManager[Session]:
        if self.error is not None:
            self.refused += 1
            raise self.error
        return super().write()


def update(number: int) -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 5}, "text": str(number)}}


@asynccontextmanager
async def polling(
    server: Server | Bot, database: Database
) -> AsyncIterator[tuple[Poller, Metrics, asyncio.Task[None]]]:
    metrics = Metrics(CollectorRegistry())
    poller = Poller(
        cast(Bot, server),
        Reception(database, stored=lambda: None, metrics=metrics),
        timeout_seconds=1,
        metrics=metrics,
        patience=SOON,
    )
    task = asyncio.create_task(poller.run())
    try:
        yield poller, metrics, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.01)


def stored(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(InboxUpdate.update_id).order_by(InboxUpdate.update_id)))


@pytest.mark.parametrize("error", [DatabaseError("database or disk is full"), OSError("read-only file system")])
async def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(database: Database, error: Exception) -> None:
    disk = Disk(database.url)
    disk.error = error
    server = Server((7, update(7)), (8, update(8)))
    async with polling(server, disk) as (_, metrics, _task):
        await until(lambda: disk.refused >= 4)
        assert server.asked == [None] * len(server.asked), "nothing may be acknowledged"
        disk.error = None
        await until(lambda: 9 in server.asked)
    assert stored(disk) == [7, 8]
    assert (metrics.registry.get_sample_value("bearbot_polls_total", {"outcome": "not_stored"}) or 0) >= 4
    disk.dispose()


async def test_nonsense_is_acknowledged_and_stops_nothing(database: Database) -> None:
    entries: list[tuple[int, object]] = [(3, update(3)), (4, None), (5, {"update_id": "?"}), (6, update(6)), (9, [])]
    server = Server(*entries)
    async with polling(server, database):
        await until(lambda: stored(database) == [3, 6])
        server.entries += [(12, {}), (13, update(13))]
        await until(lambda: stored(database) == [3, 6, 13])
        await until(lambda: not server.entries)


async def test_a_hundred_pieces_of_nonsense_in_front_are_passed(database: Database) -> None:
    server = Server((1, update(1)))
    async with polling(server, database):
        await until(lambda: not server.entries)
        server.entries += [*((number, "nonsense") for number in range(2, 252)), (252, update(252))]
        await until(lambda: stored(database) == [1, 252])


@given(st.data())
def test_never_more_is_acknowledged_than_was_received(data: st.DataObject) -> None:
    numbers = sorted(data.draw(st.sets(st.integers(1, 60), max_size=12)))
    shown = [data.draw(st.sampled_from([update(number), {}, None])) for number in numbers]
    first = numbers[0] if numbers else 1
    offset = data.draw(st.one_of(st.none(), st.integers(max(first - 3, 0), first)))
    after = _offset_after(shown, offset)
    if after is not None and numbers:
        assert after <= numbers[-1] + 1
        last = shown[-1]
        if isinstance(last, dict) and last:
            assert after == numbers[-1] + 1
        elif offset is not None:
            assert after > offset, "the same would come for ever"


@pytest.mark.parametrize("answer", [{"not": "a list"}, None, 7, True])
async def test_an_answer_that_is_no_list_is_a_failure_like_others(database: Database, answer: object) -> None:
    server = Server((7, update(7)))
    server.answers = [answer, answer]
    async with polling(server, database):
        await until(lambda: stored(database) == [7])


async def test_a_program_that_keeps_polling_ends_this_one_with_a_sentence(database: Database) -> None:
    server = Server()
    conflicts: Sequence[object] = [Conflict("terminated by other getUpdates request")] * 100
    # Some requests get through between those that the other program interrupts.
    server.answers = [answer for conflict in conflicts for answer in (conflict, [])]
    async with polling(server, database) as (_, _metrics, task), asyncio.timeout(10):
        with pytest.raises(PollingConflict, match="another program receives this bot's updates: stop it"):
            await task


async def test_of_two_programs_the_one_that_was_first_goes_on(
    database: Database, sandbox: Sandbox, telegram_bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """As two `bearbot run` on one token: they interrupt each other, and receive in turns what people send meanwhile."""
    async with polling(telegram_bot, database) as (_, metrics, first):
        await asyncio.sleep(SOON.conflict + 0.2)
        async with polling(telegram_bot, database) as (_, other_metrics, second):
            async with asyncio.timeout(10):
                while not second.done():
                    await sandbox.asker.send_text("for whoever has the turn")
                    await asyncio.sleep(0.05)
            with pytest.raises(PollingConflict, match="another program receives this bot's updates: stop it"):
                await second
            assert other_metrics.registry.get_sample_value("bearbot_polls_total", {"outcome": "updates"})
        assert not first.done()
        assert metrics.registry.get_sample_value("bearbot_polls_total", {"outcome": "conflict"})
        before = len(await asyncio.to_thread(stored, database))
        await sandbox.asker.send_text("for the one that is left")
        await until(lambda: len(stored(database)) == before + 1)
        await asyncio.sleep(SOON.conflict + 0.2)
        assert not first.done()
    said = [record.message for record in caplog.records if "this one was first and goes on" in record.message]
    assert 1 <= len(said) <= 3, "it warns, but not at every conflict"


async def test_of_two_programs_that_start_together_one_ends(
    database: Database, sandbox: Sandbox, telegram_bot: Bot
) -> None:
    async with polling(telegram_bot, database) as (_, _m, one), polling(telegram_bot, database) as (_, _n, other):
        async with asyncio.timeout(10):
            await asyncio.wait([one, other], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(SOON.conflict * 2)
        assert one.done() != other.done()
        await sandbox.asker.send_text("for the one that is left")
        await until(lambda: len(stored(database)) == 1)


def rivals(*, answered: Sequence[float] = (), conflicts: Sequence[float] = (), error: str = "terminated by") -> str:
    """How a poller with a minute's patience takes it, whose requests take 30 s at most: `ends` or `goes on`."""
    rivalry = Rivalry(Patience(), longest_answer=45)
    for now, is_conflict in sorted([(at, False) for at in answered] + [(at, True) for at in conflicts]):
        if is_conflict:
            try:
                rivalry.bear(Conflict(error), now)
            except PollingConflict:
                return "ends"
        else:
            rivalry.answered(now - 30, now)
    return "goes on"


TEN_MINUTES = range(1000, 1600, 10)


@pytest.mark.parametrize(
    ("answered", "conflicts", "becomes"),
    [
        ([], TEN_MINUTES, "ends"),
        (range(970, 1000, 10), TEN_MINUTES, "ends"),
        (range(1005, 1600, 10), TEN_MINUTES, "ends"),
        ([], range(1000, 1060, 10), "goes on"),
        (range(910, 1000, 30), TEN_MINUTES, "goes on"),
        ([940, 970], [1000.5, *TEN_MINUTES], "goes on"),
        ([*range(30, 600, 30), 990], TEN_MINUTES, "ends"),
    ],
    ids=["new", "not long there", "in turns", "it passes", "established", "since it last asked", "away too long"],
)
def test_who_gives_way(answered: Sequence[float], conflicts: Sequence[float], becomes: str) -> None:
    assert rivals(answered=answered, conflicts=conflicts) == becomes


def test_nobody_goes_on_beside_a_webhook() -> None:
    error = "can't use getUpdates method while webhook is active"
    assert rivals(answered=range(30, 1000, 30), conflicts=TEN_MINUTES, error=error) == "ends"


async def test_an_old_request_that_lingers_is_borne(database: Database) -> None:
    server = Server((7, update(7)))
    server.answers = [Conflict("terminated by other getUpdates request")] * 3
    async with polling(server, database) as (_, metrics, task):
        await until(lambda: stored(database) == [7])
        await asyncio.sleep(SOON.conflict + 0.1)
        server.answers = [Conflict("terminated by other getUpdates request")] * 3
        await until(lambda: metrics.registry.get_sample_value("bearbot_polls_total", {"outcome": "conflict"}) == 6)
        await asyncio.sleep(0.05)
        assert not task.done(), "conflicts long ago must not count"
