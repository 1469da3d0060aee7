"""The photos of a folder as they come to the page, and which of them are suspected."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from model.cleaning import Action, CleaningManifest
from model.images import read_photo
from model.progress import Progress, silent
from model.suspicion import Ranking
from review.cleaning.twins import twins

# Of all photos, so many are suspected at least, if they look like something else. Of search results about one in ten is
# filed wrongly, and the ranking is to have most of these among its first 15 %.
_FIRST_SHARE = 0.15
_LIKELY = 0.5  # suspicion from which on a photo is suspected wherever it stands


@dataclass(frozen=True)
class Photograph:
    """One file of `FOLDER/LABEL/*`. `number`, from 1 on, is all that a browser names it by.

    `filed` is the label of the folder that it lies in, `suggested` what it looks like (None: none of the labels),
    `suspicion` 0..1. `twins` is the number of its group, if the same picture lies under another label, too.
    """

    number: int
    path: Path
    relative: str
    sha256: str
    filed: str
    suggested: str | None
    suspicion: float
    suspected: bool
    twins: int | None


def photographs(manifest: CleaningManifest, ranking: Ranking, progress: Progress = silent) -> tuple[Photograph, ...]:
    """All photos of the folder that can be decided about, the most suspicious first.

    What a ranking leaves out comes before the others where somebody has to know of it: the same picture under two
    labels, for which nobody knows what it looks like, so that what is suggested is what it is filed as; and what was
    removed before, so that it can be brought back.
    """
    folder = manifest.folder
    labels = {suspect.path: suspect.label for suspect in ranking.suspects}
    left_out = [path for path, _ in ranking.left_out if len(path.relative_to(folder).parts) == 2]
    filed = {**labels, **{path: path.parent.name for path in left_out}}
    double = twins(filed, lambda paths: progress("comparing", paths))
    found: list[Photograph] = []

    def add(path: Path, sha256: str, suggested: str | None, suspicion: float, *, suspected: bool) -> None:
        twin = double.get(path)
        found.append(
            Photograph(
                number=len(found) + 1,
                path=path,
                relative=path.relative_to(folder).as_posix(),
                sha256=sha256,
                filed=path.parent.name,
                suggested=suggested,
                suspicion=suspicion,
                suspected=suspected or twin is not None,
                twins=None if twin is None else twin.group,
            )
        )

    for path, sha256 in _removed(manifest):
        if path not in labels:  # it may be removed since it was ranked
            add(path, sha256, None, 1.0, suspected=True)
    for path in left_out:
        if path in double and path not in labels:
            add(path, double[path].sha256, path.parent.name, 1.0, suspected=True)
    first = len(ranking.suspects) * _FIRST_SHARE
    for place, suspect in enumerate(ranking.suspects):
        lies = suspect.path.parent.name
        # Where a decision stands, the ranking judges by that: taken back, the photo is suspected as it was.
        likely = place < first or suspect.suspicion >= _LIKELY or suspect.label != lies
        different = suspect.suggested != lies
        add(suspect.path, suspect.sha256, suspect.suggested, suspect.suspicion, suspected=different and likely)
    return tuple(found)


def _removed(manifest: CleaningManifest) -> Iterator[tuple[Path, str]]:
    """What stands as removed and is still there, with its sha256."""
    for decision in manifest.standing().values():
        path = manifest.folder / decision.path
        if decision.action is Action.REMOVE and len(Path(decision.path).parts) == 2:
            with suppress(OSError):  # it is gone indeed
                if hashlib.sha256(read_photo(path)).hexdigest() == decision.sha256:
                    yield path, decision.sha256
