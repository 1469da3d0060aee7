"""What strangers wrote, HTML or not, as one line of plain text."""

import unicodedata
from html.parser import HTMLParser

_MAX_READ = 8_000  # characters; names and titles are short, and parsing takes time
_MAX_LENGTH = 200
_JOINERS = "\u200c\u200d"  # of the format characters those that spelling needs
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
# Between their neighbours no space is shown; between those of all other tags one is.
_IN_LINE = frozenset({"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "mark", "q", "s"})
_IN_LINE |= {"small", "span", "strong", "sub", "sup", "tt", "u"}

Attributes = list[tuple[str, str | None]]


def plain_line(text: str) -> str:
    """`text` without markup, on one line, at most 200 characters; "" if nothing is left.

    Scripts, styles and what is not displayed vanish, as do control characters, among them those that turn the
    direction of writing, and half characters. What is left may still hold characters that mean something in Markdown
    or HTML ("&lt;" was "<"): who writes it there escapes it.
    """
    reader = _Reader()
    try:
        reader.feed(text[:_MAX_READ])
        reader.close()
    except AssertionError:
        pass  # html.parser's way to refuse declarations that it does not know; what was read before it stays
    line = " ".join("".join(map(_kept, "".join(reader.pieces))).split())
    return line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 1].rstrip() + "…"


def _kept(character: str) -> str:
    """The character, a space in place of those that part words, or nothing."""
    if character.isspace():
        return " "
    return character if unicodedata.category(character)[0] != "C" or character in _JOINERS else ""


class _Reader(HTMLParser):
    """Collects the text that a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden: str | None = None  # the tag whose content is not shown
        self._depth = 0  # of tags of that name in it

    def handle_starttag(self, tag: str, attributes: Attributes) -> None:
        if self._hidden is None and (tag in _UNSEEN or _is_hidden(attributes)):
            self._hidden, self._depth = tag, 1
        elif self._hidden == tag:
            self._depth += 1
        self._part(tag)

    def handle_startendtag(self, tag: str, attributes: Attributes) -> None:
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden == tag:
            self._depth -= 1
            if not self._depth:
                self._hidden = None
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden is None:
            self.pieces.append(data)

    def _part(self, tag: str) -> None:
        if tag not in _IN_LINE:
            self.pieces.append(" ")


def _is_hidden(attributes: Attributes) -> bool:
    """Commons writes "Unknown author" a second time where it is not displayed."""
    style = dict(attributes).get("style") or ""
    return "display:none" in "".join(style.split()).casefold()
