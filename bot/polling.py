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
    """how long conflicts are borne by who is new, and how long one receives without any to be established"""

    conflict_pause: float = 5.0
    conflict_silence: float = 60.0
    """from one warning of conflicts to the next"""

    first_pause: float = 1.0
    longest_pause: float = 30.0
    malformed_pause: float = 1.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row: twice as long each time."""
        return float(min(self.first_pause * 2.0 ** min(failures - 1, 20), self.longest_pause))


class Rivalry:
    """Two programs that poll with one token interrupt each other, and get updates in turns: which of them gives way.

    Whoever has received without a conflict for longer than `Patience.conflict` is established: it warns, and goes on.
    Any other ends once conflicts have lasted that long, whatever it receives between them. Of two that are equally new,
    one ends: the conflict that ends it is the other's request, which nobody interrupts any more.
    """

    def __init__(self, patience: Patience, *, longest_answer: float) -> None:
        self._patience = patience
        self._longest_answer = longest_answer
        self._established = False
        self._quiet_since: float | None = None  # the first request that succeeded since the last conflict
        self._heard_at: float | None = None
        self._conflicts: tuple[float, float] | None = None  # when they began, and the last one
        self._warned_at: float | None = None

    def answered(self, began: float, now: float) -> None:
        """A request that began then has succeeded now."""
        self._hear(now)
        self._quiet_since = began if self._quiet_since is None else self._quiet_since
        self._settle(now)

    def bear(self, error: Conflict, now: float) -> None:
        """Another program interrupted; raises `PollingConflict` if this one is to end."""
        self._hear(now)
        self._settle(now)  # until just now nobody interrupted
        self._quiet_since = None
        since, last = self._conflicts or (now, now)
        if now - last > self._patience.conflict:
            since = now
        self._conflicts = since, now
        webhook = "webhook" in error.message.lower()  # then nothing at all comes to who asks
        goes_on = self._established and not webhook
        what = "has set a webhook for this bot" if webhook else "receives this bot's updates"
        if now - since > self._patience.conflict and not goes_on:
            raise PollingConflict(f"another program {what}: stop it, or use another token") from error
        if self._warned_at is not None and now - self._warned_at < self._patience.conflict_silence:
            return
        self._warned_at = now
        if goes_on:
            _log.warning(
                "another program receives this bot's updates too; this one was first and goes on: "
                "stop the other, or give it another token"
            )
        else:
            _log.warning(
                "another program %s (or did until just now): trying again for %.0f s", what, self._patience.conflict
            )

    def _settle(self, now: float) -> None:
        if self._quiet_since is not None and now - self._quiet_since > self._patience.conflict:
            self._established = True

    def _hear(self, now: float) -> None:
        """Who heard nothing for long may find another in its place, which has every right to it."""
        silent = now - self._heard_at if self._heard_at is not None else 0.0
        if silent > self._longest_answer + self._patience.conflict:
            self._established, self._quiet_since = False, None
        self._heard_at = now


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
        self._rivalry = Rivalry(self._patience, longest_answer=timeout_seconds + _ANSWER_SECONDS)
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
        """Receive until cancelled; raises `PollingConflict` when another program was there first, and stays."""
        self._succeeded_at = time.monotonic()
        while True:
            began = time.monotonic()
            try:
                updates = await self._request()
            except Conflict as error:
                self._metrics.poll(PollOutcome.CONFLICT)
                self._rivalry.bear(error, time.monotonic())
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
                self._rivalry.answered(began, time.monotonic())
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
