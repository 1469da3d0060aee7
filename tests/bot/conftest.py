"""A sandbox, a bot that talks to it over HTTP, and a database with the tables."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram.ext import ExtBot

from bot.connection import build_bot
from bot.sandbox.server import Sandbox
from review.database import Database
from review.tables import Base


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    with database.migrating() as connection:
        Base.metadata.create_all(connection)
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
