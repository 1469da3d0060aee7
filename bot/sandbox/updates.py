"""The queue of updates: ids increase, an offset acknowledges, one receiver at a time (a poller, or the webhook)."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import Any

from bot.sandbox.errors import Conflict
from bot.sandbox.wire import Json

# What an empty allowed_updates leaves out; bots must ask for these by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
EMITTED_LIMIT = 20_000


class UpdateQueue:
    """Updates stay until an offset above their id is asked for."""

    def __init__(self, first_id: int | None = None) -> None:
        # From the clock, so that a bot that remembers yesterday's ids does not take today's for repeated ones.
        self._next_id = int(time.time()) if first_id is None else first_id
        self._pending: list[tuple[int, Any]] = []  # with the id, which a malformed update may not tell
        self._waiting: asyncio.Future[None] | None = None
        self._some = asyncio.Event()
        self._closed = False
        self.allowed: frozenset[str] | None = None  # None: all but `ON_REQUEST`
        self.emitted: deque[Json] = deque(maxlen=EMITTED_LIMIT)  # all that were well-formed, for tests to look at

    @property
    def pending(self) -> tuple[Any, ...]:
        """Updates that were not acknowledged, oldest first."""
        return tuple(update for _, update in self._pending)

    def push(self, kind: str, payload: Json) -> int | None:
        """Add an update; returns its id, or None when the bot did not ask for this kind."""
        if (kind in ON_REQUEST) if self.allowed is None else (kind not in self.allowed):
            return None
        update = {"update_id": self._next_id, kind: payload}
        self.emitted.append(update)
        return self._add(update)

    def push_malformed(self, make: Callable[[int], Any]) -> int:
        """Add what is no update as the Bot API knows it; `make` gets the id that it has in the queue."""
        return self._add(make(self._next_id))

    def repeat(self, update: Json) -> None:
        """Deliver an update once more, as Telegram may after a lost acknowledgement."""
        self._pending.append((int(update["update_id"]), update))
        self._pending.sort(key=lambda pair: pair[0])
        self._wake()

    def allow(self, kinds: Collection[str]) -> None:
        """Remember which kinds the bot wants; holds for updates that happen from now on."""
        self.allowed = frozenset(kinds) or None

    async def poll(self, *, offset: int, limit: int, seconds: float) -> list[Any]:
        """Acknowledge below `offset`, then wait up to `seconds` for updates; `Conflict` if another poll begins."""
        self.interrupt("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._acknowledge(offset)
        if self._pending or seconds <= 0 or self._closed:
            return self._first(limit)
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            async with asyncio.timeout(seconds):
                await waiting
        except TimeoutError:
            return []
        finally:
            if self._waiting is waiting:
                self._waiting = None
        return self._first(limit)

    def interrupt(self, reason: str) -> None:
        """Whoever waits in `poll` gets a `Conflict`."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Conflict(reason))

    async def next(self) -> tuple[int, Any]:
        """Wait for the oldest update; it stays until it is `delivered`."""
        while not self._pending:
            self._some.clear()
            await self._some.wait()
        return self._pending[0]

    def delivered(self, pair: tuple[int, Any]) -> None:
        """The webhook took it."""
        if pair in self._pending:
            self._pending.remove(pair)

    def drop_pending(self) -> None:
        self._pending.clear()

    def close(self) -> None:
        """Let whoever waits go home with nothing."""
        self._closed = True
        self._wake()

    def open(self) -> None:
        self._closed = False

    def _add(self, update: Any) -> int:
        update_id = self._next_id
        self._next_id += 1
        self._pending.append((update_id, update))
        self._wake()
        return update_id

    def _first(self, limit: int) -> list[Any]:
        return [update for _, update in self._pending[:limit]]

    def _acknowledge(self, offset: int) -> None:
        if offset > 0:
            self._pending = [pair for pair in self._pending if pair[0] >= offset]
        elif offset < 0:
            self._pending = self._pending[offset:]

    def _wake(self) -> None:
        self._some.set()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
