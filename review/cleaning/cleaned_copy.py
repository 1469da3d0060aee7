"""The cleaned set as a folder of its own: what is left of `FOLDER/LABEL/*` after the decisions that stand."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from model.cleaning import CleaningManifest
from model.errors import DatasetError
from model.gathering.attribution import ATTRIBUTION, attribution, write_attribution
from model.gathering.ledger import LEDGER, Ledger
from model.progress import Progress, silent
from model.scanning import scan_folder


@dataclass(frozen=True)
class CleanedCopy:
    """How many photos are in it; `left_out` are files that could be in none, with the reason."""

    photos: int
    left_out: tuple[tuple[Path, str], ...]


def write_cleaned(manifest: CleaningManifest, target: Path, progress: Progress = silent) -> CleanedCopy:
    """Write `TARGET/LABEL/*`, with whose photos they are, if that is known. Nothing in the folder itself is changed.

    Files are hard links where both folders are on one disk, else copies. All of it is there or nothing: it is written
    beside `target` first. Raises `DatasetError` for a target that holds something, or lies in the folder; `OSError`.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DatasetError(f"{target}: expected a folder that is empty or is not there yet")
    if target.resolve().is_relative_to(manifest.folder.resolve()):
        raise DatasetError(f"{target} lies in {manifest.folder}, where its photos would count twice: choose another")
    scan = scan_folder(manifest.folder, lambda files: progress("reading", files))
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as made:
        draft = Path(made) / "draft"
        draft.mkdir()
        files: dict[str, str] = {}
        for photo in progress("copying", scan.photos):
            files[_place(photo.path, draft / photo.label).relative_to(draft).as_posix()] = photo.sha256
        _tell_whose(manifest.folder, draft, files)
        draft.replace(target)  # also over an empty folder
    return CleanedCopy(len(files), scan.left_out)


def _place(path: Path, folder: Path) -> Path:
    """The file in this folder; under another name, if a photo of another label has its name there already."""
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    try:
        os.link(path.resolve(), target)
    except OSError:  # another disk, or one that has no links
        shutil.copy2(path, target)
    return target


def _tell_whose(folder: Path, draft: Path, files: dict[str, str]) -> None:
    """What was gathered is known by its bytes, so that its ledger holds for the files under their new names, too."""
    for name in (LEDGER, ATTRIBUTION):
        if (folder / name).is_file():
            shutil.copy2(folder / name, draft / name)
    if (draft / LEDGER).is_file():
        with Ledger(draft) as ledger:
            write_attribution(draft, attribution(ledger.kept(), files))
