"""Threads that fetch: all is done once, no more is in hand than is allowed, and nothing is lost."""

import threading
import time

import pytest

from model.errors import Stopped
from model.gathering.crew import Crew


def test_everything_is_done_once() -> None:
    things = iter(range(500))
    crew = Crew(lambda: next(things, None), lambda thing: -thing, size=8, name="test")
    crew.have_in_hand(20)
    done = []
    for result in crew.results():
        done.append(result)
        crew.have_in_hand(20)
    assert sorted(done) == sorted(-thing for thing in range(500))


def test_no_more_is_in_hand_than_is_allowed() -> None:
    things = iter(range(100))
    begun: list[int] = []

    def do(thing: int) -> int:
        begun.append(thing)
        return thing

    crew = Crew(lambda: next(things, None), do, size=8, name="test")
    crew.have_in_hand(3)
    results = crew.results()
    for done in range(1, 20):
        next(results)
        time.sleep(0.005)
        assert len(begun) <= done + 2
        crew.have_in_hand(3)


def test_it_ends_when_no_more_is_allowed() -> None:
    crew = Crew(lambda: 1, lambda thing: thing, size=3, name="test")
    assert list(crew.results()) == []
    crew.have_in_hand(5)
    assert list(crew.results()) == [1] * 5
    crew.dismiss()


def test_only_one_thread_takes_at_a_time() -> None:
    taking = threading.Lock()
    things = iter(range(100))

    def take() -> int | None:
        assert taking.acquire(blocking=False)
        time.sleep(0.001)
        taking.release()
        return next(things, None)

    crew = Crew(take, lambda thing: thing, size=8, name="test")
    crew.have_in_hand(100)
    assert len(list(crew.results())) == 100


def test_a_bug_is_raised_where_somebody_listens() -> None:
    crew = Crew(lambda: 0, lambda thing: 1 // thing, size=2, name="test")
    crew.have_in_hand(2)
    with pytest.raises(ZeroDivisionError):
        list(crew.results())


def test_who_is_stopped_ends_without_a_word() -> None:
    def do(thing: int) -> int:
        raise Stopped("told to stop")

    crew = Crew(lambda: 1, do, size=3, name="test")
    crew.have_in_hand(3)
    assert list(crew.results()) == []


def test_whoever_is_dismissed_ends() -> None:
    before = set(threading.enumerate())
    things = iter([1, 2, 3])
    crew = Crew(lambda: next(things, None), lambda thing: thing, size=6, name="test")
    crew.have_in_hand(2)
    next(crew.results())
    things = iter([])
    crew.dismiss()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
