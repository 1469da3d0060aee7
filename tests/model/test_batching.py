"""Many awaiting callers, one batch: order, cancellation, errors, and the end."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from model.batching import MicroBatcher
from model.errors import Overloaded

pytestmark = pytest.mark.anyio


class Doubler:
    """Doubles numbers and remembers the batches; -1 spoils its batch; `hold` keeps the thread busy."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.running = 0

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.running += 1
        assert self.running == 1
        self.batches.append(list(items))
        self.go_on.wait(10)
        self.running -= 1
        if -1 in items:
            raise ValueError("cannot double -1")
        return [2 * item for item in items]


def batcher(predict: Doubler, max_batch: int = 8, wait_seconds: float = 0.002) -> MicroBatcher[int, int]:
    return MicroBatcher(predict, max_batch=max_batch, wait_seconds=wait_seconds)


async def test_each_caller_gets_its_own_result() -> None:
    double = Doubler()
    many = batcher(double)
    assert await asyncio.gather(*(many.submit(i) for i in range(50))) == [2 * i for i in range(50)]
    assert [item for batch in double.batches for item in batch] == list(range(50))  # first come, first served
    assert max(map(len, double.batches)) == 8
    many.close()


async def test_what_comes_while_a_batch_runs_goes_into_the_next_together() -> None:
    double = Doubler()
    double.go_on.clear()
    many = batcher(double, wait_seconds=0)
    first = asyncio.create_task(many.submit(1))
    while not double.batches:
        await asyncio.sleep(0.001)
    rest = [asyncio.create_task(many.submit(i)) for i in (2, 3, 4)]
    await asyncio.sleep(0.01)
    double.go_on.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert double.batches == [[1], [2, 3, 4]]
    many.close()


async def test_a_bad_item_harms_no_neighbour() -> None:
    many = batcher(Doubler())
    results = await asyncio.gather(*(many.submit(i) for i in (1, -1, 3)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], ValueError)
    assert results[2] == 6
    assert await many.submit(5) == 10  # and those that come later find it working
    many.close()


async def test_callers_that_gave_up_cost_no_work_and_harm_nobody() -> None:
    double = Doubler()
    double.go_on.clear()
    many = batcher(double, wait_seconds=0)
    running = asyncio.create_task(many.submit(1))
    while not double.batches:
        await asyncio.sleep(0.001)
    waiting = [asyncio.create_task(many.submit(i)) for i in (2, 3)]
    await asyncio.sleep(0)
    running.cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    double.go_on.set()
    assert await waiting[1] == 6
    assert double.batches == [[1], [3]]
    assert running.cancelled()
    many.close()


async def test_if_all_callers_gave_up_the_next_still_gets_its_result() -> None:
    many = batcher(Doubler(), wait_seconds=0.01)
    waiting = asyncio.create_task(many.submit(1))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await many.submit(2) == 4
    many.close()


async def test_too_few_results_are_an_error_and_nobody_waits_forever() -> None:
    many: MicroBatcher[int, int] = MicroBatcher(lambda items: [], max_batch=8, wait_seconds=0)
    async with asyncio.timeout(5):
        results = await asyncio.gather(many.submit(1), many.submit(2), return_exceptions=True)
    assert all(isinstance(result, RuntimeError) for result in results)
    many.close()


async def test_closing_lets_the_running_batch_end_and_tells_those_who_wait() -> None:
    double = Doubler()
    double.go_on.clear()
    many = batcher(double, wait_seconds=0)
    running = asyncio.create_task(many.submit(1))
    while not double.batches:
        await asyncio.sleep(0.001)
    waiting = asyncio.create_task(many.submit(2))
    await asyncio.sleep(0)
    many.close()
    double.go_on.set()
    async with asyncio.timeout(5):
        assert await running == 2
        with pytest.raises(RuntimeError):
            await waiting
        with pytest.raises(RuntimeError):
            await many.submit(3)


async def test_the_event_loop_goes_on_while_the_network_runs() -> None:
    double = Doubler()
    double.go_on.clear()
    many = batcher(double, wait_seconds=0)
    task = asyncio.create_task(many.submit(1))
    for _ in range(20):
        await asyncio.sleep(0.001)  # this would never come back if the batch ran on the loop
    assert not task.done()
    double.go_on.set()
    assert await task == 2
    many.close()


async def test_too_many_are_turned_away_and_those_who_gave_up_make_room() -> None:
    double = Doubler()
    double.go_on.clear()
    many = MicroBatcher(double, max_batch=1, wait_seconds=0, max_waiting=2)
    running = asyncio.create_task(many.submit(1))
    while not double.batches:
        await asyncio.sleep(0.001)
    waiting = [asyncio.create_task(many.submit(i)) for i in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="2 photos wait"):
        await many.submit(4)
    waiting[0].cancel()
    await asyncio.sleep(0)
    last = asyncio.create_task(many.submit(5))
    await asyncio.sleep(0)
    double.go_on.set()
    assert await asyncio.gather(running, waiting[1], last) == [2, 6, 10]
    assert double.batches == [[1], [3], [5]]
    many.close()


async def test_who_waited_too_long_is_told_and_costs_no_batch() -> None:
    double = Doubler()
    double.go_on.clear()
    many = MicroBatcher(double, max_batch=8, wait_seconds=0, deadline_seconds=0.05)
    running = asyncio.create_task(many.submit(1))
    while not double.batches:
        await asyncio.sleep(0.001)
    late = asyncio.create_task(many.submit(2))
    await asyncio.sleep(0.1)
    double.go_on.set()
    assert await running == 2  # it had begun in time
    with pytest.raises(Overloaded, match="waited"):
        await late
    assert double.batches == [[1]]
    many.close()
