"""How fast it goes: photos done, time for each, and how long the next one let itself be waited for."""

import statistics
from collections import deque
from dataclasses import dataclass, field

_RECENT = 20  # photos whose times make the rate: what went before a pause says little of now


@dataclass
class Pace:
    """Figures of one sitting; all times in seconds."""

    done: int = 0
    waits: list[float] = field(default_factory=list)
    """from each key until the next photo was on the screen"""

    _looked: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def add(self, seconds: float) -> None:
        """One more photo, looked at for so long."""
        self.done += 1
        self._looked.append(seconds)

    def take_back(self) -> None:
        """One photo fewer."""
        self.done = max(self.done - 1, 0)

    @property
    def seconds_each(self) -> float | None:
        """How long a photo takes, of late; None: nothing was looked at yet."""
        return statistics.fmean(self._looked) if self._looked else None

    @property
    def a_minute(self) -> float | None:
        """Photos in a minute, of late."""
        each = self.seconds_each
        return 60 / each if each else None

    def summary(self) -> str:
        """For the end, in lines of at most 80 characters."""
        if not self.done:
            return "No photo was labelled."
        each = f", {self.seconds_each:.1f} s each" if self.seconds_each is not None else ""
        text = f"{self.done} photo{'s' if self.done > 1 else ''}{each}. Thank you!"
        if self.waits:
            ordered = sorted(self.waits)
            middle = 1000 * statistics.median(ordered)
            late = 1000 * ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
            text += f"\nThe next photo was there after {middle:.0f} ms, 95 in 100 after {late:.0f} ms at most."
        return text
