"""A sandbox, a bot that talks to it over HTTP, and a database with the tables."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from telegram.ext import ExtBot

from bot.connection import build_bot
from bot.polling import Patience
from bot.retrainer import COMMAND
from bot.runner import Runner
from bot.sandbox.person import Person
from bot.sandbox.server import MODERATOR, Sandbox
from bot.settings import BotSettings
from model.settings import ModelSettings
from review.database import Database
from review.settings import ReviewSettings
from tests.postgres import Server
from tests.telegram_types import assert_all_valid

ADMIN = 3001


@pytest.fixture
def database(tmp_path: Path, template: Path, server: Server | None) -> Iterator[Database]:
    if server is None:
        shutil.copy(template, tmp_path / "review.db")
    with server.new_database() if server is not None else nullcontext(f"sqlite:///{tmp_path / 'review.db'}") as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def telegram_bot(sandbox: Sandbox) -> AsyncIterator[ExtBot[None]]:
    bot = build_bot(SecretStr(sandbox.token), sandbox.url)
    await bot.initialize()
    yield bot
    await bot.shutdown()


PHOTOS = Path(__file__).parents[2] / "bot" / "demo" / "photos"


@pytest.fixture
def photo() -> Callable[[str], bytes]:
    """The bytes of a demo photo, by the beginning of its name."""

    def read(name: str) -> bytes:
        (path,) = PHOTOS.glob(f"{name}*.*")
        return path.read_bytes()

    return read


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def make_runner(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Runner]:
    """A whole bot on the sandbox, with the bundled model and a home of its own; the same home each time."""

    def make(patience: Patience | None = None, retrain_command: Sequence[str] = COMMAND, **more: Any) -> Runner:
        settings = BotSettings(token=SecretStr(sandbox.token), base_url=sandbox.url, moderators=(MODERATOR.id,), **more)
        review_settings = ReviewSettings(bearbot_home=tmp_path / "home", audit_rate=0.0)
        model_settings = ModelSettings(bearbot_home=tmp_path / "home", poll_seconds=0.1)
        return Runner(settings, review_settings, model_settings, patience=patience, retrain_command=retrain_command)

    return make


@pytest.fixture
async def runner(make_runner: Callable[[], Runner]) -> AsyncIterator[Runner]:
    """The bot, running."""
    running = make_runner()
    async with serving(running):
        yield running


@asynccontextmanager
async def serving(runner: Runner) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(runner.serve(stop, ready=lambda _: ready.set()))
    try:
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        yield
    finally:
        stop.set()
        await task


@pytest.fixture
def serve() -> Callable[[Runner], AbstractAsyncContextManager[None]]:
    """`async with serve(runner)` for tests that start it themselves; leaving raises what ended it."""
    return serving


@pytest.fixture
def admin(sandbox: Sandbox) -> Person:
    """An admin of the bot that `led` is; they may be written to."""
    return sandbox.person("Ada", user_id=ADMIN, started=True)


@pytest.fixture
def retrain_command() -> Sequence[str]:
    """In the place of a retraining, which takes long: one that waits until it is told to end."""
    return (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
async def led(make_runner: Callable[..., Runner], retrain_command: Sequence[str]) -> AsyncIterator[Runner]:
    """The bot, running, with an admin."""
    running = make_runner(admins=(ADMIN,), retrain_command=retrain_command)
    async with serving(running):
        yield running


@pytest.fixture
def everything_validates(sandbox: Sandbox) -> Iterator[None]:
    """At the end of a test: what went over the wire was as the Bot API has it."""
    yield
    assert_all_valid(sandbox)
