"""Many awaiting callers, one batch: the network runs in one thread beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class MicroBatcher(Generic[Item, Result]):
    """Collects what is submitted while the last batch runs (or for `wait_seconds`) into the next batch.

    `predict_batch` gives one result for each item, in order, and is never called twice at the same time.
    """

    def __init__(
        self, predict_batch: Callable[[Sequence[Item]], Sequence[Result]], *, max_batch: int, wait_seconds: float
    ) -> None:
        self._predict_batch = predict_batch
        self._max_batch = max_batch
        self._wait_seconds = wait_seconds
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def submit(self, item: Item) -> Result:
        """The result for `item`; whatever `predict_batch` raises for this item alone is raised here."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    def close(self) -> None:
        """Let the thread end once its batch is done."""
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._max_batch:
                await asyncio.sleep(self._wait_seconds)
            batch, self._waiting = self._waiting[: self._max_batch], self._waiting[self._max_batch :]
            batch = [(item, future) for item, future in batch if not future.done()]  # callers that gave up
            if batch:
                await self._answer(batch)

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._predict_batch, [item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"expected {len(batch)} results of the batch, got {len(results)}")
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller whose item caused it
            if len(batch) > 1:  # one bad item must not cost its neighbours their answers
                for single in batch:
                    if not single[1].done():
                        await self._answer([single])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
