"""kill -9 at any moment loses no photo and asks nobody twice."""

import asyncio
import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from typing import Any

import pytest

from tests.end_to_end.accounts import Report
from tests.end_to_end.survival import Survival

Installed = Callable[[], AbstractAsyncContextManager[Any]]
Photo = Callable[[str], bytes]

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

NAMES = ("black_dod", "grizzly_katmai_402", "none_coffee", "none_polar_bear", "teddy_earlgray")


async def test_killed_again_and_again_it_answers_every_photo(installed: Installed, photo: Photo) -> None:
    seeded = random.Random(4)
    async with installed() as installation:
        asker = installation.sandbox.asker
        sent: set[int] = set()
        for _ in range(4):
            async with installation.bot() as bot:
                await bot.until_logged("answers now")
                for name in NAMES:
                    sent.add((await asker.send_photo(photo(name))).message_id)
                await asyncio.sleep(seeded.uniform(0.0, 0.6))
                await bot.kill()
        async with installation.bot() as bot:
            await bot.until_logged("answers now")  # all may be answered already; it must hear SIGTERM, too
            async with asyncio.timeout(60):
                while {m.reply_to.message_id for m in asker.messages if m.reply_to} != sent:
                    await asyncio.sleep(0.1)
            assert await bot.terminate() == 0
        with closing(sqlite3.connect(installation.home / "review.db")) as database:

            def one(query: str) -> int:
                return int(database.execute(query).fetchone()[0])

            assert one("SELECT count(*) FROM submissions") == len(sent)
            assert one("SELECT count(DISTINCT message_id) FROM submissions") == len(sent)
            assert one("SELECT count(*) FROM review_items") == one(
                "SELECT count(*) FROM predictions p JOIN submissions s ON s.id = p.submission_id"
                " WHERE p.route = 'review' AND s.repeats_id IS NULL"  # a repeat waits with the first of its kind
            )
            assert one("SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0
            assert one("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0
        # A reply may come twice only if the kill fell between sending and recording it: once a round at most a chat.
        assert len(sent) <= len(asker.messages) <= len(sent) + 4


async def test_stopping_in_the_middle_loses_nothing(installed: Installed, photo: Photo) -> None:
    async with installed() as installation:
        asker = installation.sandbox.asker
        async with installation.bot() as bot:
            await bot.until_logged("answers now")
            for name in NAMES:
                await asker.send_photo(photo(name))
            assert await bot.terminate() == 0
        async with installation.bot() as bot:
            await bot.until_logged("answers now")  # all may be answered already; it must hear SIGTERM, too
            async with asyncio.timeout(60):
                while len(asker.messages) < len(NAMES):
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)  # whatever would be said twice is said by now
            assert await bot.terminate() == 0
        assert len(asker.messages) == len(NAMES)


async def test_twenty_askers_and_kills_at_chosen_moments_lose_and_double_nothing(installed: Installed) -> None:
    """A small one of what `python tests/end_to_end/survival.py --kills 200` does; and it would notice."""
    async with installed() as installation:
        trial = Survival(installation, kills=4, askers=20, seed=7)
        report = await trial.run()
        assert report.wrong == [], str(report)
        assert len(report.kills) == 4
        assert report.answered == report.sent > 20
        for damage, noticed in (
            ("UPDATE outbox SET sent_at = NULL WHERE id = 1", "1 messages were not delivered"),
            (
                # What was said last of all was never said again.
                "UPDATE outbox SET sent_message_id = NULL"
                " WHERE id = (SELECT id FROM outbox ORDER BY sent_at DESC, id DESC LIMIT 1)",
                "which was not killed, recorded less|not said again",
            ),
            (
                "UPDATE inbox SET handled_at = NULL WHERE update_id IN (SELECT min(update_id) FROM inbox)",
                "1 updates are",
            ),
            ("DELETE FROM review_items WHERE id = 1", "photos for review have no item"),
            ("UPDATE submissions SET source_key = 'x' WHERE id = 1", "1 submissions are missing"),
        ):
            with closing(sqlite3.connect(installation.database)) as database, database:
                database.execute(damage)
            after = Report()
            trial.accounts.close(after)
            assert re.search(noticed, "\n".join(after.wrong)), (damage, after.wrong)
