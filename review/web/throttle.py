"""Slows down whoever tries login tokens: tokens cannot be guessed, but trying costs everybody."""

import time
from collections import deque
from collections.abc import Callable

WINDOW = 60.0  # seconds
PER_ADDRESS = 10  # failed tries in a window
ALTOGETHER = 2000  # high: else strangers could keep everybody out
_ADDRESSES = 10_000  # remembered at most


class Throttle:
    """Counts failed tries, by address and altogether."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def wait(self, address: str) -> float:
        """How many seconds this address must wait before it may try again; 0: it may."""
        now = self._clock()
        waits = [0.0]
        for tries, most in ((self._failed.get(address, deque()), PER_ADDRESS), (self._all, ALTOGETHER)):
            while tries and now - tries[0] >= WINDOW:
                tries.popleft()
            if len(tries) >= most:
                waits.append(WINDOW - (now - tries[0]))
        return max(waits)

    def failed(self, address: str) -> None:
        """It tried a token that opens nothing."""
        if len(self._failed) >= _ADDRESSES:
            self._failed.clear()  # so many at once are caught by the count of all
        self._failed.setdefault(address, deque()).append(self._clock())
        self._all.append(self._clock())

    def succeeded(self, address: str) -> None:
        """What it mistyped before is forgiven."""
        self._failed.pop(address, None)
