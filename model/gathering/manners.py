"""How a guest behaves: few connections at once, pauses between requests, and away when a host asks for it."""

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version

from model.errors import GatheringError, Stopped

_GLANCE_SECONDS = 0.2  # how soon a wait sees that it was told to stop
_CONTACT = re.compile(r"[!-'*-~][ -'*-~]{2,199}")  # of ASCII, without brackets: it stands between two


@dataclass(frozen=True)
class Manners:
    """How one host is asked."""

    connections: int  # at once
    pause_seconds: float  # between the beginnings of two requests
    attempts: int  # of one request; the first counts
    first_backoff_seconds: float = 1.0  # doubles with every attempt
    given_up_after: int = 3  # requests in a row that failed for good
    longest_wait_seconds: float = 120.0  # a host that wants to be left alone for longer is


# What sources ask of programs: Wikimedia for no two requests at once, iNaturalist for one a second.
API_MANNERS = Manners(connections=1, pause_seconds=1.0, attempts=4)
# Wikimedia's robot policy wants no more than two connections to its pictures; nobody is known to want fewer.
PICTURE_MANNERS = Manners(connections=2, pause_seconds=0.1, attempts=3)


class Unwelcome(GatheringError):
    """A host is not asked: it wants to be left alone for longer than anybody waits here, or it failed too often."""


@dataclass
class _Door:
    """What is known of one host."""

    free: threading.BoundedSemaphore
    opens: float = float("-inf")  # when the next request may begin
    failures: int = 0  # in a row


class Turns:
    """Lets requests to a host begin one after the other, as `manners` has it; for many threads and hosts at once.

    `stop` ends all waits. `clock` counts seconds; `wait` waits for so many, and says whether it was told to stop.
    """

    def __init__(
        self,
        manners: Manners,
        stop: threading.Event,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self.manners = manners
        self._stop = stop
        self._clock = clock
        self._wait = wait or stop.wait
        self._doors: dict[str, _Door] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Waits until `host` may be asked; it counts as asked until the block ends. Raises `Unwelcome`, `Stopped`."""
        door = self._door(host)
        while not door.free.acquire(timeout=_GLANCE_SECONDS):
            self._look()
        try:
            while (seconds := self._ahead(host, door)) > 0:
                if self._wait(seconds):
                    raise Stopped("told to stop")
            self._look()
            yield
        finally:
            door.free.release()

    def hold(self, host: str, seconds: float) -> None:
        """Nobody is to ask `host` for so long."""
        door = self._door(host)
        with self._lock:
            door.opens = max(door.opens, self._clock() + seconds)

    def back_off(self, host: str, attempt: int, *, asked: float | None = None) -> None:
        """After the `attempt`-th failure (from 1) in a row: hold for as long as the host asked, or twice as long each.

        Half of that is chance, or else all who failed together would come back together.
        """
        if asked is None:
            whole = self.manners.first_backoff_seconds * 2 ** (attempt - 1)
            whole = min(whole, self.manners.longest_wait_seconds)
            asked = whole / 2 + random.uniform(0, whole / 2)  # noqa: S311 - a pause is no secret
        self.hold(host, asked)

    def ended(self, host: str, *, well: bool) -> None:
        """A request to `host` came to its end, after all attempts. Who fails time and again is not asked any more."""
        door = self._door(host)
        with self._lock:
            door.failures = 0 if well else door.failures + 1

    def _ahead(self, host: str, door: _Door) -> float:
        """Seconds until the next request may begin; at 0 it does, and the pause after it is taken."""
        with self._lock:
            now = self._clock()
            seconds = door.opens - now
            if seconds > self.manners.longest_wait_seconds:
                raise Unwelcome(f"{host} asks to come back in {spoken(seconds)}")
            if door.failures >= self.manners.given_up_after:
                raise Unwelcome(f"{host} failed {door.failures} times in a row and is not asked again in this run")
            if seconds <= 0:
                door.opens = now + self.manners.pause_seconds
            return max(0.0, seconds)

    def _look(self) -> None:
        if self._stop.is_set():
            raise Stopped("told to stop")

    def _door(self, host: str) -> _Door:
        with self._lock:
            door = self._doors.get(host)
            if door is None:
                door = self._doors[host] = _Door(threading.BoundedSemaphore(self.manners.connections))
            return door


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, from its seconds or its date (RFC 9110, 10.2.3); None if neither."""
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):  # what the parser of dates raises for what is none
        return None
    if date.tzinfo is None:  # "-0000": of no known zone, and HTTP knows one only
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def user_agent(contact: str | None) -> str:
    """Who asks, as Wikimedia's policy wants it: the program, whom to write to (an address or a page), the library.

    Raises `GatheringError` for a contact that no header can hold.
    """
    if contact is not None and not _CONTACT.fullmatch(contact):
        raise GatheringError(
            f"DATA_CONTACT: expected an e-mail address or the address of a page, got {contact!r}: "
            "it is sent to the hosts of pictures, so that they can write to you"
        )
    middle = f" (+{contact})" if contact else ""
    return f"bearbot/{version('bearbot')}{middle} requests/{version('requests')}"


def spoken(seconds: float) -> str:
    """ "45 seconds", "20 minutes", "3 hours", "2 days": rounded up."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{-(-seconds // size):.0f} {unit}s"
    whole = max(1, int(-(-seconds // 1)))
    return f"{whole} second{'s' if whole > 1 else ''}"
