"""What is recorded together: everything once, in order, and a failure is for those whose it is."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot import work
from bot.work import Together
from review.errors import DatabaseError

pytestmark = pytest.mark.anyio


async def test_what_comes_while_others_are_recorded_goes_in_one() -> None:
    batches: list[list[int]] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def record(some: Sequence[int]) -> None:
        batches.append(list(some))
        first_is_in.set()
        assert go_on.wait(10)

    together = Together(record)
    calls = [asyncio.create_task(together.record(0))]
    await asyncio.to_thread(first_is_in.wait, 10)
    calls += [asyncio.create_task(together.record(number)) for number in range(1, 40)]
    await asyncio.sleep(0)
    assert not any(call.done() for call in calls)
    go_on.set()
    await asyncio.gather(*calls)
    assert batches == [[0], list(range(1, 40))]


async def test_a_mistake_reaches_who_waits_and_the_next_are_recorded() -> None:
    recorded: list[int] = []

    def record(some: Sequence[int]) -> None:
        if -1 in some:
            raise ValueError("a mistake")
        recorded.extend(some)

    together = Together(record)
    with pytest.raises(ValueError, match="a mistake"):
        await together.record(-1)
    await together.record(1)
    assert recorded == [1]


async def test_a_database_that_refuses_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LONGEST_PAUSE", 0.01)
    attempts: list[Sequence[int]] = []

    def record(some: Sequence[int]) -> None:
        attempts.append(some)
        if len(attempts) < 3:
            raise DatabaseError("database or disk is full")

    await Together(record).record(7)
    assert attempts == [[7]] * 3


async def test_who_was_cancelled_meanwhile_holds_up_nobody() -> None:
    go_on = threading.Event()
    together: Together[int] = Together(lambda some: assert_true(go_on.wait(10)))
    one, other = (asyncio.create_task(together.record(number)) for number in (1, 2))
    await asyncio.sleep(0.05)
    one.cancel()
    go_on.set()
    await other
    assert one.cancelled()


def assert_true(value: bool) -> None:
    assert value
