"""/retrain: one at a time, out of everybody's way, and whoever asked hears the end, whatever is killed meanwhile."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.catalogue import catalogue_for
from bot.retrainer import COMMAND
from bot.runner import Runner
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review.clock import utc_now
from review.database import Database
from review.outbox import Recipient
from review.retraining import STOPPED
from review.retraining_news import remembered
from review.tables import RetrainingOutcome, RetrainingRun

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")

ADMIN = 3001

Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


async def test_one_retraining_at_a_time_which_ends_with_the_bot(
    sandbox: Sandbox,
    make_runner: Callable[..., Runner],
    serve: Serve,
    admin: Person,
    retrain_command: Sequence[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)  # as `bearbot run` has it
    runner = make_runner(admins=(ADMIN,), retrain_command=retrain_command)
    async with serve(runner):
        asked = await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-started"))
        (process,) = children()
        assert os.getpriority(os.PRIO_PROCESS, process) == 19
        await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-running"))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert children() == []
    assert "a retraining has started" in caplog.messages
    assert "a retraining has ended" in caplog.messages
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    async with serve(make_runner(admins=(ADMIN,), retrain_command=retrain_command)):
        told = await admin.expect(WORDS("retrained-not_started"))
        assert told.reply_to is not None
        assert told.reply_to.message_id == asked.message_id
        await admin.expect_silence(0.5)


def children() -> list[int]:
    """What this process started for a retraining and what runs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if b"--tell" in arguments and parent == os.getpid():
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("retrain_command", [(sys.executable, "-c", "import sys; sys.exit('error: the disk is full')")])
async def test_a_retraining_that_cannot_start_says_why_once(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    asked = await admin.send_text("/retrain")
    await admin.expect(WORDS("retrain-started"))
    assert (await admin.expect()).words == WORDS("retrained-not_started") + "\nthe disk is full"
    recipient = Recipient(admin.chat.id, None, asked.message_id, "en")
    assert await led.retrainer.start(recipient), "the same message, handled again after a crash"
    await admin.expect_silence(0.7)


@pytest.mark.slow
@pytest.mark.parametrize("retrain_command", [COMMAND])
async def test_whoever_asked_hears_how_a_real_one_ended(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    await admin.send_text("/retrain")
    await admin.expect(WORDS("retrain-started"))
    told = await admin.expect(f"{led.registry.champion()} goes on answering", timeout=120)
    assert "nothing to learn" in told.words
    with led.database.read() as session:
        run = session.scalars(select(RetrainingRun)).one()
    assert run.outcome is RetrainingOutcome.KEPT
    assert run.snapshot is not None
    assert "tell" not in run.snapshot


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.3, 3.0, 6.0])
async def test_a_real_one_ends_in_order_with_the_bot_at_any_moment(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, admin: Person, pause: float
) -> None:
    async with serve(make_runner(admins=(ADMIN,))):
        await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-started"))
        await asyncio.sleep(pause)
    assert children() == []
    runner = make_runner(admins=(ADMIN,))
    async with serve(runner):
        told = await admin.expect(lambda message: message.words.startswith("The retraining"), timeout=30)
        assert "is done: " in told.words or told.words.endswith(STOPPED)
        await admin.expect_silence(1.0)
    with Database(runner.database.url).read() as session:
        assert all(run.outcome for run in session.scalars(select(RetrainingRun)))


async def test_whoever_asked_for_one_that_was_killed_with_the_bot_is_told(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, admin: Person
) -> None:
    runner = make_runner(admins=(ADMIN,))
    async with serve(runner):
        await admin.send_text("/help")
        await admin.expect()
        asked = Recipient(admin.chat.id, None, 1, "de")
        with runner.database.write() as session:
            session.add(
                RetrainingRun(
                    started_at=utc_now(), champion_version="old", snapshot={"photos": [], **remembered(asked)}
                )
            )
    async with serve(make_runner(admins=(ADMIN,))):
        told = await admin.expect(catalogue_for("de")("retrained-failed", champion="old"))
        assert "interrupted" in told.words
        await admin.expect_silence(0.5)
