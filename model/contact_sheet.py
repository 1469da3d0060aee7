"""A contact sheet of a folder that was inspected: what is wrong, beside what it repeats, and each label at a glance."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from PIL import Image

from model.console import printable
from model.errors import ImageError
from model.images import decode, read_photo
from model.inspection import ERRORS, Finding, Inspection, Problem
from model.sheet import Sheet, Tile

_SIDE = 140  # pixels a picture: nine fill a row
_ROW = 9
_MOST_GROUPS, _MOST_OF_A_GROUP = 36, 6
_MOST_FLAWED = 5 * _ROW
_MOST_ROWS, _MOST_LABELS = 4, 40
_PHOTOS = 60 * _ROW  # of all labels together: many labels get fewer rows each
_ERROR, _WARNING = "#c53030", "#b7570b"
_MARKS = {
    Finding.TEST_PHOTO: "test photo",
    Finding.TWO_LABELS: "same, two labels",
    Finding.ALIKE_TWO_LABELS: "alike, two labels",
    Finding.NEAR_DUPLICATE: "nearly the same",
}


def contact_sheet(inspection: Inspection) -> bytes:
    """PNG. Some hundred pictures at most are read again, so that none need be kept in memory until now."""
    sheet = Sheet()
    sheet.title(printable(inspection.folder.resolve().name))
    count, labels = len(inspection.photos), len(inspection.counts)
    errors, warnings = len(inspection.errors), len(inspection.warnings)
    sheet.sentence(
        f"{count:,} photo{'s' * (count != 1)} of {labels} label{'s' * (labels != 1)}; "
        f"framed red: wrong ({errors:,}); framed orange: worth a look ({warnings:,})"
    )
    with ThreadPoolExecutor() as pool:
        shelf = _Shelf(pool)
        _repeated(sheet, shelf, inspection)
        _flawed(sheet, shelf, inspection)
        _labels(sheet, shelf, inspection)
    return sheet.png()


class _Shelf:
    """Tiles of files, read when they are asked for."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def tiles(self, files: Sequence[Path], marks: Mapping[Path, Problem], *, with_label: bool) -> list[Tile]:
        """With the name below; `with_label`, its folder's too. `marks`: what to frame, and why."""
        pictures = self._pool.map(_opened, files)
        tiles = []
        for file, picture in zip(files, pictures, strict=True):
            name, folder = printable(file.name), printable(file.parent.name)
            tile = Tile(picture, f"{folder}/\n{name}" if with_label else name)
            tiles.append(_marked(tile, marks.get(file)))
        return tiles


def _marked(tile: Tile, problem: Problem | None) -> Tile:
    if problem is None:
        return tile
    mark = _MARKS.get(problem.finding, problem.finding.value.replace("_", " "))
    return replace(tile, mark=mark, colour=_ERROR if problem.finding in ERRORS else _WARNING)


def _first_problems(problems: Iterable[Problem]) -> dict[Path, Problem]:
    """The first problem of each file, but one that is wrong before one that deserves a look."""
    marks: dict[Path, Problem] = {}
    for problem in problems:
        former = marks.setdefault(problem.path, problem)
        if problem.finding in ERRORS and former.finding not in ERRORS:
            marks[problem.path] = problem
    return marks


def _repeated(sheet: Sheet, shelf: _Shelf, inspection: Inspection) -> None:
    """Each picture that is repeated, with what repeats it; those that are wrong come first."""
    groups: dict[Path, list[Problem]] = {}
    first: dict[Path, Path] = {}  # a repeated one -> the first of its group
    for problem in inspection.problems:
        if problem.other is not None:
            leader = first.get(problem.other, problem.other)
            first.setdefault(problem.path, leader)
            groups.setdefault(leader, []).append(problem)
    if not groups:
        return
    ranked = sorted(groups.items(), key=lambda group: all(problem.finding not in ERRORS for problem in group[1]))
    sheet.heading(f"There more than once{_shown(min(len(ranked), _MOST_GROUPS), len(ranked), 'group')}")
    members = [
        [leader, *dict.fromkeys(problem.path for problem in problems)][:_MOST_OF_A_GROUP]
        for leader, problems in ranked[:_MOST_GROUPS]
    ]
    marks = _first_problems(problem for problem in inspection.problems if problem.other is not None)
    sheet.groups([shelf.tiles(files, marks, with_label=True) for files in members], _SIDE)


def _flawed(sheet: Sheet, shelf: _Shelf, inspection: Inspection) -> None:
    """What is broken or hard to see."""
    seen = (problem for problem in inspection.problems if problem.other is None)
    marks = _first_problems(problem for problem in seen if problem.finding is not Finding.NOT_READ)
    files = sorted(marks)
    if not files:
        return
    sheet.heading(f"Broken, or hard to see{_shown(min(len(files), _MOST_FLAWED), len(files), 'file')}")
    sheet.tiles(shelf.tiles(files[:_MOST_FLAWED], marks, with_label=True), _SIDE)


def _labels(sheet: Sheet, shelf: _Shelf, inspection: Inspection) -> None:
    """Some photos of each label, evenly spread over its names."""
    labels = list(inspection.counts)[:_MOST_LABELS]
    marks = _first_problems(inspection.problems)
    rows = max(1, min(_MOST_ROWS, _PHOTOS // (_ROW * len(labels))))
    for label in labels:
        files = [photo.path for photo in inspection.photos if photo.label == label]
        some = min(len(files), rows * _ROW)
        chosen = [files[number * len(files) // some] for number in range(some)]
        sheet.heading(f"{printable(label)}{_shown(some, len(files), 'photo')}")
        sheet.tiles(shelf.tiles(chosen, marks, with_label=False), _SIDE)
    more = len(inspection.counts) - len(labels)
    if more:
        sheet.heading(f"and {more} more label{'s' * (more != 1)}")


def _shown(some: int, count: int, what: str) -> str:
    what += "s" * (count != 1)
    return f": {count:,} {what}" if some == count else f": {some:,} of {count:,} {what}"


def _opened(file: Path) -> Image.Image | None:
    """As large as it is shown; None for what is no picture."""
    try:
        picture = decode(read_photo(file), shrink_to=_SIDE)
    except (ImageError, OSError):
        return None
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture
