"""How far a long stage is, shown by whoever wants to show it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

# (name of the stage, things to walk through) -> the same things, one by one (tqdm, say).
Progress = Callable[[str, Sequence[Any]], Iterable[Any]]


def silent(_name: str, things: Sequence[Any]) -> Iterable[Any]:
    """No progress shown."""
    return things
