"""An explanation as one picture that needs no knowledge of machine learning: PNG bytes."""

import io
import re
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from model.explanation import Explanation
from review import explanation_words as says
from review.explanation_english import ENGLISH
from review.explanation_words import SheetWords
from review.policy import Routing

_INK, _QUIET, _LINE = "#1a202c", "#5a6676", "#c53030"
_CHOSEN, _OTHER, _KNOWN, _HERE = "#2b6cb0", "#a0aec0", "#cbd5e0", "#dd6b20"
_WIDTH, _MARGIN, _DPI = 1200, 40, 100  # pixels; Telegram shows photos at most 1280 pixels wide or high
_HALF = (_WIDTH - 3 * _MARGIN) // 2
_WHOLE = _WIDTH - 2 * _MARGIN
_TITLE, _HEADING, _SENTENCE, _SMALL = 40, 28, 24, 16  # pixels, of letters
_LEADING = 1.32  # of lines, in letter sizes
_OTHER_SCRIPTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Noto Sans Devanagari", "Noto Sans Thai")
# What a line may be broken behind: a word, or a Chinese or Japanese character with the marks that belong to it.
_PIECE = re.compile(r"\s+|[“（《「]*[\u3040-\u9fff][，。：；、！？”）》」]*|[^\s\u3040-\u9fff]+")  # noqa: RUF001 - those are meant
_FILES_OF_OTHER_SCRIPTS = ("NotoSansCJK", "wqy-zenhei", "NotoSansDevanagari", "NotoSansThai")
_HEAT_COLOURS = "inferno"  # perceptually uniform, readable for the colour-blind


def sheet(explanation: Explanation, routing: Routing, words: SheetWords = ENGLISH) -> bytes:
    """Draw it; in English if no font here has the letters of these words.

    Thread-safe: the figure belongs to no window system and no global state.
    """
    if not can_be_drawn(words):
        words = ENGLISH
    page = _Page()
    page.write(says.headline(words, explanation, routing), _TITLE, bold=True)
    page.write(says.outcome(words, routing), _SENTENCE, gap=18)
    _photos(page, explanation, words)
    _figures(page, explanation, words)
    _scale(page, explanation, words)
    _neighbours(page, explanation, words)
    page.write(words("sheet-model", version=explanation.prediction.model_version), _SMALL, colour=_QUIET)
    return page.png()


class _Page:
    """A page written from top to bottom, in pixels; its height is what was written."""

    def __init__(self) -> None:
        # Where no font has a letter a box stands for it, which needs no warning for each. Not by `catch_warnings`:
        # it swaps the filters of the whole process, and this is a thread of many.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        self._figure = Figure(figsize=(_WIDTH / _DPI, _WIDTH / _DPI), dpi=_DPI, facecolor="white")
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()  # type: ignore[no-untyped-call] # matplotlib's
        # Placed when the height is known, which is when all is written.
        self._axes: list[tuple[Axes, tuple[int, int, int, int]]] = []
        self._texts: list[tuple[Text, float, float]] = []
        self.y = 28

    def axes(self, x: int, y: int, width: int, height: int) -> Axes:
        """Axes whose upper left corner is (x, y)."""
        axes = self._figure.add_axes((0, 0, 1, 1), label=str(len(self._axes)))
        self._axes.append((axes, (x, y, width, height)))
        return axes

    def text(self, x: int, y: int, width: int, text: str, size: int, **style: Any) -> int:
        """Write `text` in lines of `width`; returns how high they are."""
        lines = self._wrapped(text, width, size, style)
        for number, line in enumerate(lines):
            written = self._figure.text(0, 0, line, va="top", **_letters(size), **style)
            self._texts.append((written, x, y + number * size * _LEADING))
        return round(len(lines) * size * _LEADING)

    def write(self, text: str, size: int, *, bold: bool = False, colour: str = _INK, gap: int = 8) -> None:
        """A paragraph across the page."""
        weight = "bold" if bold else "normal"
        self.y += self.text(_MARGIN, self.y, _WHOLE, text, size, color=colour, fontweight=weight) + gap

    def png(self) -> bytes:
        """The page."""
        height = self.y + 12
        self._figure.set_size_inches(_WIDTH / _DPI, height / _DPI)
        for axes, (x, y, w, h) in self._axes:
            axes.set_position((x / _WIDTH, 1 - (y + h) / height, w / _WIDTH, h / height))
        for text, left, top in self._texts:
            text.set_position((left / _WIDTH, 1 - top / height))
        buffer = io.BytesIO()
        self._figure.savefig(buffer, format="png", dpi=_DPI)
        return buffer.getvalue()

    def _wrapped(self, text: str, width: int, size: int, style: dict[str, Any]) -> list[str]:
        probe = self._figure.text(0, 0, "", **_letters(size), **style)
        lines = [""]
        for piece in _PIECE.findall(text.strip()):
            longer = lines[-1] + piece
            probe.set_text(longer.rstrip())
            if lines[-1] and probe.get_window_extent(self._renderer).width > width:
                lines.append(piece.lstrip())
            else:
                lines[-1] = longer
        probe.remove()
        return [line.rstrip() for line in lines]


