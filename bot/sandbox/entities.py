"""Marked stretches of a text: commands and links that Telegram finds, bold and the like that a bot asks for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entity:
    """One marked stretch; offset and length count UTF-16 units, as everywhere in the Bot API."""

    type: str
    offset: int
    length: int
    url: str | None = None  # of a text_link
    language: str | None = None  # of a pre

    def to_json(self) -> dict[str, Any]:
        extras = {"url": self.url, "language": self.language}
        return {
            "type": self.type,
            "offset": self.offset,
            "length": self.length,
            **{name: value for name, value in extras.items() if value is not None},
        }


def utf16(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_AUTOMATIC = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
)
_VERBATIM = {"code", "pre", "text_link"}


def found_in(text: str | None) -> tuple[Entity, ...]:
    """What Telegram marks by itself: commands, mentions, links."""
    return tuple(
        Entity(str(match.lastgroup), utf16(text[: match.start()]), utf16(match.group()))
        for match in _AUTOMATIC.finditer(text or "")
        if text
    )


def merged(text: str | None, asked: Iterable[Entity]) -> list[Entity]:
    """The asked-for entities and those found in the text, except inside code and links; in reading order."""
    asked = list(asked)
    closed = [(entity.offset, entity.offset + entity.length) for entity in asked if entity.type in _VERBATIM]
    found = [
        entity
        for entity in found_in(text)
        if not any(start < entity.offset + entity.length and entity.offset < end for start, end in closed)
    ]
    return sorted([*asked, *found], key=lambda entity: (entity.offset, -entity.length))
