"""Freely licensed labelled photos, which explanations may show to anybody. People's own photos are never among them.

A gallery is a folder: `gallery.jsonl`, one row a photo {"file", "label", "author", "licence", "source"}, and the files.
Operators put theirs, with their own labels, into `MODEL_HOME/gallery`; it is then used instead of the bundled one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from PIL import Image

from model.errors import DatasetError, ImageError
from model.images import decode, read_photo

_LIST = "gallery.jsonl"
_FIELDS = ("file", "label", "author", "licence", "source")


@dataclass(frozen=True)
class GalleryPhoto:
    """A photo that may be shown: `author` and `licence` are printed beside it, `source` is where it came from."""

    path: Path
    label: str
    author: str
    licence: str
    source: str

    def open(self) -> Image.Image:
        """The picture, upright and RGB; raises `DatasetError` when the file is missing or no picture."""
        try:
            return decode(read_photo(self.path))
        except (ImageError, OSError) as error:
            raise DatasetError(
                f"{self.path}: {error}; mend the file or take it out of {self.path.with_name(_LIST)}"
            ) from error


def bundled_gallery() -> Path:
    """The folder that ships with bearbot: black bears, grizzlies and teddy bears."""
    return Path(str(files("model"))) / "gallery_photos"


def gallery_folder(model_home: Path) -> Path:
    """The operator's own gallery if there is one, else the bundled one."""
    own = model_home / "gallery"
    return own if own.is_dir() else bundled_gallery()


def read_gallery(folder: Path) -> tuple[GalleryPhoto, ...]:
    """The photos of a gallery, in its order, unopened. Raises `DatasetError` naming the row that is wrong."""
    path = folder / _LIST
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: expected a readable file of JSON lines ({type(error).__name__})") from error
    # Not `splitlines`, which also cuts at characters that JSON leaves as they are inside strings.
    lines = enumerate(text.split("\n"), start=1)
    return tuple(_photo(folder, line, f"{path}, line {number}") for number, line in lines if line.strip())


def attribution(photos: Iterable[GalleryPhoto]) -> str:
    """What a gallery's `ATTRIBUTION.md` says: every photo with author, licence and source."""
    rows = (f"| {p.path.name} | {p.label} | {p.author} | {p.licence} | {p.source} |\n" for p in photos)
    return (
        "# The photos of the gallery\n\n"
        "All are free to share; they were made smaller, and their metadata was removed. Nothing else was changed.\n\n"
        "| file | label | author | licence | source |\n|---|---|---|---|---|\n" + "".join(rows)
    )


def _photo(folder: Path, line: str, place: str) -> GalleryPhoto:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{place}: expected a JSON object with {', '.join(_FIELDS)} ({error})") from error
    given = [row.get(field) for field in _FIELDS] if isinstance(row, dict) else []
    values = [value for value in given if isinstance(value, str) and value.strip()]
    if len(values) != len(_FIELDS):  # without author and licence a photo must not be shown
        raise DatasetError(f"{place}: expected a text for each of {', '.join(_FIELDS)}, got {line[:100]!r}")
    name, label, author, licence, source = values
    if Path(name).name != name:
        raise DatasetError(f"{place}: expected the name of a file in {folder}, got {name!r}")
    return GalleryPhoto(folder / name, label, author, licence, source)