def _photos(page: _Page, explanation: Explanation, words: SheetWords) -> None:
    """The photo, and beside it the photo under its heat map."""
    page.write(words("sheet-where-heading"), _HEADING, bold=True)
    picture = explanation.picture
    scale = min(_HALF / picture.width, 440 / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    shown = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
    for column, pixels in enumerate((shown, _warmed(shown, explanation.heat))):
        x = _MARGIN + column * (_HALF + _MARGIN) + (_HALF - size[0]) // 2
        axes = page.axes(x, page.y, *size)
        axes.imshow(pixels, aspect="auto")
        axes.set_axis_off()
    page.y += size[1] + 10
    page.write(says.where(words, explanation), _SENTENCE, gap=22)


def _warmed(pixels: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """The photo (H, W, 3) in grey with the heat (h, w) over it, smooth; the warmer, the less of the photo is seen."""
    height, width, _ = pixels.shape
    smooth = np.asarray(Image.fromarray(heat).resize((width, height), Image.Resampling.BICUBIC))
    smooth = np.clip(smooth, 0, 1)  # bicubic overshoots
    grey = pixels.mean(axis=2, keepdims=True) / 255  # (H, W, 1)
    colours = mpl.colormaps[_HEAT_COLOURS](0.25 + 0.7 * smooth)[..., :3]  # the darkest would pass for shadow
    share = 0.7 * smooth[..., None]
    result: NDArray[np.float32] = (grey * (1 - share) + colours * share).astype(np.float32)
    return result


def _figures(page: _Page, explanation: Explanation, words: SheetWords) -> None:
    """Probabilities and the ImageNet view, side by side."""
    prediction = explanation.prediction
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])[:5]
    kinds = [(words.label(label), probability) for label, probability in ranked]
    right = _MARGIN + _HALF + _MARGIN
    top = page.y
    columns = (
        (_MARGIN, words("sheet-sure-heading"), kinds, says.how_sure(words, explanation), prediction.answer_threshold),
        (right, words("sheet-else-heading"), explanation.imagenet, says.what_else(words, explanation), None),
    )
    rows = max(len(ranked), len(explanation.imagenet))
    bottoms = []
    for x, heading, bars, sentence, threshold in columns:
        y = top + page.text(x, top, _HALF, heading, _HEADING, color=_INK, fontweight="bold") + 6
        _bars(page.axes(x, y, _HALF, 38 * rows), bars, rows, threshold, words)
        y += 38 * rows + 10
        bottoms.append(y + page.text(x, y, _HALF, sentence, _SENTENCE, color=_INK))
    page.y = max(bottoms) + 22


def _bars(axes: Axes, bars: Sequence[tuple[str, float]], rows: int, threshold: float | None, words: SheetWords) -> None:
    """Names to the left, bars of 0..1 with their percentages; `threshold` as a line."""
    axes.set(xlim=(-1.25, 1.72), ylim=(rows - 0.5, -0.5))
    axes.set_axis_off()
    for row, (name, probability) in enumerate(bars):
        axes.barh(row, 1, height=0.62, color="#edf2f7")
        axes.barh(row, probability, height=0.62, color=_OTHER if row else _CHOSEN)
        style = {**_letters(18), "va": "center_baseline", "color": _INK}
        axes.text(-0.03, row, says.short_name(name), ha="right", **style)
        axes.text(1.03, row, words("sheet-percent", share=probability), **style)
    if threshold is not None and threshold <= 1:
        axes.plot([threshold, threshold], [-0.5, len(bars) - 0.5], color=_LINE, linewidth=2, linestyle="--")


