"""What a figure is: a picture, the words that stand for it, and a table of the same numbers; and its file by itself."""

import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files

_HEAD = 34  # above a picture, for its title
_VIEW = re.compile(r'viewBox="0 0 (\S+) (\S+)"')
STYLE = "figures.css"  # colours for light and dark; the page links to it, a file by itself carries it


@dataclass(frozen=True)
class Table:
    """Cells as people read them; the first of a row names it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """`svg` is None where there is nothing to be drawn; `notes` are sentences, which then say why.

    `name` is fit for a file and an address.
    """

    name: str
    title: str
    svg: str | None
    notes: tuple[str, ...]
    table: Table | None


def style() -> str:
    """The style sheet of all pictures."""
    return files("review.figures").joinpath(STYLE).read_text(encoding="utf-8")


def by_itself(figure: Figure) -> str:
    """The picture as a file that needs nothing else, with its title above; raises `ValueError` if there is none."""
    if figure.svg is None:
        raise ValueError(f"{figure.name} has no picture")
    inside = (
        f"<style>{escape(style(), quote=False)}</style>"
        f'<rect class="ground" y="-{_HEAD}" width="100%" height="100%"/>'
        f'<text class="strong" x="4" y="-12">{escape(figure.title)}</text>'
    )
    # The title and the description have to be the first of the picture's children.
    head, rest = figure.svg.split(">", 1)
    words, marks = rest.split("</desc>", 1)
    head = _VIEW.sub(lambda view: f'viewBox="0 -{_HEAD} {view[1]} {float(view[2]) + _HEAD:g}"', head)
    return f'{head} xmlns="http://www.w3.org/2000/svg">{words}</desc>{inside}{marks}\n'
