"""Sources asked side by side: in turn, without waiting for the slow, and whoever fails is named."""

import threading
import time
from collections import Counter

import pytest

from model.errors import SourceError, Stopped
from model.gathering.side_by_side import SideBySide
from model.gathering.source import Hit
from tests.model.gathering.fakes import FakeSource, hit


def taken(hits: SideBySide, count: int | None = None) -> list[Hit]:
    found: list[Hit] = []
    while count is None or len(found) < count:
        one = hits.take()
        if one is None:
            break
        found.append(one)
    return found


def source(name: str, count: int, **options: object) -> FakeSource:
    return FakeSource([hit(str(number), name) for number in range(count)], name=name, **options)  # type: ignore[arg-type] # a test's


def test_all_hits_come_each_source_in_its_own_order() -> None:
    found = taken(SideBySide([source("one", 30), source("two", 45)], "bear", ()))
    for name, count in (("one", 30), ("two", 45)):
        assert [one.key for one in found if one.source == name] == [str(number) for number in range(count)]
    assert len(found) == 75


def test_no_source_dominates() -> None:
    found = taken(SideBySide([source("one", 500), source("two", 500), source("three", 7)], "bear", ()), 60)
    assert Counter(one.source for one in found) == {"one": 27, "two": 26, "three": 7}


def test_a_slow_source_is_waited_for_first_and_then_passed_over() -> None:
    holds = threading.Event()
    hits = SideBySide([source("slow", 3, holds=holds), source("quick", 50)], "bear", (), patience=0.3)
    began = time.monotonic()
    first = taken(hits, 10)
    waited = time.monotonic() - began
    assert {one.source for one in first} == {"quick"}
    assert 0.3 <= waited < 5  # once, not ten times
    holds.set()
    rest = taken(hits)
    assert sum(one.source == "slow" for one in rest) == 3


def test_no_more_is_asked_for_than_may_be_needed() -> None:
    one = source("one", 10_000)
    hits = SideBySide([one], "bear", ())
    taken(hits, 5)
    time.sleep(0.1)
    assert 5 <= one.given <= 30
    hits.close()
    assert hits.take() is None


def test_a_source_that_fails_is_named_and_stops_no_other() -> None:
    failing = source("failing", 2, error=SourceError("it says no"))
    hits = SideBySide([failing, source("well", 5)], "bear", ())
    assert len(taken(hits)) == 7
    assert {name: str(error) for name, error in hits.failures().items()} == {"failing": "it says no"}


def test_who_was_stopped_has_not_failed() -> None:
    hits = SideBySide([source("one", 1, error=Stopped("told to stop"))], "bear", ())
    assert len(taken(hits)) == 1
    assert hits.failures() == {}


def test_a_bug_of_a_source_is_not_lost() -> None:
    hits = SideBySide([source("one", 0, error=ZeroDivisionError("a bug"))], "bear", ())
    with pytest.raises(ZeroDivisionError, match="a bug"):
        taken(hits)


def test_many_threads_take_every_hit_once() -> None:
    hits = SideBySide([source(name, 200) for name in ("one", "two", "three")], "bear", ())
    found: list[Hit] = []
    threads = [threading.Thread(target=lambda: found.extend(taken(hits))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == len(set(found)) == 600


def test_closing_wakes_who_waits() -> None:
    holds = threading.Event()
    hits = SideBySide([source("slow", 1, holds=holds)], "bear", (), patience=60)
    found: list[Hit | None] = []
    thread = threading.Thread(target=lambda: found.append(hits.take()))
    thread.start()
    hits.close()
    thread.join(10)
    holds.set()
    assert found == [None]
