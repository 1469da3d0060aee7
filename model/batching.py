"""Many awaiting callers, one batch: the network runs in one thread beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from model.errors import Overloaded

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    result: "asyncio.Future[Result]"
    deadline: float  # in the event loop's time


class MicroBatcher(Generic[Item, Result]):
    """Collects what is submitted while the last batch runs (or for `wait_seconds`) into the next batch.

    `predict_batch` gives one result for each item, in order, and is never called twice at the same time. First come,
    first served. At most `max_waiting` wait, and none longer than `deadline_seconds` for its batch to begin.
    """

    def __init__(
        self,
        predict_batch: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        max_batch: int,
        wait_seconds: float,
        max_waiting: int = 1024,
        deadline_seconds: float = 60.0,
    ) -> None:
        self._predict_batch = predict_batch
        self._max_batch = max_batch
        self._wait_seconds = wait_seconds
        self._max_waiting = max_waiting
        self._deadline_seconds = deadline_seconds
        self._waiting: list[_Waiting[Item, Result]] = []
        self._runner: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def submit(self, item: Item) -> Result:
        """The result for `item`; whatever `predict_batch` raises for this item alone is raised here.

        Raises `Overloaded` when too many wait already, or when this one has waited too long.
        """
        loop = asyncio.get_running_loop()
        if len(self._waiting) >= self._max_waiting:
            self._waiting = [waiting for waiting in self._waiting if not waiting.result.done()]  # who gave up
            if len(self._waiting) >= self._max_waiting:
                raise Overloaded(f"{self._max_waiting} photos wait for the model already: try again later")
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(_Waiting(item, future, loop.time() + self._deadline_seconds))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    def close(self) -> None:
        """Let the thread end once its batch is done; who still waits gets the `RuntimeError` of a thread that ended."""
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._max_batch:
                await asyncio.sleep(self._wait_seconds)
            batch = self._next_batch()
            if batch:
                await self._answer(batch)

    def _next_batch(self) -> "list[_Waiting[Item, Result]]":
        """The first that still want an answer and can have it in time; those who waited too long are told."""
        now = asyncio.get_running_loop().time()
        batch: list[_Waiting[Item, Result]] = []
        while self._waiting and len(batch) < self._max_batch:
            waiting = self._waiting.pop(0)
            if waiting.result.done():
                continue  # its caller gave up
            if waiting.deadline < now:
                waiting.result.set_exception(
                    Overloaded(f"the photo waited for the model for over {self._deadline_seconds:g} s: try again later")
                )
            else:
                batch.append(waiting)
        return batch

    async def _answer(self, batch: "list[_Waiting[Item, Result]]") -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._predict_batch, [waiting.item for waiting in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"expected {len(batch)} results of the batch, got {len(results)}")
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller whose item caused it
            if len(batch) > 1:  # one bad item must not cost its neighbours their answers
                for single in batch:
                    if not single.result.done():
                        await self._answer([single])
            elif not batch[0].result.done():
                batch[0].result.set_exception(error)
            return
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.result.done():
                waiting.result.set_result(result)
