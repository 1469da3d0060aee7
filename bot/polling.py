"""Updates from Telegram into the inbox: the next request, which acknowledges, goes out only after the commit."""

import asyncio
import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

from telegram import Bot
from telegram.error import Conflict, NetworkError, RetryAfter, TelegramError

from bot import inbox
from bot.connection import wait_of
from bot.errors import PollingConflict
from review.clock import utc_now
from review.database import Database

_log = logging.getLogger(__name__)

ALLOWED_UPDATES = ["message", "callback_query"]
# After a crash the server holds the old request for a while; a second program that polls never gives up.
_CONFLICT_PATIENCE = 60.0
_CONFLICT_PAUSE = 5.0
_LONGEST_PAUSE = 30.0
_HASTE = 0.2  # a server that does not wait for updates but says "none" at once is not asked again at once
_ANSWER_SECONDS = 15.0  # what a request may take beyond the time it waits for updates


class Poller:
    """Long polling. It asks for the updates' raw JSON: one that the library cannot parse must not stop the others."""

    def __init__(self, bot: Bot, database: Database, *, timeout_seconds: int, stored: Callable[[], None]) -> None:
        self._bot = bot
        self._database = database
        self._timeout_seconds = timeout_seconds
        self._stored = stored
        self._offset: int | None = None
        # It would have us use Bot.getUpdates, which parses.
        warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'")

    async def run(self) -> None:
        """Receive until cancelled; raises `PollingConflict` when another program keeps receiving this bot's updates."""
        failures = 0
        conflict_since: float | None = None
        while True:
            began = time.monotonic()
            try:
                updates = await self._request()
            except Conflict as error:
                conflict_since = conflict_since or time.monotonic()
                if time.monotonic() - conflict_since > _CONFLICT_PATIENCE:
                    raise PollingConflict(
                        "another program receives this bot's updates: stop it, or use another token"
                    ) from error
                _log.warning("another program receives this bot's updates (or did until just now): trying again")
                await asyncio.sleep(_CONFLICT_PAUSE)
            except RetryAfter as error:
                await asyncio.sleep(wait_of(error).total_seconds())
            except TelegramError as error:
                failures += 1
                pause = min(2.0 ** (failures - 1), _LONGEST_PAUSE)
                expected = isinstance(error, NetworkError)
                _log.warning("no updates for now, trying again in %.0f s: %s", pause, error, exc_info=not expected)
                await asyncio.sleep(pause)
            else:
                failures, conflict_since = 0, None
                if updates:
                    await asyncio.to_thread(self._store, updates)
                    self._offset = max(int(update["update_id"]) for update in updates) + 1
                    self._stored()
                elif time.monotonic() - began < _HASTE:
                    await asyncio.sleep(_HASTE)

    async def _request(self) -> list[dict[str, Any]]:
        arguments = {"timeout": self._timeout_seconds, "allowed_updates": ALLOWED_UPDATES}
        if self._offset is not None:
            arguments["offset"] = self._offset
        result: Any = await self._bot.do_api_request(
            "getUpdates", api_kwargs=arguments, read_timeout=self._timeout_seconds + _ANSWER_SECONDS
        )
        return list(result)

    def _store(self, updates: list[dict[str, Any]]) -> None:
        with self._database.write() as session:
            inbox.store(session, updates, utc_now())
