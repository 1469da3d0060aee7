"""What the terminal can show: its way of drawing pictures, the size of its cells, light or dark.

It is asked before the screen opens; afterwards whatever it answers is taken for keys.
"""

import base64
import os
import re
import select
import sys
import termios
import time
import tty
import zlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from PIL import Image
from textual.color import Color
from textual.strip import Strip

from review.terminal.blocks import block_lines, fitted

_CELL = (10, 20)  # pixels, where the terminal does not say: only the proportions matter then
_LARGEST = 800  # pixels of a side that are sent: more takes longer over ssh than it shows
_ANSWER_SECONDS = 0.15
_CHUNK = 4096  # bytes that Kitty's protocol takes at once


class Graphics(StrEnum):
    """A way to draw pictures in a terminal."""

    KITTY = "kitty"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    """coloured characters: every terminal can"""


@dataclass(frozen=True)
class Terminal:
    """What the terminal can. `cell` is the size of a character in pixels (width, height).

    Without `colour` (NO_COLOR) pictures are in greys, and nothing else has a colour at all.
    """

    graphics: Graphics = Graphics.BLOCKS
    cell: tuple[int, int] = _CELL
    dark: bool = True
    colour: bool = True


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture made ready for a field of cells: lines of characters, or what makes the terminal draw.

    `lines` are as many and as wide as the field is. `sequence` is sent with the cursor in the field's upper left
    corner, `undo` when the picture is to go.
    """

    columns: int
    rows: int
    lines: tuple[Strip, ...] = ()
    left: int = 0
    top: int = 0
    sequence: str = ""
    undo: str = ""


def terminal(graphics: Graphics | None = None, *, dark: bool | None = None) -> Terminal:
    """Ask the terminal of this program; what is given is taken for granted."""
    colour = not os.environ.get("NO_COLOR")
    if not (sys.__stdin__ and sys.__stdout__ and sys.__stdin__.isatty() and sys.__stdout__.isatty()):
        return Terminal(graphics or Graphics.BLOCKS, dark=dark is not False, colour=colour)
    from textual_image._terminal import get_cell_size  # the one place where textual-image tells it

    cell = get_cell_size()
    return Terminal(
        graphics=graphics or _graphics(),
        cell=(cell.width, cell.height),
        dark=_is_dark() if dark is None else dark,
        colour=colour,
    )


def tinted(picture: Image.Image, terminal: Terminal) -> Image.Image:
    """An RGB picture as this terminal is to show it."""
    return picture if terminal.colour else picture.convert("L").convert("RGB")


def draw(picture: Image.Image, columns: int, rows: int, *, terminal: Terminal, background: Color) -> Drawing:
    """Make an RGB picture ready for a field of `columns` x `rows` cells (at least 1 x 1), in its middle.

    Takes up to half a second: it is done before the picture is needed, never between a key and the next photo.
    """
    picture = tinted(picture, terminal)
    width, height = fitted(picture.size, columns, rows, terminal.cell)
    left, top = (columns - width) // 2, (rows - height) // 2
    match terminal.graphics:
        case Graphics.BLOCKS:
            return Drawing(columns, rows, tuple(block_lines(picture, width, height)), left, top)
        case Graphics.KITTY:
            return _kitty(picture, columns, rows, (left, top, width, height), terminal.cell)
        case Graphics.SIXEL:
            return _sixel(picture, columns, rows, terminal.cell, background)


_numbers = count(os.getpid() % 30_000 * 1000 + 1)  # images of other programs in the terminal are not ours to replace


def _kitty(
    picture: Image.Image, columns: int, rows: int, place: tuple[int, int, int, int], cell: tuple[int, int]
) -> Drawing:
    """Kitty's graphics protocol: raw pixels, packed, shown at the cursor over so many cells."""
    left, top, width, height = place
    small = _limited(picture, width * cell[0], height * cell[1])
    number = next(_numbers)
    payload = base64.standard_b64encode(zlib.compress(small.tobytes(), 1)).decode()
    chunks = [payload[start : start + _CHUNK] for start in range(0, len(payload), _CHUNK)]
    first = f"a=T,f=24,o=z,s={small.width},v={small.height},i={number},c={width},r={height},C=1,q=2,"
    sequence = "".join(
        f"\x1b_G{first if place_in == 0 else ''}m={int(place_in < len(chunks) - 1)};{chunk}\x1b\\"
        for place_in, chunk in enumerate(chunks)
    )
    move = "".join((f"\x1b[{top}B" if top else "", f"\x1b[{left}C" if left else ""))
    return Drawing(columns, rows, sequence=move + sequence, undo=f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\")


def _sixel(picture: Image.Image, columns: int, rows: int, cell: tuple[int, int], background: Color) -> Drawing:
    """DEC's sixels over the whole field: what was drawn there before goes."""
    from textual_image._sixel import image_to_sixels  # its widget encodes when it is shown, which is too late

    width, height = columns * cell[0], rows * cell[1]
    scale = min(width / picture.width, height / picture.height)
    small = picture.resize(
        (max(int(picture.width * scale), 1), max(int(picture.height * scale), 1)),
        Image.Resampling.LANCZOS,
        reducing_gap=2.0,
    )
    # A row of sixels is six pixels high: one that reaches below the field would scroll the screen at its bottom.
    field = Image.new("RGB", (width, max(height - height % 6, 6)), background.rgb)
    field.paste(small, ((width - small.width) // 2, max((field.height - small.height) // 2, 0)))
    return Drawing(columns, rows, sequence=image_to_sixels(field))


def _limited(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height, _LARGEST / max(picture.size))
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _graphics() -> Graphics:
    from textual_image.renderable import sixel, tgp

    # In the order in which textual-image found them to work: some terminals know half of Kitty's protocol.
    if sixel.query_terminal_support():
        return Graphics.SIXEL
    return Graphics.KITTY if tgp.query_terminal_support() else Graphics.BLOCKS


def _is_dark() -> bool:
    """By the background colour that the terminal tells (OSC 11), else by COLORFGBG, else dark as most are."""
    told = re.search(r"rgb:([0-9a-f]{2})[0-9a-f]*/([0-9a-f]{2})[0-9a-f]*/([0-9a-f]{2})", _ask("\x1b]11;?\x1b\\"), re.I)
    if told:
        red, green, blue = (int(part, 16) for part in told.groups())
        return 0.299 * red + 0.587 * green + 0.114 * blue < 128
    last = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return not (last.isdecimal() and int(last) in (7, *range(9, 16)))


def _ask(question: str) -> str:
    """What the terminal answers within a moment; "" if it does not."""
    assert sys.__stdin__ is not None
    assert sys.__stdout__ is not None
    answer, keyboard = b"", sys.__stdin__.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard, termios.TCSANOW)
        # Then the question that every terminal answers: nobody waits in vain for a terminal that knows only this one.
        sys.__stdout__.write(f"{question}\x1b[c")
        sys.__stdout__.flush()
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not re.search(rb"\x1b\[\?[0-9;]*c", answer) and (left := deadline - time.monotonic()) > 0:
            if select.select([keyboard], [], [], left)[0]:
                answer += os.read(keyboard, 256)
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
    return answer.decode(errors="replace")
