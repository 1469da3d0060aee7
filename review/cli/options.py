"""What several commands of `bearbot review` are told in the same words."""

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from model.console import WholeNumber

_MOST = 2**63 - 1  # what the database can hold; anything else was never an item
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_LONGEST = timedelta(days=3660)


class ItemNumber(WholeNumber):
    """The number of an item."""

    name = "item"

    def __init__(self) -> None:
        super().__init__(1, _MOST, "`bearbot review list` shows the items' numbers")
        self._bounds = "from 1 on"  # where it ends is of no use to anybody


class Word(click.Choice):  # type: ignore[type-arg,unused-ignore] # generic in newer releases only
    """One of some words, however it is written; what is none of them gets the likely guess."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word as it is among the choices; anything else is wrong usage."""
        word = "_".join(re.split(r"[\s_-]+", str(value).strip().casefold()))
        if word not in self.choices:
            close = difflib.get_close_matches(word, self.choices, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            self.fail(f"{value!r} is not one of {', '.join(self.choices)}{hint}", param, ctx)
        return super().convert(word, param, ctx)


class Length(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic in newer releases only
    """A length of time such as 30m or 2h."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """A `timedelta` above zero; anything else is wrong usage."""
        if isinstance(value, timedelta):
            return value
        found = _LENGTH.fullmatch(value.strip().casefold())
        length = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta(0)
        if not timedelta(0) < length <= _LONGEST:
            self.fail(f"expected a length of time such as 30m, 2h, 3d or 1w, got {value!r}", param, ctx)
        return length


class Moment(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic in newer releases only
    """A time in ISO 8601, in UTC unless it says otherwise; or how long ago, such as 2d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware time; anything else is wrong usage."""
        if isinstance(value, datetime):
            return value
        if _LENGTH.fullmatch(value.strip().casefold()):
            return datetime.now(UTC) - Length().convert(value, param, ctx)
        try:
            found = datetime.fromisoformat(value.strip())
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"expected a time such as 2026-11-24T12:00 (UTC), or 2d for two days ago, got {value!r}", param, ctx
            )


item_argument = click.argument("item_id", metavar="ID", type=ItemNumber())
items_argument = click.argument("item_ids", metavar="ID...", nargs=-1, required=True, type=ItemNumber())
as_option = click.option("--as", "name", metavar="NAME", help="Who you are.  [default: your login name]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
seconds_option = click.option(
    "--seconds", type=click.FloatRange(0, 86_400), metavar="S", help="How long you looked at it, for the statistics."
)


def reviewer_name(given: str | None) -> str:
    """Who reviews; the login name unless told otherwise."""
    import getpass

    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise click.UsageError("your login name is unknown here: say who you are with --as NAME") from None