def _scale(page: _Page, explanation: Explanation, words: SheetWords) -> None:
    """The out-of-domain score among the training photos', with the cut."""
    page.write(words("sheet-strange-heading"), _HEADING, bold=True, gap=2)
    training, cut = explanation.training_scores, explanation.cut
    score = explanation.prediction.out_of_domain_score
    low = min(float(training.min()), score, cut - 1e-6)
    high = cut + 1.2 * (cut - low)  # as much room for strangers as for what it knows
    shown = float(np.clip(score, low, high))
    axes = page.axes(_MARGIN, page.y, _WHOLE, 120)
    axes.set_axis_off()
    axes.set(xlim=(low, high), ylim=(-0.12, 1.75))
    axes.axvspan(cut, high, ymin=0.06, ymax=0.6, color="#fff5f5", linewidth=0)
    counts, edges = np.histogram(training, bins=60, range=(low, high))
    axes.bar(edges[:-1], counts / max(counts.max(), 1), np.diff(edges), align="edge", color=_KNOWN)
    axes.plot([low, high], [0, 0], color=_QUIET, linewidth=1.5)
    axes.plot([cut, cut], [-0.12, 1.15], color=_LINE, linewidth=2, linestyle="--")
    small = _letters(17)
    axes.text(cut, 1.22, f" {words('sheet-scale-asks')}", color=_LINE, **small)
    axes.text(low, 1.22, words("sheet-scale-grey"), color=_QUIET, **small)
    beyond = score > high
    axes.plot([shown], [0.3], marker=">" if beyond else "v", markersize=17, color=_HERE, clip_on=False)
    note = words("sheet-scale-photo-far" if beyond else "sheet-scale-photo")
    right = shown > low + 0.75 * (high - low)
    axes.annotate(
        note, (shown, 0.3), (-14 if right else 14, 0), textcoords="offset points", va="center",
        ha="right" if right else "left", color="#9c4221", fontweight="bold", **small,
    )  # fmt: skip
    page.y += 126
    page.write(says.how_strange(words, explanation), _SENTENCE, gap=22)


def _neighbours(page: _Page, explanation: Explanation, words: SheetWords) -> None:
    """Photos of the gallery in a row, each with label, likeness and credit."""
    page.write(words("sheet-alike-heading"), _HEADING, bold=True, gap=2)
    page.write(says.resembles(words, explanation), _SENTENCE, gap=10)
    neighbours = explanation.neighbours
    if not neighbours:
        return
    width, height = (_WHOLE - 3 * 20) // 4, 180
    bottoms = []
    for column, neighbour in enumerate(neighbours):
        x = _MARGIN + column * (width + 20)
        picture = neighbour.picture
        scale = min(width / picture.width, height / picture.height)
        size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        axes = page.axes(x, page.y + height - size[1], *size)
        axes.imshow(np.asarray(picture), aspect="auto")
        axes.set_axis_off()
        y = page.y + height + 6
        y += page.text(x, y, width, says.neighbour_words(words, neighbour), 19, color=_INK, fontweight="bold")
        bottoms.append(y + page.text(x, y, width, says.credit(neighbour), 14, color=_QUIET))
    page.y = max(bottoms) + 16


def _letters(size: int) -> dict[str, Any]:
    """The style of text `size` pixels high; a dollar sign is one, not the beginning of mathematics."""
    return {"fontsize": _points(size), "fontfamily": _families(), "parse_math": False}


def can_be_drawn(words: SheetWords) -> bool:
    """Whether the fonts here have the letters of a language, as its headings show; found out once."""
    headings = ("sheet-where-heading", "sheet-sure-heading", "sheet-strange-heading", "sheet-alike-heading")
    return _have_letters("".join(words(heading) for heading in headings))


@cache
def _have_letters(text: str) -> bool:
    missing = {ord(letter) for letter in text}
    for family in _families():
        missing -= font_manager.get_font(font_manager.findfont(family)).get_charmap().keys()
    return not missing


@cache
def _families() -> list[str]:
    """matplotlib's own font, then what is installed for scripts that it lacks: labels are in people's languages.

    matplotlib remembers which fonts there were when it looked first; those that came later are looked for here.
    """
    manager = font_manager.fontManager
    known = {font.fname for font in manager.ttflist}
    for path in font_manager.findSystemFonts():
        if path not in known and Path(path).name.startswith(_FILES_OF_OTHER_SCRIPTS):
            manager.addfont(path)
    installed = {font.name for font in manager.ttflist}
    return ["DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed)]


def _points(pixels: float) -> float:
    return pixels * 72 / _DPI
