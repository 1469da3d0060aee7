"""Telegram's HTML: what a bot writes with parse_mode becomes a plain text and its entities."""

import re
from dataclasses import dataclass

from bot.sandbox.entities import Entity, utf16
from bot.sandbox.errors import BadRequest

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)?(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
_ATTRIBUTE = re.compile(r"([A-Za-z][\w-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_CHARACTER = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass(frozen=True)
class _Open:
    name: str
    offset: int
    attributes: dict[str, str]


def parse(text: str, parse_mode: str | None) -> tuple[str, tuple[Entity, ...]]:
    """The text as people see it, trimmed, with its entities; raises `BadRequest` in Telegram's words."""
    if not parse_mode:
        return trimmed(text, ())
    if parse_mode.lower() in ("markdown", "markdownv2"):
        raise BadRequest(f"the sandbox parses HTML, not {parse_mode}: send parse_mode HTML or none")
    if parse_mode.lower() != "html":
        raise BadRequest("unsupported parse_mode")
    return trimmed(*_parse_html(text))


def trimmed(text: str, entities: tuple[Entity, ...]) -> tuple[str, tuple[Entity, ...]]:
    """Cut white space at both ends, as Telegram does, and the entities to what is left."""
    kept = text.strip()
    cut = utf16(text[: len(text) - len(text.lstrip())]) if kept else 0
    end = utf16(kept)
    moved = []
    for entity in entities:
        start, stop = max(entity.offset - cut, 0), min(entity.offset - cut + entity.length, end)
        if stop > start:
            moved.append(Entity(entity.type, start, stop - start, entity.url, entity.language))
    return kept, tuple(moved)


def _parse_html(text: str) -> tuple[str, tuple[Entity, ...]]:
    plain = ""
    entities: list[Entity] = []
    nesting: list[_Open] = []
    place = 0
    while (start := text.find("<", place)) >= 0:
        plain += _unescape(text[place:start])
        offset = len(text[:start].encode())
        tag = _TAG.match(text, start)
        if tag is None:
            raise _refusal(f"Unclosed start tag at byte offset {offset}")
        place = tag.end()
        name = (tag["name"] or "").lower()
        if not tag["end"]:
            nesting.append(_opened(name, tag["attributes"], utf16(plain), offset))
            continue
        if not nesting:
            raise _refusal(f"Unexpected end tag at byte offset {offset}")
        opened = nesting.pop()
        if name and name != opened.name:
            raise _refusal(f'Unmatched end tag at byte offset {offset}, expected "</{opened.name}>", found "</{name}>"')
        entity = _entity(opened, plain, nesting)
        if entity is not None:
            entities.append(entity)
    if nesting:
        raise _refusal(f'Can\'t find end tag corresponding to start tag "{nesting[-1].name}"')
    return plain + _unescape(text[place:]), tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _opened(name: str, attributes: str, at: int, offset: int) -> _Open:
    found = {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(attributes)}
    if name == "span" and found.get("class") == "tg-spoiler":
        return _Open("span", at, found)
    if name not in _TYPES:
        raise _refusal(f'Unsupported start tag "{name}" at byte offset {offset}')
    return _Open(name, at, found)


def _entity(opened: _Open, plain: str, outer: list[_Open]) -> Entity | None:
    length = utf16(plain) - opened.offset
    if length == 0:
        return None
    kind = _TYPES.get(opened.name, "spoiler")
    if opened.name == "a":
        # A link without an address shows its text only, as Telegram does.
        url = _unescape(opened.attributes.get("href", ""))
        return (
            Entity(kind, opened.offset, length, url=url) if url.startswith(("http://", "https://", "tg://")) else None
        )
    if opened.name == "code" and outer and outer[-1].name == "pre":
        # <pre><code class="language-x"> is one block of code in that language.
        outer[-1].attributes.setdefault("class", opened.attributes.get("class", ""))
        return None
    if opened.name == "pre":
        language = opened.attributes.get("class", "").removeprefix("language-")
        return Entity(kind, opened.offset, length, language=language or None)
    return Entity(kind, opened.offset, length)


def _unescape(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1]:
            return _NAMED[match[1]]
        code = int(match[2]) if match[2] else int(match[3], 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]

    return _CHARACTER.sub(character, text)


def _refusal(reason: str) -> BadRequest:
    return BadRequest(f"can't parse entities: {reason}")
