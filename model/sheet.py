"""A page of captioned pictures, written from top to bottom: PNG bytes."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _MARGIN = 1400, 30  # pixels
_GAP, _GROUP_GAP = 10, 26  # between tiles, and between groups of them
_TITLE, _HEADING, _SENTENCE, _SMALL = 34, 24, 18, 13  # pixels, of letters
_INK, _QUIET, _GROUND = "#1a202c", "#5a6676", "#eef2f6"
_FRAME = 4
_MARK_HEIGHT = 20
_LEADING = 1.35  # of lines, in letter sizes
_ELLIPSIS = "…"
# Fonts that many systems have for scripts which matplotlib's own lacks: labels are in people's languages.
_FILES_OF_OTHER_SCRIPTS = ("NotoSansCJK", "wqy-zenhei", "NotoSansDevanagari", "NotoSansThai")


@dataclass(frozen=True)
class Tile:
    """A picture as it is shown: None for one that cannot be. `mark` is a word across its foot, in `colour`."""

    picture: Image.Image | None
    caption: str = ""
    mark: str = ""
    colour: str = _QUIET


class Sheet:
    """A page. Its height is what was written."""

    def __init__(self) -> None:
        self._strips: list[Image.Image] = [_blank(_MARGIN)]

    def title(self, text: str) -> None:
        """In large letters."""
        self._write(text, _TITLE, _INK, bold=True)

    def heading(self, text: str) -> None:
        """In bold letters, with room above it."""
        self._strips.append(_blank(_HEADING - 6))
        self._write(text, _HEADING, _INK, bold=True)

    def sentence(self, text: str) -> None:
        """A paragraph in quiet letters."""
        self._write(text, _SENTENCE, _QUIET)

    def tiles(self, tiles: Sequence[Tile], side: int = 140) -> None:
        """Pictures in rows, each fitted into a square of `side` pixels."""
        self.groups([[tile] for tile in tiles], side, gap=_GAP)

    def groups(self, groups: Sequence[Sequence[Tile]], side: int = 140, gap: int = _GROUP_GAP) -> None:
        """Groups of pictures that belong together, as many beside each other as there is room for."""
        for row in _rows(groups, side, gap):
            captioned = any(tile.caption for group in row for tile in group)
            lines = max((tile.caption.count("\n") + 1 for group in row for tile in group), default=1)
            height = side + (round(lines * _SMALL * _LEADING) + 4 if captioned else 0) + _GAP
            strip = _blank(height)
            x = _MARGIN
            for group in row:
                for tile in group:
                    _put(strip, tile, x, side)
                    x += side + _GAP
                x += gap - _GAP
            self._strips.append(strip)

    def png(self) -> bytes:
        """The page."""
        height = sum(strip.height for strip in self._strips) + _MARGIN
        page = _blank(height)
        y = 0
        for strip in self._strips:
            page.paste(strip, (0, y))
            y += strip.height
        buffer = io.BytesIO()
        page.save(buffer, "PNG")
        return buffer.getvalue()

    def _write(self, text: str, size: int, colour: str, *, bold: bool = False) -> None:
        for line in _wrapped(_plain(text), size, bold=bold):
            strip = _blank(round(size * _LEADING))
            ImageDraw.Draw(strip).text((_MARGIN, 0), line, colour, _font(line, size, bold=bold))
            self._strips.append(strip)
        self._strips.append(_blank(6))


def _blank(height: int) -> Image.Image:
    return Image.new("RGB", (_WIDTH, height), "white")


def _rows(groups: Sequence[Sequence[Tile]], side: int, gap: int) -> Iterator[list[list[Tile]]]:
    """As many groups as fit into a row; one that is wider than the page is cut."""
    room = _WIDTH - 2 * _MARGIN
    most = (room + _GAP) // (side + _GAP)
    row: list[list[Tile]] = []
    taken = 0
    for group in groups:
        shown = list(group[:most])
        width = len(shown) * (side + _GAP) - _GAP
        if row and taken + gap + width > room:
            yield row
            row, taken = [], 0
        taken += width + (gap if row else 0)
        row.append(shown)
    if row:
        yield row


def _put(strip: Image.Image, tile: Tile, x: int, side: int) -> None:
    draw = ImageDraw.Draw(strip)
    draw.rectangle((x, 0, x + side - 1, side - 1), fill=_GROUND)
    if tile.picture is None:
        draw.line((x + side * 0.3, side * 0.3, x + side * 0.7, side * 0.7), _QUIET, 3)
        draw.line((x + side * 0.3, side * 0.7, x + side * 0.7, side * 0.3), _QUIET, 3)
    else:
        edge, foot = (_FRAME, _MARK_HEIGHT) if tile.mark else (0, 0)
        room = (side - 2 * edge, side - edge - foot)
        small = tile.picture.copy()
        small.thumbnail(room, Image.Resampling.LANCZOS, reducing_gap=3.0)
        strip.paste(small, (x + (side - small.width) // 2, edge + (room[1] - small.height) // 2))
    if tile.mark:
        draw.rectangle((x, 0, x + side - 1, side - 1), outline=tile.colour, width=_FRAME)
        draw.rectangle((x, side - _MARK_HEIGHT, x + side - 1, side - 1), fill=tile.colour)
        mark = _cut(_plain(tile.mark), _SMALL, side - 2 * _FRAME, bold=True)
        draw.text((x + side / 2, side - _MARK_HEIGHT / 2), mark, "white", _font(mark, _SMALL, bold=True), anchor="mm")
    for number, line in enumerate(tile.caption.split("\n")):
        shown = _cut(_plain(line), _SMALL, side)
        draw.text((x, side + 3 + number * _SMALL * _LEADING), shown, _QUIET, _font(shown, _SMALL))


def _plain(text: str) -> str:
    """What fonts have letters for: some control characters make the layout of a whole line fail."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _wrapped(text: str, size: int, *, bold: bool) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _font(longer, size, bold=bold).getlength(longer) > _WIDTH - 2 * _MARGIN:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """With its middle left out if it is wider: names often differ at both ends."""
    font = _font(text, size, bold=bold)
    shown, kept = text, len(text)
    while kept > 1 and font.getlength(shown) > width:
        kept -= 1
        shown = text[: (kept + 1) // 2] + _ELLIPSIS + text[len(text) - kept // 2 :]
    return shown


def _font(text: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The first font here that has all letters of the text; where none has, boxes stand for them."""
    own = _own_font(bold=bold)
    needed = {ord(letter) for letter in text}
    if needed <= _letters(own):
        return _opened(own, size)
    return _opened(next((path for path in _others() if needed <= _letters(path)), own), size)


@cache
def _opened(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def _own_font(*, bold: bool) -> Path:
    import matplotlib as mpl  # for its font alone

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"


@cache
def _others() -> tuple[Path, ...]:
    from matplotlib import font_manager

    found = [Path(name) for name in font_manager.findSystemFonts()]
    return tuple(sorted(path for path in found if path.name.startswith(_FILES_OF_OTHER_SCRIPTS)))


@cache
def _letters(path: Path) -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(str(path)).get_charmap())
