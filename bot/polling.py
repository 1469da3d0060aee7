"""Updates from Telegram into the inbox: the next request, which acknowledges, goes out only after the commit."""

import asyncio
import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.error import Conflict, NetworkError, RetryAfter, TelegramError

from bot.connection import wait_of
from bot.errors import PollingConflict
from bot.metrics import Metrics, PollOutcome
from bot.reception import ALLOWED_UPDATES, Reception
from bot.updates import update_id_of
from review.errors import DatabaseError

_log = logging.getLogger(__name__)

_HASTE = 0.2  # a server that does not wait for updates but says "none" at once is not asked again at once
_ANSWER_SECONDS = 15.0  # what a request may take beyond the time it waits for updates


@dataclass(frozen=True)
class Patience:
    """Seconds. After a crash the server holds the old request for a while; a second program never gives up."""

    conflict: float = 60.0
    conflict_pause: float = 5.0
    first_pause: float = 1.0
    longest_pause: float = 30.0
    malformed_pause: float = 1.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row: twice as long each time."""
        return float(min(self.first_pause * 2.0 ** min(failures - 1, 20), self.longest_pause))


class Poller:
    """Long polling. It asks for the updates' raw JSON: one that the library cannot parse must not stop the others."""

    def __init__(
        self,
        bot: Bot,
        reception: Reception,
        *,
        timeout_seconds: int,
        metrics: Metrics,
        patience: Patience | None = None,
    ) -> None:
        self._bot = bot
        self._reception = reception
        self._timeout_seconds = timeout_seconds
        self._metrics = metrics
        self._patience = patience or Patience()
        self._offset: int | None = None
        self._failures = 0
        self._conflicts: tuple[float, float] | None = None  # when they began, and the last one
        self._succeeded_at = time.monotonic()
        # It would have us use Bot.getUpdates, which parses.
        warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'")

    def problem(self) -> str | None:
        """Why nothing comes in, if so: a sentence for operators."""
        silent = time.monotonic() - self._succeeded_at
        if silent <= self._timeout_seconds + _ANSWER_SECONDS + self._patience.longest_pause:
            return None
        return f"no request for updates has succeeded for {silent:.0f} s"

    async def run(self) -> None:
        """Receive until cancelled; raises `PollingConflict` when another program keeps receiving this bot's updates."""
        self._succeeded_at = time.monotonic()
        while True:
            began = time.monotonic()
            try:
                updates = await self._request()
            except Conflict as error:
                self._metrics.poll(PollOutcome.CONFLICT)
                self._bear_conflict(error)
                await asyncio.sleep(self._patience.conflict_pause)
            except RetryAfter as error:
                self._metrics.poll(PollOutcome.FAILED)
                await asyncio.sleep(wait_of(error).total_seconds())
            except TelegramError as error:
                self._metrics.poll(PollOutcome.FAILED)
                self._metrics.error(type(error).__name__)
                expected = isinstance(error, NetworkError)
                pause = self._next_pause()
                _log.warning("no updates for now, trying again in %.0f s: %s", pause, error, exc_info=not expected)
                await asyncio.sleep(pause)
            else:
                await self._take(updates)
                if not updates and time.monotonic() - began < _HASTE:
                    await asyncio.sleep(_HASTE)

    async def _take(self, updates: Sequence[object]) -> None:
        try:
            await self._reception.take(updates)
        except (DatabaseError, OSError):  # the reception has said it; nothing is acknowledged, and comes again
            self._metrics.poll(PollOutcome.NOT_STORED)
            await asyncio.sleep(self._next_pause())
            return
        self._failures = 0
        self._succeeded_at = time.monotonic()
        self._metrics.poll(PollOutcome.UPDATES if updates else PollOutcome.NOTHING)
        before, self._offset = self._offset, _offset_after(updates, self._offset)
        if updates and self._offset == before:  # nothing of it can be acknowledged: the same would come at once
            await asyncio.sleep(self._patience.malformed_pause)

    async def _request(self) -> list[object]:
        arguments: dict[str, Any] = {"timeout": self._timeout_seconds, "allowed_updates": ALLOWED_UPDATES}
        if self._offset is not None:
            arguments["offset"] = self._offset
        result: Any = await self._bot.do_api_request(
            "getUpdates", api_kwargs=arguments, read_timeout=self._timeout_seconds + _ANSWER_SECONDS
        )
        if not isinstance(result, list):
            raise NetworkError(f"expected a list of updates, got {type(result).__name__}")
        return result

    def _next_pause(self) -> float:
        self._failures += 1
        return self._patience.pause(self._failures)

    def _bear_conflict(self, error: Conflict) -> None:
        """Two programs that poll interrupt each other and get updates in turns: success now and then ends nothing."""
        now = time.monotonic()
        since, last = self._conflicts or (now, now)
        if now - last > self._patience.conflict:
            since = now
        self._conflicts = since, now
        if now - since > self._patience.conflict:
            raise PollingConflict(
                "another program receives this bot's updates: stop it, or use another token"
            ) from error
        _log.warning("another program receives this bot's updates (or did until just now): trying again")


def _offset_after(updates: Sequence[object], offset: int | None) -> int | None:
    """What acknowledges them all, also those without a number; the offset as it was if nothing tells.

    The server sends the oldest first, each with a number of its own. So one that stands m places behind number i has at
    least number i + m, and the last of n updates from `offset` on at least offset + n - 1: more than what was received
    is never acknowledged.
    """
    numbers = [
        number + len(updates) - place
        for place, update in enumerate(updates)
        if (number := update_id_of(update)) is not None
    ]
    if not numbers and offset is not None:
        return offset + len(updates)
    return max(numbers, default=offset)
