"""Folders of photos on disk: what in them can be trained on, and why the rest cannot."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from model.cleaning import Action, CleaningManifest
from model.dataset import Kind
from model.errors import DatasetError, ImageError
from model.images import SUFFIXES, decode, files_in, read_photo
from model.labels import Vocabulary
from model.progress import Walk


@dataclass(frozen=True)
class FoundPhoto:
    """A readable photo in a folder named after its label, or after what sort of thing it shows instead."""

    path: Path
    label: str
    sha256: str
    kind: Kind = Kind.SUBJECT


@dataclass(frozen=True)
class Scan:
    """What a folder holds: photos in order, and what was left out with the reason."""

    photos: tuple[FoundPhoto, ...]
    left_out: tuple[tuple[Path, str], ...]

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(tuple(sorted({photo.label for photo in self.photos})))


def scan_folder(root: Path, progress: Walk | None = None) -> Scan:
    """Read `ROOT/LABEL/*`: every photo is decoded once, so that what fails, fails here and not in the third epoch.

    What was decided while cleaning (`model.cleaning`) is followed: a removed photo is left out, a relabelled one counts
    under its new label. The same bytes twice count once; under two labels they count not at all. Raises `DatasetError`
    for a useless folder.
    """
    found: dict[str, FoundPhoto] = {}
    left_out: list[tuple[Path, str]] = []
    contradictory: set[str] = set()
    files = labelled_files(root)
    decisions = CleaningManifest(root).standing()
    for path, sha256 in _readable(progress(files) if progress else files, left_out):
        label = path.parent.name
        decision = decisions.get(path.relative_to(root).as_posix())
        if decision is not None and decision.sha256 == sha256:
            if decision.action is Action.REMOVE:
                left_out.append((path, "removed while cleaning"))
                continue
            label = decision.label or label
        photo = FoundPhoto(path, label, sha256)
        earlier = found.get(photo.sha256)
        if earlier is None:
            found[photo.sha256] = photo
        else:
            left_out.append((path, f"the same photo as {earlier.path}"))
            if earlier.label != photo.label:
                contradictory.add(photo.sha256)
    for sha256 in contradictory:
        left_out.append((found.pop(sha256).path, "filed under two labels"))
    if not found:
        raise DatasetError(f"{root}: found no photo; expected {root}/LABEL/*.jpg")
    return Scan(tuple(found.values()), tuple(left_out))


def labelled_files(root: Path) -> list[Path]:
    """The files `ROOT/LABEL/*` that by their names are pictures, sorted. Raises `DatasetError` if it is no folder."""
    if not root.is_dir():
        raise DatasetError(f"{root}: expected a folder with one folder of photos for each label")
    return [file for file in files_in([root]) if len(file.relative_to(root).parts) == 2 and _is_picture(file, root)]


def scan_outliers(root: Path, kind: Kind, known: Iterable[str], progress: Walk | None = None) -> Scan:
    """Read all pictures under `ROOT`, which show none of the labels; what sort of thing is their folder's name.

    The same bytes twice count once; what is among the `known` (sha256 of other photos) counts not at all. Raises
    `DatasetError` for a folder without pictures.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: expected a folder of pictures that show none of the labels")
    taken = set(known)
    found: list[FoundPhoto] = []
    left_out: list[tuple[Path, str]] = []
    files = [path for path in files_in([root]) if _is_picture(path, root)]
    for path, sha256 in _readable(progress(files) if progress else files, left_out):
        if sha256 in taken:
            left_out.append((path, "the same photo is there already"))
        else:
            taken.add(sha256)
            found.append(FoundPhoto(path, path.parent.name, sha256, kind))
    if not found:
        if left_out:
            raise DatasetError(f"{root}: none of its {len(left_out)} pictures can be used ({left_out[0][1]})")
        raise DatasetError(f"{root}: found no picture")
    return Scan(tuple(found), tuple(left_out))


def paths_by_key(roots: Iterable[Path]) -> dict[str, Path]:
    """sha256 -> file, of all pictures under `roots`: where the photos of a manifest lie."""
    found: dict[str, Path] = {}
    for root in roots:
        for path in files_in([root]):
            if _is_picture(path, root):
                with suppress(OSError):  # whoever needs it is told that it is not at hand
                    found[hashlib.sha256(read_photo(path)).hexdigest()] = path
    return found


def _readable(files: Iterable[Path], left_out: list[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """The files that are pictures, with their sha256; the others are added to `left_out`, with the reason."""
    for path in files:
        try:
            data = read_photo(path)
            decode(data)
        except (ImageError, OSError) as error:
            left_out.append((path, str(error)))
        else:
            yield path, hashlib.sha256(data).hexdigest()


def _is_picture(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in parts)
