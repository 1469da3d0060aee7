"""The queue behind getUpdates: ids increase, an offset acknowledges, one poller at a time."""

import asyncio
import time
from collections import deque
from collections.abc import Collection

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
        self._pending: list[Json] = []
        self.emitted: deque[Json] = deque(maxlen=EMITTED_LIMIT)  # every update that there was, for tests to look at
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False
        self.allowed: frozenset[str] | None = None  # None: all but `ON_REQUEST`

    @property
    def pending(self) -> tuple[Json, ...]:
        """Updates that were not acknowledged, oldest first."""
        return tuple(self._pending)

    def push(self, kind: str, payload: Json) -> int | None:
        """Add an update; returns its id, or None when the bot did not ask for this kind."""
        if (kind in ON_REQUEST) if self.allowed is None else (kind not in self.allowed):
            return None
        update_id = self._next_id
        self._next_id += 1
        update = {"update_id": update_id, kind: payload}
        self.emitted.append(update)
        self._pending.append(update)
        self._wake()
        return update_id

    def repeat(self, update: Json) -> None:
        """Deliver an update once more, as Telegram may after a lost acknowledgement."""
        self._pending.append(update)
        self._pending.sort(key=lambda pending: int(pending["update_id"]))
        self._wake()

    def allow(self, kinds: Collection[str]) -> None:
        """Remember which kinds the bot wants; holds for updates that happen from now on."""
        self.allowed = frozenset(kinds) or None

    async def poll(self, *, offset: int, limit: int, seconds: float) -> list[Json]:
        """Acknowledge below `offset`, then wait up to `seconds` for updates; `Conflict` if another poll begins."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(
                Conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
            )
        self._acknowledge(offset)
        if self._pending or seconds <= 0 or self._closed:
            return self._pending[:limit]
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
        return self._pending[:limit]

    def drop_pending(self) -> None:
        self._pending.clear()

    def close(self) -> None:
        """Let whoever waits go home with nothing."""
        self._closed = True
        self._wake()

    def open(self) -> None:
        self._closed = False

    def _acknowledge(self, offset: int) -> None:
        if offset > 0:
            self._pending = [update for update in self._pending if update["update_id"] >= offset]
        elif offset < 0:
            self._pending = self._pending[offset:]

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
