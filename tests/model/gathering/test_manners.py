"""How hosts are asked: pauses, few at once, away when told to."""

import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import GatheringError, Stopped
from model.gathering.manners import API_MANNERS, PICTURE_MANNERS, Manners, Turns, Unwelcome, retry_after, spoken
from model.gathering.manners import user_agent as agent

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HOST = "pictures.example:443"


@dataclass
class FakeTime:
    """Time passes by waiting only."""

    now: float = 1000.0
    waits: int = 0

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        assert seconds > 0
        self.now += seconds
        self.waits += 1
        return False


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


def turns(clock: FakeTime, manners: Manners) -> Turns:
    return Turns(manners, threading.Event(), clock=clock.clock, wait=clock.wait)


def ask(host_turns: Turns, clock: FakeTime, host: str = HOST) -> float:
    """When a request to `host` begins."""
    with host_turns.turn(host):
        return clock.now


def test_requests_to_one_host_begin_with_pauses_between_them_and_hosts_do_not_wait_for_each_other(
    clock: FakeTime,
) -> None:
    asked = turns(clock, Manners(connections=3, pause_seconds=1.0, attempts=1))
    assert [ask(asked, clock) for _ in range(4)] == [1000, 1001, 1002, 1003]
    assert ask(asked, clock, "other.example:443") == 1003


def test_the_pause_counts_from_the_beginning_of_the_last_request(clock: FakeTime) -> None:
    asked = turns(clock, Manners(connections=1, pause_seconds=1.0, attempts=1))
    with asked.turn(HOST):
        clock.now += 5
    assert ask(asked, clock) == 1005


def test_a_host_that_wants_to_be_left_alone_is(clock: FakeTime) -> None:
    asked = turns(clock, Manners(connections=2, pause_seconds=0.0, attempts=3, longest_wait_seconds=60))
    asked.back_off(HOST, 1, asked=42.0)
    asked.back_off(HOST, 1, asked=7.0)  # somebody else's answer does not shorten it
    assert ask(asked, clock) == 1042
    asked.back_off(HOST, 1, asked=60.0)
    assert ask(asked, clock) == 1102


def test_who_wants_to_be_left_alone_for_too_long_is_not_waited_for_and_the_reason_says_how_long(
    clock: FakeTime,
) -> None:
    asked = turns(clock, Manners(connections=2, pause_seconds=0.0, attempts=3, longest_wait_seconds=60))
    asked.back_off(HOST, 1, asked=3 * 3600.0)
    with pytest.raises(Unwelcome, match=r"pictures\.example:443 asks to come back in 3 hours"):
        ask(asked, clock)
    assert clock.waits == 0
    clock.now += 3 * 3600 - 60
    assert ask(asked, clock) == 1000 + 3 * 3600


@given(attempt=st.integers(1, 30))
def test_a_failure_is_waited_off_twice_as_long_each_time_half_of_it_by_chance_and_never_too_long(attempt: int) -> None:
    clock = FakeTime()
    asked = turns(clock, Manners(1, 0.0, 5, first_backoff_seconds=1.0, longest_wait_seconds=60))
    asked.back_off(HOST, attempt)
    whole = min(60.0, 2.0 ** (attempt - 1))
    assert whole / 2 <= ask(asked, clock) - 1000 <= whole + 1e-6


def test_all_who_failed_together_do_not_come_back_together() -> None:
    clocks = [FakeTime() for _ in range(20)]
    for clock in clocks:
        asked = turns(clock, Manners(1, 0.0, 5))
        asked.back_off(HOST, 3)
        ask(asked, clock)
    assert len({clock.now for clock in clocks}) == 20


def test_a_host_that_fails_time_and_again_is_given_up_and_one_success_makes_good(clock: FakeTime) -> None:
    asked = turns(clock, Manners(1, 0.0, 1, given_up_after=3))
    for well in (False, False, True, False, False):
        asked.ended(HOST, well=well)
        ask(asked, clock)
    asked.ended(HOST, well=False)
    with pytest.raises(Unwelcome, match="failed 3 times in a row"):
        ask(asked, clock)
    ask(asked, clock, "other.example:443")


@pytest.mark.parametrize("manners", [API_MANNERS, PICTURE_MANNERS])
def test_never_more_than_allowed_are_at_one_host_at_once_whoever_fails(manners: Manners) -> None:
    asked = Turns(Manners(manners.connections, 0.0, 1), threading.Event())
    inside, most, lock = 0, 0, threading.Lock()

    def visit() -> None:
        nonlocal inside, most
        try:
            with asked.turn(HOST):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.01)
                with lock:
                    inside -= 1
                raise OSError("the connection broke")
        except OSError:
            pass

    threads = [threading.Thread(target=visit) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == manners.connections


def test_pauses_hold_between_threads_too() -> None:
    asked = Turns(Manners(connections=8, pause_seconds=0.05, attempts=1), threading.Event())
    begun: list[float] = []

    def visit() -> None:
        with asked.turn(HOST):
            begun.append(time.monotonic())

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    begun.sort()
    # What is measured lies a little after what is kept apart.
    assert begun[-1] - begun[0] >= 7 * 0.05 - 0.02


def test_who_waits_for_a_turn_or_for_the_time_is_told_to_stop_at_once() -> None:
    stop = threading.Event()
    asked = Turns(Manners(connections=1, pause_seconds=0.0, attempts=1), stop)
    asked.hold("held.example:443", 100)
    ends: list[float] = []

    def wait(host: str) -> None:
        with pytest.raises(Stopped), asked.turn(host):
            pass
        ends.append(time.monotonic())

    with asked.turn(HOST):
        threads = [threading.Thread(target=wait, args=(host,)) for host in (HOST, "held.example:443")]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        assert not ends
        told = time.monotonic()
        stop.set()
        for thread in threads:
            thread.join(20)
    assert len(ends) == 2
    assert max(ends) - told < 2
    with pytest.raises(Stopped), asked.turn("new.example:443"):
        pass


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Tue, 01 Dec 2026 12:00:30 GMT", 30.0),
        ("Tuesday, 01-Dec-26 12:00:30 GMT", 30.0),
        ("Tue Dec  1 12:00:30 2026", 30.0),
        ("Tue, 01 Dec 2026 13:00:30 +0100", 30.0),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("1e9", None),
        ("nan", None),
        ("\u0665", None),
        ("9" * 400, None),
        ("Tue, 99 Dec 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(seconds=st.integers(0, 10**6))
def test_both_ways_to_say_it_mean_the_same(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(str(seconds), NOW) == retry_after(date, NOW) == seconds


@given(value=st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]?\w+", fullmatch=True))
def test_whatever_a_host_writes_there_is_no_failure_and_no_negative_wait(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0


def test_the_agent_is_as_wikimedia_wants_it() -> None:
    assert re.fullmatch(r"bearbot/[\d.]+ \(\+me@example\.org\) requests/[\d.]+", agent("me@example.org"))
    assert re.fullmatch(r"bearbot/[\d.]+ requests/[\d.]+", agent(None))


@pytest.mark.parametrize("contact", ["", "me\r\nX-Evil: 1", "me)", "Müller", " me@example.org", "x" * 300])
def test_a_contact_that_no_header_can_hold_is_named(contact: str) -> None:
    with pytest.raises(GatheringError, match="DATA_CONTACT"):
        agent(contact)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (90, "90 seconds"), (121, "3 minutes"), (7200, "2 hours"), (200_000, "3 days")],
)
def test_spans_are_spoken_in_units_that_people_use(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
