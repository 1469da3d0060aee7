"""The end in order: nothing new comes in, what is in hand is finished in bounded time, what is sent is recorded."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from review import outbox
from review.clock import utc_now
from review.database import Database
from review.outbox import OutboxKind, Recipient
from review.tables import InboxUpdate, OutboxMessage

pytestmark = pytest.mark.anyio

Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


class Running:
    """A bot that is stopped when the test says so."""

    def __init__(self, runner: Runner) -> None:
        self._stop, self._ready = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(runner.serve(self._stop, ready=lambda _: self._ready.set()))

    async def ready(self) -> None:
        await asyncio.wait_for(self._ready.wait(), 20)

    async def stop(self) -> float:
        """How many seconds the end took."""
        began = time.monotonic()
        self._stop.set()
        await asyncio.wait_for(self._task, 20)
        return time.monotonic() - began


async def taken(sandbox: Sandbox) -> None:
    """Until every ordered fault is being suffered."""
    async with asyncio.timeout(10):
        while sandbox.faults.waiting:
            await asyncio.sleep(0.01)


@pytest.fixture
def home(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'home' / 'review.db'}")


def rows(home: Database) -> tuple[list[InboxUpdate], list[OutboxMessage]]:
    with home.read() as session:
        found = list(session.scalars(select(InboxUpdate))), list(session.scalars(select(OutboxMessage)))
    home.dispose()
    return found


def tell(home: Database, chat_id: int) -> None:
    with home.write() as session:
        outbox.enqueue(
            session,
            kind=OutboxKind.FAILED,
            parameters={},
            recipient=Recipient(chat_id),
            dedupe_key="told by hand",
            now=utc_now(),
        )


async def test_what_is_in_hand_is_finished_and_nothing_new_comes_in(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, home: Database
) -> None:
    running = Running(make_runner())
    await running.ready()
    sandbox.faults.add(Fault(method="sendMessage", delay=1.0))
    await sandbox.asker.send_text("/help")
    await taken(sandbox)
    stopping = asyncio.create_task(running.stop())
    await asyncio.sleep(0.2)  # the last request for updates is over by then
    await sandbox.second_asker.send_text("/help")
    assert 0.5 < await stopping < 5
    await sandbox.asker.expect("Send a photo")
    assert len(sandbox.world.updates.pending) == 1, "Telegram keeps what came after the end"
    (handled,), _ = rows(home)
    assert handled.handled_at is not None
    await sandbox.second_asker.expect_silence(0)
    async with serve(make_runner()):
        await sandbox.second_asker.expect("Send a photo")
        await sandbox.asker.expect_silence(0.3)


async def test_what_is_being_sent_is_recorded(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, home: Database
) -> None:
    running = Running(make_runner())
    await running.ready()
    await sandbox.asker.send_text("/start")
    await sandbox.asker.expect()
    sandbox.faults.add(Fault(method="sendMessage", delay=0.7))
    await asyncio.to_thread(tell, home, sandbox.asker.user.id)
    await taken(sandbox)
    await running.stop()
    await sandbox.asker.expect()
    _, (sent,) = rows(home)
    assert sent.sent_at is not None
    async with serve(make_runner()):
        await sandbox.asker.expect_silence(1.0)


async def test_the_end_is_bounded_and_what_was_cut_off_happens_after_the_next_start(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, home: Database
) -> None:
    running = Running(make_runner(shutdown_seconds=0.4))
    await running.ready()
    await sandbox.asker.send_text("/start")
    await sandbox.asker.expect()
    sandbox.faults.add(Fault(method="sendMessage", delay=15.0, drop=True, times=2))
    await sandbox.second_asker.send_text("/help")
    await asyncio.to_thread(tell, home, sandbox.asker.user.id)
    await taken(sandbox)
    assert await running.stop() < 3, "one deadline for all parts, not one for each"
    updates, (message,) = rows(home)
    assert [update.handled_at is None for update in updates] == [False, True]
    assert message.sent_at is None
    async with serve(make_runner()):
        await sandbox.second_asker.expect("Send a photo")
        await sandbox.asker.expect()


async def test_a_webhook_stops_listening_first(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, free_port: int
) -> None:
    listening: dict[str, Any] = {
        "webhook_url": f"http://127.0.0.1:{free_port}/telegram",
        "webhook_listen": f"127.0.0.1:{free_port}",
        "webhook_secret": SecretStr("not-for_strangers-0123456789"),
    }
    running = Running(make_runner(**listening))
    await running.ready()
    sandbox.faults.add(Fault(method="sendMessage", delay=1.0))
    await sandbox.asker.send_text("/help")
    await taken(sandbox)
    stopping = asyncio.create_task(running.stop())
    await asyncio.sleep(0.2)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", free_port)
    assert not stopping.done(), "what is in hand is still being finished"
    await stopping
    await sandbox.asker.expect("Send a photo")


PROGRAM = """
import asyncio, sys
from bot.signals import until_signal

async def program(stop):
    print("ready", flush=True)
    await stop.wait()
    print("finishing", flush=True)
    await asyncio.sleep(float(sys.argv[1]))
    print("done", flush=True)

until_signal(program)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_a_second_one_at_once(number: signal.Signals) -> None:
    for seconds, second in (("0", False), ("30", True)):
        with subprocess.Popen([sys.executable, "-c", PROGRAM, seconds], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert process.stdout.readline() == "finishing\n"
            if second:
                process.send_signal(signal.SIGTERM)
            assert process.wait(10) == (-signal.SIGTERM if second else 0)
            assert process.stdout.read() == ("" if second else "done\n")
