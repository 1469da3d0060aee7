"""The pictures that the stand-in sources offer, each with its rights."""

import hashlib
import mimetypes
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from PIL import Image

FREE_SOURCES = ("openverse", "wikimedia", "inaturalist", "gbif")
SOURCES = (*FREE_SOURCES, "bing")
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Rights:
    """Who made a picture, and a Creative Commons code ("by-sa", "cc0", "pdm"), or None: nothing is said of it."""

    licence: str | None = "by"
    author: str | None = "Ana Example"

    @property
    def url(self) -> str | None:
        if self.licence is None:
            return None
        known = {"cc0": "publicdomain/zero/1.0/", "pdm": "publicdomain/mark/1.0/"}
        return "https://creativecommons.org/" + known.get(self.licence, f"licenses/{self.licence}/4.0/")


# What a folder's pictures get, in turn: four in five may be reused, and authors write what people write.
_RIGHTS = (
    Rights("by", "Ana Example"),
    Rights("by-sa", "Ben & Söhne"),
    Rights("cc0", "沢田 花子"),
    Rights("by-nc", "Cleo | Nature* Pictures"),
    Rights("pdm", None),
    Rights("by", "Dr. `D` <dora@example.org>"),
    Rights("by-sa", "Ελένη"),
    Rights(None, "Nobody Said"),
    Rights("cc0", "Finn"),
    Rights("by", "أمينة"),
)


@dataclass(frozen=True)
class Photo:
    """A picture that is found by queries that contain `word`; `sources` offer it."""

    word: str
    name: str
    content: bytes | Path
    rights: Rights = Rights()
    sources: frozenset[str] = frozenset(SOURCES)
    size: tuple[int, int] = (640, 480)

    @property
    def number(self) -> int:
        """The same in every run, and in no two pictures: what the sources make their ids of."""
        return int.from_bytes(hashlib.sha256(f"{self.word}/{self.name}".encode()).digest()[:5], "big")

    @property
    def data(self) -> bytes:
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content

    @property
    def media_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "image/jpeg"


@dataclass
class Library:
    """All pictures. Sources of living things know a word as a kind of living thing unless it is among `things`."""

    photos: list[Photo] = field(default_factory=list)
    things: frozenset[str] = frozenset()

    @classmethod
    def from_folder(cls, folder: Path, *, things: Iterable[str] = (), everywhere: bool = False) -> Self:
        """The files of `folder`/WORD/ in order of name; a source that is asked for a text with WORD in it offers them.

        They are dealt out to the sources that need no key, which as in reality offer mostly different pictures;
        with `everywhere` each source offers all. Bing finds whatever lies on a page, so it offers all either way.
        """
        library = cls(things=frozenset(word.casefold() for word in things))
        for subfolder in sorted(path for path in folder.iterdir() if path.is_dir()):
            word = subfolder.name.replace("_", " ")
            dealt = FREE_SOURCES[:2] if word.casefold() in library.things else FREE_SOURCES
            files = sorted(path for path in subfolder.iterdir() if path.suffix.lower() in _SUFFIXES)
            for place, path in enumerate(files):
                # Rights turn over once all sources had their turn, so that each source has pictures of all rights.
                rights = _RIGHTS[(place // len(dealt)) % len(_RIGHTS)]
                sources = SOURCES if everywhere else (dealt[place % len(dealt)], "bing")
                with Image.open(path) as picture:
                    size = picture.size
                library.photos.append(Photo(word, path.name, path, rights, frozenset(sources), size))
        return library

    def add(self, *photos: Photo) -> None:
        self.photos.extend(photos)

    def words(self) -> list[str]:
        return sorted({photo.word for photo in self.photos})

    def found(self, source: str, query: str, licences: Collection[str] | None = None) -> list[Photo]:
        """What `source` offers for `query`, of these Creative Commons codes only; None: of whatever rights."""
        asked = query.casefold()
        return [
            photo
            for photo in self.photos
            if photo.word.casefold() in asked
            and source in photo.sources
            and (licences is None or photo.rights.licence in licences)
        ]

    def taxon(self, query: str) -> str | None:
        """The kind of living thing that `query` names, None if it names none."""
        asked = query.casefold()
        living = (word for word in self.words() if word.casefold() not in self.things)
        return next((word for word in living if word.casefold() in asked), None)

    def photo(self, word: str, name: str) -> Photo | None:
        return next((photo for photo in self.photos if (photo.word, photo.name) == (word, name)), None)
