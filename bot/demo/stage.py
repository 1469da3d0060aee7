"""Sandbox, bot and database in one event loop, in a folder of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.runner import Runner
from bot.sandbox.server import MODERATOR, Sandbox
from bot.settings import BotSettings
from model.errors import SettingsError
from model.settings import ModelSettings
from review.settings import ReviewSettings


@dataclass(frozen=True)
class Stage:
    """What plays together; everything it keeps is in `home`. `running` ends when the bot does."""

    sandbox: Sandbox
    runner: Runner
    home: Path
    running: asyncio.Task[None]

    @property
    def environment(self) -> dict[str, str]:
        """What makes other commands work here and nowhere else, whatever a .env or the environment says."""
        return {
            "BEARBOT_HOME": str(self.home),
            "REVIEW_DATABASE_URL": f"sqlite:///{self.home / 'review.db'}",
            "REVIEW_IMAGE_STORE": str(self.home / "images"),
            "MODEL_HOME": str(self.home / "models"),
        }

    @property
    def exports(self) -> dict[str, str]:
        """As much of `environment` as other commands need where the demo was started: often BEARBOT_HOME alone."""
        everything = self.environment
        try:
            review, model = ReviewSettings.load(bearbot_home=self.home), ModelSettings.load(bearbot_home=self.home)
        except SettingsError:
            return everything  # whatever is wrong must be set to something else
        named = {
            "REVIEW_DATABASE_URL": review.review_database_url,
            "REVIEW_IMAGE_STORE": review.review_image_store,
            "MODEL_HOME": model.model_home,
        }
        return {name: value for name, value in everything.items() if named.get(name, "") is not None}


@asynccontextmanager
async def stage(home: Path, *, port: int, audit_rate: float) -> AsyncIterator[Stage]:
    """Start everything; on leaving, stop everything. Settings of a real bot (a .env here, say) are not looked at."""
    async with Sandbox(port=port) as sandbox:
        settings = BotSettings(
            # An admin may do all that moderators may, so that one person can try everything.
            token=SecretStr(sandbox.token),
            base_url=sandbox.url,
            moderators=(),
            admins=(MODERATOR.id,),
        )
        review_settings = ReviewSettings(
            bearbot_home=home, review_database_url=None, review_image_store=None, audit_rate=audit_rate
        )
        runner = Runner(settings, review_settings, ModelSettings(bearbot_home=home, model_home=None))
        stop, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(runner.serve(stop, ready=lambda _: ready.set()))
        try:
            started = asyncio.create_task(ready.wait())
            await asyncio.wait([started, running], return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            if running.done():
                running.result()  # raises why it could not start
            yield Stage(sandbox, runner, home, running)
        finally:
            stop.set()
            await asyncio.gather(running, return_exceptions=True)
