"""Small pictures in a row, each with a caption: made ready in the background, shown at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from review.terminal.blocks import block_lines, fitted

WIDTH, HEIGHT = 10, 5  # cells of a picture


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A picture as lines of characters, in the middle of `WIDTH` x `HEIGHT` cells."""

    lines: Sequence[Strip]
    left: int
    top: int
    caption: str


def thumbnail(picture: Image.Image, caption: str, cell: tuple[int, int]) -> Thumbnail:
    """Make an RGB picture ready; `cell` is the size of a character in pixels."""
    columns, rows = fitted(picture.size, WIDTH, HEIGHT, cell)
    return Thumbnail(block_lines(picture, columns, rows), (WIDTH - columns) // 2, (HEIGHT - rows) // 2, caption)


class Thumbnails(Widget):
    """As many of its pictures as there is room for, in rows."""

    DEFAULT_CSS = f"""
    Thumbnails {{ width: 1fr; height: {HEIGHT + 1}; }}
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: Sequence[Thumbnail] = ()

    def show(self, thumbnails: Sequence[Thumbnail]) -> None:
        """Put pictures there."""
        self._shown = tuple(thumbnails)
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        size = self.size
        style = Style.null() if self.app.no_color else self.visual_style.rich_style
        columns = max((size.width + 1) // (WIDTH + 1), 1)
        rows = [self._shown[start : start + columns] for start in range(0, len(self._shown), columns)]
        lines: list[Strip] = []
        for row in rows:
            for number in range(HEIGHT):
                segments: list[Segment] = []
                for one in row:
                    place = number - one.top
                    line = one.lines[place] if 0 <= place < len(one.lines) else Strip.blank(0)
                    right = WIDTH + 1 - one.left - line.cell_length
                    segments += [Segment(" " * one.left, style), *line, Segment(" " * right, style)]
                lines.append(Strip(segments).adjust_cell_length(size.width, style))
            text = " ".join(f"{_cut(one.caption):^{WIDTH}}" for one in row)
            lines.append(Strip([Segment(text, style)]).adjust_cell_length(size.width, style))
        lines += [Strip.blank(size.width, style)] * max(size.height - len(lines), 0)
        return [line.crop(crop.x, crop.right) for line in lines[crop.y : crop.bottom]]


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
