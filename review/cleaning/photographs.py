"""The photos of a folder as they come to the page, and which of them are suspected."""

from dataclasses import dataclass
from pathlib import Path

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


def photographs(folder: Path, ranking: Ranking, progress: Progress = silent) -> tuple[Photograph, ...]:
    """All readable photos of the folder, the most suspicious first.

    What is left out of a ranking since it lies under two labels is here, too, before the others; nobody knows what it
    looks like, so what is suggested is what it is filed as.
    """
    ranked = {suspect.path for suspect in ranking.suspects}
    others = [path for path, _ in ranking.left_out if path not in ranked and len(path.relative_to(folder).parts) == 2]
    double = twins(progress("comparing", [*ranked, *others]))
    found = [
        Photograph(
            number=number,
            path=path,
            relative=path.relative_to(folder).as_posix(),
            sha256=double[path].sha256,
            filed=path.parent.name,
            suggested=path.parent.name,
            suspicion=1.0,
            suspected=True,
            twins=double[path].group,
        )
        for number, path in enumerate((path for path in others if path in double), start=1)
    ]
    first = len(ranking.suspects) * _FIRST_SHARE
    for place, suspect in enumerate(ranking.suspects):
        filed = suspect.path.parent.name
        twin = double.get(suspect.path)
        # Where a decision stands, the ranking judges by that: taken back, the photo is suspected as it was.
        likely = place < first or suspect.suspicion >= _LIKELY or suspect.label != filed
        found.append(
            Photograph(
                number=len(found) + 1,
                path=suspect.path,
                relative=suspect.path.relative_to(folder).as_posix(),
                sha256=suspect.sha256,
                filed=filed,
                suggested=suspect.suggested,
                suspicion=suspect.suspicion,
                suspected=twin is not None or (suspect.suggested != filed and likely),
                twins=None if twin is None else twin.group,
            )
        )
    return tuple(found)
