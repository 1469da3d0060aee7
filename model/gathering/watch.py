"""How long one exchange may take and how much may come: asked by its socket before every wait.

A timeout of a socket starts anew with every byte. Whoever sends one byte a second, of headers too, is never too late
for it; so time, bytes and pace are counted here, where the bytes come in.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from model.errors import Stopped
from model.gathering.drops import DownloadRefused, DropReason

_GLANCE_SECONDS = 0.2  # how soon a wait sees that it was told to stop
_HEADER_BYTES = 1_000_000  # what may come besides the body: headers, and the lengths of chunks


@dataclass(frozen=True)
class FetchLimits:
    """What one answer may take."""

    max_bytes: int
    total_seconds: float = 120.0  # a photo of 20 MB comes in that time at 1.3 Mbit/s
    connect_seconds: float = 10.0  # for each of the host's addresses
    silence_seconds: float = 30.0  # in which nothing comes; searches take their time
    least_pace: int = 1_000  # bytes a second, over `pace_seconds` since the last such look
    pace_seconds: float = 10.0


class Watch:
    """One exchange with one host, from connecting to the last byte of its answer. Belongs to one thread."""

    def __init__(
        self, host: str, limits: FetchLimits, stop: Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.host = host
        self.limits = limits
        self._stop = stop
        self._clock = clock
        self._began = self._heard = clock()
        self._bytes = 0
        self._looked: tuple[float, int] | None = None  # when the pace was last looked at, and the bytes until then

    def age(self) -> float:
        """Seconds since it began."""
        return self._clock() - self._began

    def patience(self, until: float | None = None) -> float:
        """How many seconds to wait before asking again; `until` (of the clock) ends this wait at the latest.

        Raises `Stopped`, and `DownloadRefused` when it took too long or what comes is too little.
        """
        if self._stop.is_set():
            raise Stopped("told to stop")
        now, limits = self._clock(), self.limits
        if now - self._began >= limits.total_seconds:
            raise self._too_slow(f"did not finish within {limits.total_seconds:.0f} seconds")
        if now - self._heard >= limits.silence_seconds:
            raise self._too_slow(f"said nothing for {limits.silence_seconds:.0f} seconds")
        self._look_at_pace(now)
        ends = [self._began + limits.total_seconds, self._heard + limits.silence_seconds]
        if until is not None:
            ends.append(until)
        return max(0.001, min(_GLANCE_SECONDS, min(ends) - now))

    def deadline(self, seconds: float) -> float:
        """The clock's time in so many seconds."""
        return self._clock() + seconds

    def expired(self, deadline: float) -> bool:
        """Whether the clock has reached it."""
        return self._clock() >= deadline

    def connected(self) -> None:
        """The other side is there: silence counts from now."""
        self._heard = self._clock()

    def received(self, count: int) -> None:
        """So many bytes came. Raises `DownloadRefused` if those are too many, whatever was said of their number."""
        self._heard = self._clock()
        self._bytes += count
        if self._bytes > self.limits.max_bytes + _HEADER_BYTES:
            raise DownloadRefused(
                DropReason.TOO_LARGE,
                f"{self.host} sends more than the {self.limits.max_bytes:,} bytes that are accepted",
            )
        if self._looked is None:
            self._looked = (self._heard, 0)
        self._look_at_pace(self._heard)

    def _look_at_pace(self, now: float) -> None:
        if self._looked is None:  # nothing came yet: that is silence
            return
        since, bytes_then = self._looked
        if now - since < self.limits.pace_seconds:
            return
        pace = (self._bytes - bytes_then) / (now - since)
        if pace < self.limits.least_pace:
            raise self._too_slow(f"sends {pace:,.0f} bytes a second; at least {self.limits.least_pace:,} are needed")
        self._looked = (now, self._bytes)

    def _too_slow(self, what: str) -> DownloadRefused:
        return DownloadRefused(DropReason.TOO_SLOW, f"{self.host} {what}")
