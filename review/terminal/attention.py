"""Whether a key was pressed, or only held down."""

_RELEASED = 0.12  # seconds without it: keyboards repeat a key that is held down 10 to 40 times a second


class Attention:
    """Hears every key of one keyboard."""

    def __init__(self) -> None:
        self._last: tuple[str, float] | None = None

    def held_down(self, key: str, when: float) -> bool:
        """Whether this one, at `when` (monotonic seconds), is the one before that was not let go."""
        last, self._last = self._last, (key, when)
        return last is not None and last[0] == key and when - last[1] < _RELEASED
