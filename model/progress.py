"""How far a long stage is, shown by whoever wants to show it."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

# (name of the stage, things to walk through) -> the same things, one by one (tqdm, say).
Progress = Callable[[str, Sequence[Any]], Iterable[Any]]

# The same for one stage over files: takes them, yields them.
Walk = Callable[[Sequence[Path]], Iterable[Path]]


def silent(_name: str, things: Sequence[Any]) -> Iterable[Any]:
    """No progress shown."""
    return things


def progress_bars() -> Progress:
    """Progress bars on stderr; silent where stderr is no terminal."""
    from tqdm import tqdm

    def bar(name: str, things: Sequence[Any]) -> Iterable[Any]:
        return tqdm(things, desc=name, disable=None, leave=False)

    return bar


def file_bar(name: str) -> Walk:
    """One such bar, over files."""
    from tqdm import tqdm

    return lambda paths: tqdm(paths, desc=name, unit="file", disable=None, leave=False)
