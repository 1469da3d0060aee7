"""Whether the database lets itself be waited for, so that the reviewer knows that nothing is lost."""

from dataclasses import dataclass

from review.terminal.desk import Desk

_SLOW = 0.7  # seconds after which it is said


@dataclass(frozen=True)
class Late:
    """How many answers are not saved yet, and what to tell the reviewer."""

    unsaved: int
    sentence: str


class Patience:
    """Looks at a desk several times a second."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._since: float | None = None

    def late(self, now: float) -> Late | None:
        """None as long as what is waited for began less than a moment before `now` (monotonic seconds)."""
        if not self._desk.unsaved and self._desk.trouble is None:
            self._since = None
        elif self._since is None:
            self._since = now
        if self._since is None or now - self._since <= _SLOW:
            return None
        unsaved = len(self._desk.unsaved)
        kept = f"{unsaved} answer{'s are' if unsaved != 1 else ' is'} kept and saved as soon as it can be"
        return Late(unsaved, f"{self._desk.trouble or 'The database is busy'}; {kept}")
