"""Which photos of a folder are most likely filed wrongly."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Cause(StrEnum):
    """Why a photo is suspected: it looks like another label's, or like none of them."""

    OTHER_LABEL = "other_label"
    OFF_TOPIC = "off_topic"


@dataclass(frozen=True)
class Suspect:
    """One file of `ROOT/LABEL/*`.

    `label` is where it is filed (as decisions that stand have it), `suggested` what it looks like: None for what looks
    like none of the labels. `suspicion` 0..1, higher: more likely filed wrongly. `cause` is the likelier one.
    """

    path: Path
    sha256: str
    label: str
    suggested: str | None
    suspicion: float
    cause: Cause


@dataclass(frozen=True)
class Ranking:
    """All readable photos of a folder, the most suspicious first; what cannot be judged with the reason."""

    labels: tuple[str, ...]
    suspects: Sequence[Suspect]
    left_out: Sequence[tuple[Path, str]]
