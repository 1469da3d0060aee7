"""Pictures in characters, for every terminal: each cell gets the block and the two colours that come closest to it.

A cell is 4 x 8 samples. A block splits them in two, and the best two colours for a split are the means of its halves:
the block with the least squared error is taken. That shows edges within a cell, which two halves a cell cannot.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_ACROSS, _DOWN = 4, 8
_FLAT = 12.0  # squared error per sample below which a cell is one colour: runs of those are short to send


def _masks() -> tuple[str, NDArray[np.float32]]:
    """The blocks and where each is inked (G, 32). What is left out is another one's negative."""
    found: dict[str, NDArray[np.float32]] = {}
    for eighths, character in enumerate("▁▂▃▄▅▆▇", start=1):
        found[character] = np.zeros((_DOWN, _ACROSS), dtype=np.float32)
        found[character][_DOWN - eighths :] = 1
    for quarters, character in enumerate("▎▌▊", start=1):
        found[character] = np.zeros((_DOWN, _ACROSS), dtype=np.float32)
        found[character][:, :quarters] = 1
    top, left = slice(0, _DOWN // 2), slice(0, _ACROSS // 2)
    bottom, right = slice(_DOWN // 2, None), slice(_ACROSS // 2, None)
    for character, corners in {
        "▘": [(top, left)],
        "▝": [(top, right)],
        "▖": [(bottom, left)],
        "▗": [(bottom, right)],
        "▚": [(top, left), (bottom, right)],
    }.items():
        found[character] = np.zeros((_DOWN, _ACROSS), dtype=np.float32)
        for corner in corners:
            found[character][corner] = 1
    return "".join(found), np.stack([mask.reshape(-1) for mask in found.values()])


_CHARACTERS, _INK = _masks()
_INKED = _INK.sum(axis=1)  # (G,)


def fitted(size: tuple[int, int], columns: int, rows: int, cell: tuple[int, int]) -> tuple[int, int]:
    """Columns and rows (at least 1) of a picture of `size` pixels that fills a field of cells of `cell` pixels."""
    scale = min(columns * cell[0] / size[0], rows * cell[1] / size[1])
    return (
        min(max(round(size[0] * scale / cell[0]), 1), columns),
        min(max(round(size[1] * scale / cell[1]), 1), rows),
    )


def block_lines(picture: Image.Image, columns: int, rows: int) -> list[Strip]:
    """An RGB picture as `rows` lines of `columns` cells; its proportions are the caller's (`fitted`)."""
    small = picture.resize((columns * _ACROSS, rows * _DOWN), Image.Resampling.BOX, reducing_gap=2.0)
    samples = np.asarray(small, dtype=np.float32).reshape(rows, _DOWN, columns, _ACROSS, 3)
    cells = samples.transpose(0, 2, 1, 3, 4).reshape(rows * columns, _DOWN * _ACROSS, 3)  # (N, 32, 3)
    inked = np.einsum("gs,nsc->ngc", _INK, cells, optimize=True)  # (N, G, 3) sums
    whole = cells.sum(axis=1)  # (N, 3)
    bare = whole[:, None] - inked
    count = _DOWN * _ACROSS
    # The error of a split is the squares' sum, the same for all, less this.
    explained = (inked**2).sum(axis=2) / _INKED + (bare**2).sum(axis=2) / (count - _INKED)  # (N, G)
    best = explained.argmax(axis=1)
    every = np.arange(len(cells))
    ink, paper = inked[every, best] / _INKED[best, None], bare[every, best] / (count - _INKED[best, None])
    flat = explained[every, best] - (whole**2).sum(axis=1) / count < _FLAT * count
    paper[flat] = whole[flat] / count
    characters = np.where(flat, len(_CHARACTERS), best)
    colours = np.rint(np.concatenate([ink, paper], axis=1)).clip(0, 255).astype(np.uint8)
    return _strips(characters.reshape(rows, columns).tolist(), colours.reshape(rows, columns, 6).tolist())


def _strips(characters: list[list[int]], colours: list[list[list[int]]]) -> list[Strip]:
    drawn = f"{_CHARACTERS} "
    lines = []
    for row, tints in zip(characters, colours, strict=True):
        segments = [
            Segment(drawn[character], _style(*tint) if character < len(_CHARACTERS) else _style(*tint[3:], *tint[3:]))
            for character, tint in zip(row, tints, strict=True)
        ]
        lines.append(Strip(segments, len(row)).simplify())
    return lines


def _style(red: int, green: int, blue: int, back_red: int, back_green: int, back_blue: int) -> Style:
    return Style.from_color(Color.from_rgb(red, green, blue), Color.from_rgb(back_red, back_green, back_blue))
