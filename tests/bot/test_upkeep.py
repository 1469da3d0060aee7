"""The hourly upkeep: it does all its work at the start, goes on whatever fails, and ends at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.runner import Runner
from bot.sandbox.server import Sandbox
from bot.upkeep import Upkeep
from model.features import FeatureStore
from review.clock import utc_now
from review.database import Database
from review.retention import Retention
from review.scrubbing import note_deletion
from review.storage import LocalImageStore
from review.tables import InboxUpdate, OutboxMessage, Reviewer, ReviewItem, Role, Submission

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
MODEL_SECONDS = 60.0


@asynccontextmanager
async def keeping_up(database: Database, folder: Path, **more: Any) -> AsyncIterator[list[str]]:
    told: list[str] = []
    upkeep = Upkeep(
        database,
        LocalImageStore(folder / "images"),
        FeatureStore(folder / "features"),
        Retention(),
        **{"overdue_after": DAY, "told": lambda: told.append("told"), "every_seconds": 0.05, **more},
    )
    task = asyncio.create_task(upkeep.run())
    try:
        yield told
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=5)
    assert task.cancelled()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


def updates(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(InboxUpdate.update_id)).all())


def add_updates(database: Database, count: int) -> None:
    old = utc_now() - 40 * DAY
    with database.write() as session:
        session.add_all(
            InboxUpdate(
                update_id=number,
                chat_id=1,
                payload="{}",
                received_at=old,
                next_attempt_at=old,
                attempts=1,
                handled_at=old,
            )
            for number in range(count)
        )
        note_deletion(session)


async def test_it_sweeps_and_scrubs_again_and_again(database: Database, tmp_path: Path) -> None:
    async with keeping_up(database, tmp_path):
        for _ in range(2):
            add_updates(database, 3)
            await until(lambda: updates(database) == 0)

    def noted() -> Any:
        with database.read() as session:
            return session.scalar(text("PRAGMA user_version"))

    async with keeping_up(database, tmp_path):
        await until(lambda: noted() == 0)


async def test_what_fails_is_tried_again_and_the_rest_is_done(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_updates(database, 3)
    failing = True

    def clock() -> Any:
        if failing:
            raise OSError("no clock")
        return utc_now()

    async with keeping_up(database, tmp_path, clock=clock):
        await until(lambda: "could not be finished" in caplog.text)
        failing = False
        await until(lambda: updates(database) == 0)


async def test_a_long_sweep_ends_when_the_bot_stops(database: Database, tmp_path: Path) -> None:
    add_updates(database, 20_000)
    async with keeping_up(database, tmp_path):
        await until(lambda: updates(database) < 20_000)
    await asyncio.sleep(0.3)
    left = updates(database)
    assert left > 0
    await asyncio.sleep(0.3)
    assert updates(database) == left, "the thread has ended, too"


async def test_who_waited_while_the_bot_was_down_is_told(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any, photo: Callable[[str], bytes]
) -> None:
    runner = make_runner()
    async with serve(runner):
        await sandbox.asker.send_document(photo("none_polar_bear"), "polar.webp")
        await sandbox.asker.expect("do not know this kind of picture", timeout=MODEL_SECONDS)
    with runner.database.write() as session:
        for submission in session.scalars(select(Submission)):
            submission.submitted_at -= 2 * DAY
        for item in session.scalars(select(ReviewItem)):
            item.opened_at -= 2 * DAY
    for _ in range(2):
        runner = make_runner()
        async with serve(runner):
            await asyncio.sleep(1.0)
    said = await sandbox.asker.expect("has waited for 2 days, and nobody has come to look at it yet")
    assert said.reply_to is not None
    await sandbox.asker.expect_silence(0.5)
    with runner.database.read() as session:
        kinds = session.scalars(select(OutboxMessage.kind)).all()
    assert kinds == ["in_review", "overdue"]


async def test_it_can_be_turned_off(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any, photo: Callable[[str], bytes]
) -> None:
    async with serve(make_runner()):
        await sandbox.asker.send_document(photo("none_polar_bear"), "polar.webp")
        await sandbox.asker.expect("do not know this kind of picture", timeout=MODEL_SECONDS)
    runner = make_runner(overdue_hours=0)
    with runner.database.write() as session:
        for item in session.scalars(select(ReviewItem)):
            item.opened_at -= 9 * DAY
        for submission in session.scalars(select(Submission)):
            submission.submitted_at -= 9 * DAY
    async with serve(runner):
        await sandbox.asker.expect_silence(1.5)


async def test_reviewers_are_measured_once_a_day(database: Database, tmp_path: Path) -> None:
    later = utc_now()

    def reliability() -> float | None:
        with database.read() as session:
            return session.scalars(select(Reviewer.reliability)).one()

    def forget() -> None:
        with database.write() as session:
            session.scalars(select(Reviewer)).one().reliability = 0.6  # of which no verdict tells

    with database.write() as session:
        session.add(Reviewer(name="mo", role=Role.REVIEWER, created_at=later, reliability=0.6))
    async with keeping_up(database, tmp_path, clock=lambda: later):
        await until(lambda: reliability() is None)
        forget()
        await asyncio.sleep(0.3)
        assert reliability() == 0.6, "not more often than daily"
        later += DAY
        await until(lambda: reliability() is None)
