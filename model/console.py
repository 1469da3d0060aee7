"""How commands speak: expected failures in one line, results for machines alone on stdout."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")


class WholeNumber(click.IntRange):
    """A whole number within bounds; `hint` says where to find the right one. click itself says "integer range"."""

    def __init__(self, least: int, most: int, hint: str | None = None) -> None:
        super().__init__(least, most)
        self._bounds = f"from {least} to {most}"
        self._hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; anything else is wrong usage, told in one sentence."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            hint = f": {self._hint}" if self._hint else ""
            self.fail(f"expected a whole number {self._bounds}, got {str(value)!r}{hint}", param, ctx)


def note(text: str) -> None:
    """A line for people, on stderr: it never mixes with results on stdout."""
    click.echo(text, err=True)


def print_json(row: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    # Escaped, so that neither the terminal's encoding nor a file name that is no text can break a machine's line.
    click.echo(json.dumps(row, allow_nan=False))


def printable(text: str) -> str:
    """On one line, without commands to the terminal, and fit for its encoding whatever bytes a name is made of."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def aligned(rows: Sequence[Sequence[str]], widths: Sequence[int] = ()) -> str:
    """Rows of cells as lines of columns, each as wide as its widest cell, or as `widths` says."""
    widths = widths or [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


@contextmanager
def one_line_errors(*expected: type[Exception]) -> Iterator[None]:
    """Exceptions of these classes end the program with `error: ...` on stderr and the exit status of `status_of`."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read our output has gone (`| head`): click ends the program quietly
    except expected as error:
        note(f"error: {error}")
        sys.exit(status_of(error))


def status_of(error: Exception) -> int:
    """The exit status for an expected failure: 2 for a wrong setting, which is wrong usage, 1 for all others."""
    from model.errors import SettingsError

    return 2 if isinstance(error, SettingsError) else 1


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command of `model`: its expected failures become one line and exit status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from model.errors import ModelError

        with one_line_errors(ModelError, OSError):  # a folder that cannot be written, a full disk
            return command(*args, **kwargs)

    return wrapped
