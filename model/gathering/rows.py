"""Answers of sources, which may hold anything, read field by field."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from model.errors import SourceError
from model.gathering.plain_text import plain_line

_MAX_ADDRESS = 2_000
_FIELD = re.compile(r"\w{1,30}", re.ASCII)

Row = Mapping[str, Any]


def rows_at(answer: Any, *path: str, source: str) -> list[Row]:
    """The rows of the list at `path` in an answer; what is no row is left out.

    Raises `SourceError` if there is no such list, saying what came in its place.
    """
    found = answer
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise SourceError(
            f"{source}: expected an answer with a list `{'.'.join(path)}`, got {_described(answer)}: "
            f"try again later, or gather from the other sources"
        )
    return [row for row in found if isinstance(row, Mapping)]


def row_at(answer: Any, *, source: str) -> Row:
    """The answer, if it is an object. Raises `SourceError` otherwise."""
    if not isinstance(answer, Mapping):
        raise SourceError(
            f"{source}: expected an object, got {_described(answer)}: try again later, or gather from the other sources"
        )
    return answer


def line(value: Any) -> str | None:
    """A text as one line without markup; None for what is no text, or an empty one."""
    return (plain_line(value) or None) if isinstance(value, str) else None


def identifier(value: Any) -> str | None:
    """A text or a whole number that names something, as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return line(value)


def whole(value: Any) -> int | None:
    """A whole number above zero, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def web_address(value: Any) -> str | None:
    """An absolute address of the web, None for anything else: other schemes, no host, spaces, user names."""
    if not isinstance(value, str) or len(value) > _MAX_ADDRESS:
        return None
    address = f"https:{value}" if value.startswith("//") else value
    if not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        fit = parts.scheme.casefold() in ("http", "https") and parts.hostname and "@" not in parts.netloc
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    return address if fit else None


def _described(answer: Any) -> str:
    """What came, without repeating texts of strangers: they may be long, and may repeat what was sent."""
    if isinstance(answer, Mapping):
        fields = [key for key in answer if isinstance(key, str) and _FIELD.fullmatch(key)][:5]
        return f"an object with {', '.join(fields)}" if fields else "an empty object"
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(answer), "a number")
