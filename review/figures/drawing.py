"""Draws pictures as SVG: marks with classes that the style sheet gives colours to, and nothing from elsewhere.

Lengths are in the picture's own units, of which it is `WIDTH` wide; a page shows it as wide as there is room. Whatever
people wrote goes in escaped.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 400.0
_GAP = 16.0  # between the names of a legend
_LETTER = 6.3  # the mean width of one in the pictures' size of text

Point = tuple[float, float]


class Drawing:
    """Collects marks; `svg` gives the whole. `mark`s have a `told` that the mouse shows."""

    def __init__(self, title: str, description: str, height: float) -> None:
        self.height = height
        self._title = title
        self._description = description
        self._marks: list[str] = []

    def line(self, points: Sequence[Point], kind: str) -> None:
        """Through all points."""
        self._marks.append(f'<polyline class="{kind}" points="{_points(points)}"/>')

    def area(self, points: Sequence[Point], kind: str) -> None:
        """Within them."""
        self._marks.append(f'<polygon class="{kind}" points="{_points(points)}"/>')

    def box(self, corner: Point, width: float, height: float, kind: str, told: str = "", opacity: float = 1.0) -> None:
        """From its upper left corner."""
        faint = "" if opacity >= 1 else f' fill-opacity="{opacity:.3f}"'
        self._mark(
            f'<rect class="{kind}" x="{_n(corner[0])}" y="{_n(corner[1])}" width="{_n(width)}" height="{_n(height)}"'
            f"{faint}",
            "rect",
            told,
        )

    def dot(self, at: Point, radius: float, kind: str, told: str = "") -> None:
        """A full circle."""
        self._mark(f'<circle class="{kind}" cx="{_n(at[0])}" cy="{_n(at[1])}" r="{_n(radius)}"', "circle", told)

    def text(self, at: Point, words: str, kind: str = "") -> None:
        """Begins at the point, on its base line; kinds are middle, end, ink, strong, on."""
        name = f' class="{kind}"' if kind else ""
        self._marks.append(f'<text{name} x="{_n(at[0])}" y="{_n(at[1])}">{escape(words)}</text>')

    def legend(self, names: Sequence[tuple[str, str]], top: float, *, left: float = 4.0) -> float:
        """(name, kind) in lines, each with a piece of its line or a box of its colour; returns where it ends."""
        x, y = left, top + 11
        for name, kind in names:
            width = 26 + _LETTER * len(name)
            if x > left and x + width > WIDTH:
                x, y = left, y + 17
            if kind.startswith("piece"):
                self.box((x, y - 9), 12, 10, kind)
            else:
                self.line([(x, y - 4), (x + 20, y - 4)], kind)
            self.text((x + (17 if kind.startswith("piece") else 26), y), name, "ink")
            x += width + _GAP - (9 if kind.startswith("piece") else 0)
        return y + 6

    def svg(self) -> str:
        """The picture, for a page: its words are its title and its description."""
        name, words = escape(self._title), escape(self._description)
        return (
            f'<svg class="plot" viewBox="0 0 {_n(WIDTH)} {_n(self.height)}" role="img" aria-label="{name}. {words}">'
            f"<title>{name}</title><desc>{words}</desc>{''.join(self._marks)}</svg>"
        )

    def _mark(self, start: str, tag: str, told: str) -> None:
        self._marks.append(f"{start}><title>{escape(told)}</title></{tag}>" if told else f"{start}/>")


@dataclass(frozen=True)
class Frame:
    """Where values lie in a picture: shares of the way across and up, 0..1."""

    left: float
    right: float
    top: float
    bottom: float

    def at(self, across: float, up: float) -> Point:
        """The point of both shares."""
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def draw(self, drawing: Drawing, steps: Iterable[tuple[float, str]]) -> None:
        """The grid: lines across at shares of the height, each with its words."""
        for share, words in steps:
            y = self.at(0, share)[1]
            drawing.line([(self.left, y), (self.right, y)], "axis" if share == 0 else "grid")
            drawing.text((self.left - 6, y + 4), words, "end")

    def below(self, drawing: Drawing, names: Sequence[str], *, middle: bool = False) -> None:
        """Names of equal steps across, as many as there is room for; `middle`: of bars, under their middles."""
        room = (self.right - self.left) / max(1, len(names))
        widest = max((len(name) for name in names), default=0) * _LETTER + 10
        every = max(1, math.ceil(widest / room))
        for place, name in enumerate(names):
            if place % every == 0:
                x = self.at(across(place, len(names), middle=middle), 0)[0]
                x = min(x, WIDTH - _LETTER * len(name) / 2)
                drawing.text((x, self.bottom + 17), name, "middle")


def across(place: int, count: int, *, middle: bool = False) -> float:
    """Where a step lies, 0..1: the first and the last at the ends, or each in the `middle` of its part."""
    if middle or count < 2:
        return (place + 0.5) / max(1, count)
    return place / (count - 1)


def scale(largest: float) -> tuple[float, list[float]]:
    """A round number that is at least the largest, and round steps from 0 to it (3 to 6)."""
    if largest <= 4:
        top = max(1, math.ceil(largest))
        return float(top), [float(step) for step in range(top + 1)]
    power = 10 ** math.floor(math.log10(largest / 4))
    step = next(
        factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * 5 >= largest and factor * power >= 1
    )
    if step != int(step):
        step = math.ceil(step)
    count = math.ceil(largest / step)
    return float(step * count), [float(step * place) for place in range(count + 1)]


def short(count: float) -> str:
    """A number of things where there is little room: 950, 1.2k, 34k, 5M."""
    for size, name in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return (
                f"{count / size:.1f}".removesuffix(".0") + name if count < 100 * size else f"{count / size:.0f}{name}"
            )
    return f"{count:.0f}"


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
