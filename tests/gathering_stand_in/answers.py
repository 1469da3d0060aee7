"""What a stand-in answers: a status, and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Query = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def whole(query: Query, name: str, default: int) -> int:
    """A whole number of the query; what is none counts as the default."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() else default


def window(rows: Sequence[Any], start: int, length: int) -> list[Any]:
    return list(rows[start : start + length])
