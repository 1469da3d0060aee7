"""Work in hand: tasks that loops begin and that outlive the loop's own cancelling for a bounded time."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from review.errors import DatabaseError

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0  # seconds
_TOGETHER = 0.01  # seconds

T = TypeVar("T")
Id = TypeVar("Id", bound=Hashable)


class WorkInHand(Generic[Id]):
    """Tasks by the id of what they work on, and an event that says when to look for more."""

    def __init__(self) -> None:
        self._tasks: dict[Id, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._looked_at = time.monotonic()
        self._failure: BaseException | None = None

    def __iter__(self) -> Iterator[Id]:
        return iter(list(self._tasks))

    def begin(self, id: Id, work: Coroutine[object, object, None]) -> None:
        """Run `work`; when it ends it is time to look for more."""
        task = self._tasks[id] = asyncio.create_task(work)

        def forget(task: asyncio.Task[None]) -> None:
            del self._tasks[id]
            if not task.cancelled():
                self._failure = self._failure or task.exception()
            self.wake()

        task.add_done_callback(forget)

    def idle_seconds(self) -> float:
        """How long ago its loop looked for more; a loop that hangs does not look."""
        return time.monotonic() - self._looked_at

    def wake(self) -> None:
        """There is something new to look for."""
        self._wake.set()

    async def news(self, seconds: float) -> None:
        """Wait until `wake` was called since the last time, for at most `seconds`.

        Raises what a task raised: work that can neither be done nor be recorded as failed (a full disk, say) must end
        the program, not be repeated for ever.
        """
        self._looked_at = time.monotonic()
        with suppress(TimeoutError):  # others (another process, a retry that is due) do not call `wake`
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        if self._tasks:  # under load news comes often: what comes within a moment is looked for together
            await asyncio.sleep(_TOGETHER)
        self._wake.clear()
        if self._failure is not None:
            raise self._failure

    async def finish(self, seconds: float) -> None:
        """Let all end, for at most `seconds`; then cancel what is left."""
        if self._tasks:
            _, unfinished = await asyncio.wait(list(self._tasks.values()), timeout=seconds)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        if self._failure is not None:
            _log.error("work in hand failed while the bot was stopping", exc_info=self._failure)


class Together(Generic[T]):
    """Many callers, each with one thing to record; all that came while others were recorded go in one transaction.

    `record` runs in a thread, with what to record in the order in which it came.
    """

    def __init__(self, record: Callable[[Sequence[T]], None]) -> None:
        self._record = record
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def record(self, one: T) -> None:
        """Returns when it is recorded; raises what `record` raised, but waits for a database that refuses."""
        recorded = asyncio.get_running_loop().create_future()
        self._waiting.append((one, recorded))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        await recorded

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await until_done(partial(self._record, [one for one, _ in batch]))
            except Exception as error:  # noqa: BLE001 - it is for those who wait
                outcome: Exception | None = error
            else:
                outcome = None
            for _, recorded in batch:
                if recorded.done():  # who waited was cancelled
                    continue
                if outcome is None:
                    recorded.set_result(None)
                else:
                    recorded.set_exception(outcome)


async def until_done(work: Callable[[], T]) -> T:
    """Run `work` in a thread, again and again while the database refuses (the disk is full, say).

    What it is to record has happened already: to give up would have it happen once more.
    """
    pause = 0.0
    while True:
        try:
            return await asyncio.to_thread(work)
        except DatabaseError as error:
            if not pause:
                _log.error("the database does not do what it should, trying again until it does", exc_info=error)
        pause = min(2 * pause or 1.0, _LONGEST_PAUSE)
        await asyncio.sleep(pause)
