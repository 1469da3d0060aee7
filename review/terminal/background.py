"""What the screen does while it goes on: work in threads and tasks, and telling what failed."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from textual.app import App

from review.errors import DatabaseError, MayNotReview, ReviewError
from review.terminal.view import View

T = TypeVar("T")


class Background(App[None]):
    """A screen that waits for no work. `failures` says at the end what does not count, and what ended it."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.failures: list[str] = []
        # A thread for each: decoding never waits for a look at thousands of labelled photos.
        self.preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self.background = ThreadPoolExecutor(1, thread_name_prefix="background")

    def on_unmount(self) -> None:
        for pool in (self.preparing, self.background):
            pool.shutdown(wait=False, cancel_futures=True)

    def tell_wrong(self, text: str) -> None:
        """Say that something failed."""
        self.view.tell_wrong(text)

    def tell_lost(self, text: str) -> None:
        """Say that an answer does not count, now and at the end."""
        self.failures.append(text)
        self.view.tell_wrong(text)

    def end_with(self, text: str) -> None:
        """Leave, because nothing can go on; it is said at the end."""
        if not any(text in failure for failure in self.failures):
            self.failures.append(text)
        self.exit(return_code=1)

    def go(self, work: Callable[[], Awaitable[None]], *, alone: str | None = None) -> None:
        """Do it while the screen goes on; an expected failure is said. `alone` as in `start`."""
        self.start(partial(self._said_if_it_fails, work), alone=alone)

    def start(self, work: Callable[[], Awaitable[None]], *, alone: str | None = None) -> None:
        """In the background; what is called the same `alone` ends when another of it begins."""
        # Called when it begins: a coroutine that is cancelled before would be one that nobody awaited.
        self.run_worker(
            work,
            group=alone or "default",
            exclusive=alone is not None,
        )

    def go_on(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what the screen is nothing without; an expected failure ends it with a sentence."""

        async def or_end() -> None:
            try:
                await work()
            except ReviewError as error:
                self.end_with(str(error))

        self.start(or_end)

    async def _said_if_it_fails(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MayNotReview as error:
            self.end_with(str(error))
        except DatabaseError as error:  # of a read beside the queue: what the queue itself waits for is said elsewhere
            self.view.tell(str(error))
        except (ReviewError, OSError) as error:
            self.tell_wrong(str(error))

    async def in_thread(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Its result, when it is there."""
        return await asyncio.get_running_loop().run_in_executor(pool, work)
