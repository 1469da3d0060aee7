"""The photo on the screen."""

import time

from rich.control import Control
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from review.terminal.graphics import Drawing

_SEEN = 0.1  # seconds after which a photo may have been seen: nobody sees, decides and presses in less
_SILENT = ((ControlType.CURSOR_FORWARD, 0),)  # marks a segment as one that takes no room; nothing is done with it


class PhotoView(Widget):
    """Shows a drawing that was made ready for exactly its size, or a sentence in its place."""

    DEFAULT_CSS = """
    PhotoView { width: 1fr; height: 1fr; }
    """

    class Resized(Message):
        """What was drawn for it does not fit any more."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing: Drawing | None = None
        self._sentence = ""
        self._undo = ""
        self._shown_at = 0.0
        self._painted_at: float | None = None

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def show(self, drawing: Drawing) -> None:
        """Put a picture there."""
        self._replace(drawing, "")

    def say(self, sentence: str) -> None:
        """Put words there; paragraphs are separated by empty lines."""
        if self._drawing is not None or sentence != self._sentence:
            self._replace(None, sentence)

    @property
    def drawing(self) -> Drawing | None:
        """What is shown; None: words are."""
        return self._drawing

    @property
    def sentence(self) -> str:
        """The words that are shown; "": a picture is."""
        return self._sentence

    def _replace(self, drawing: Drawing | None, sentence: str) -> None:
        if self._drawing is not None and self._drawing is not drawing:
            self._undo += self._drawing.undo
        self._drawing, self._sentence = drawing, sentence
        self.refresh()

    def repaint(self) -> None:
        """What is shown is another item's, or the terminal lost it: nobody saw it yet."""
        self._shown_at, self._painted_at = time.monotonic(), None
        self.refresh()

    @property
    def in_sight(self) -> bool:
        """Whether a picture is drawn, in the size that there is room for."""
        return self._drawing is not None and (self._drawing.columns, self._drawing.rows) == tuple(self.size)

    def seen_by(self, when: float) -> bool:
        """Whether what is shown was on the screen at `when` (monotonic seconds), and was shown for long enough."""
        if not self.size:
            return True  # there is no room, so nothing is ever painted
        return self._painted_at is not None and when >= max(self._painted_at, self._shown_at + _SEEN)

    def render_lines(self, crop: Region) -> list[Strip]:
        """All of it at once: what a terminal draws is drawn whole or not at all."""
        size = self.size
        style = Style.null() if self.app.no_color else self.visual_style.rich_style
        blank = Strip.blank(size.width, style)
        lines = [blank] * size.height
        drawing = self._drawing
        # A dialogue above dims or covers it, and a terminal's pictures would shine through.
        covered = not self.screen.is_active
        if drawing is None:
            lines = self._words(size.width, size.height, style)
        elif self.in_sight:
            for number, line in enumerate(drawing.lines, start=drawing.top):
                right = size.width - drawing.left - line.cell_length
                lines[number] = Strip(
                    [Segment(" " * drawing.left, style), *line, Segment(" " * right, style)], size.width
                ).simplify()
        lines = [line.crop(crop.x, crop.right) for line in lines[crop.y : crop.bottom]]
        sequence = self._undo
        if drawing is not None and drawing.undo:
            sequence += drawing.undo
        if drawing is not None and drawing.lines == () and not covered:
            sequence += drawing.sequence
        self._undo = ""
        self._painted_at = time.monotonic() if self._painted_at is None else self._painted_at
        if sequence and lines:
            lines[-1] = self._with_sequence(lines[-1], sequence)
        return lines

    def _with_sequence(self, line: Strip, sequence: str) -> Strip:
        """After the last line is written, the terminal draws over the field, and the cursor is where it was."""
        region = self.region
        begin, end = Control.move_to(region.x, region.y), Control.move_to(region.right, region.bottom - 1)
        drawn = [Segment(text, Style.null(), _SILENT) for text in (begin.segment.text, sequence, end.segment.text)]
        return Strip([*line, *drawn], line.cell_length)

    def _words(self, width: int, height: int, style: Style) -> list[Strip]:
        wrapped: list[str] = []
        for paragraph in self._sentence.split("\n\n"):
            wrapped += ([""] if wrapped else []) + _wrap(paragraph, max(width - 4, 1))
        top = max((height - len(wrapped)) // 2, 0)
        texts = [""] * top + wrapped
        return [Strip([Segment(text.center(width)[:width], style)], width) for text in (texts + [""] * height)[:height]]


def _wrap(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width) or [""]
