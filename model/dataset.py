"""Data sets: which photo, which label, which side of the split, and where it came from."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from model.errors import DatasetError


class Split(StrEnum):
    TRAIN = "train"
    TEST = "test"


class Kind(StrEnum):
    """What a photo is to a model.

    `subject` shows one of the labels; the others show none of them: `near` looks like the subject, `far` does not, and
    `none` is what people said of a photo that somebody had sent.
    """

    SUBJECT = "subject"
    NEAR = "near"
    FAR = "far"
    NONE = "none"


OUTLIERS = (Kind.NEAR, Kind.FAR, Kind.NONE)


class Origin(StrEnum):
    """`base` photos came with a data set; `review` photos are people's, known here by key only."""

    BASE = "base"
    REVIEW = "review"


@dataclass(frozen=True)
class Photo:
    """One row of a manifest. Photos of one `group` (near-duplicates, one sender) stay on one side of the split.

    The `label` of a photo that is no subject says what sort of thing it shows ("panda").
    """

    sha256: str
    label: str
    split: Split
    group: str
    origin: Origin
    licence: str | None = None
    kind: Kind = Kind.SUBJECT


@dataclass(frozen=True)
class DatasetManifest:
    """Ordered rows; row i of the stored features belongs to photo i of the base photos."""

    photos: tuple[Photo, ...]

    def to_lines(self) -> str:
        """JSON lines, one photo each."""
        return "".join(json.dumps(asdict(photo), ensure_ascii=False) + "\n" for photo in self.photos)

    @classmethod
    def from_lines(cls, text: str) -> "DatasetManifest":
        """Read what `to_lines` wrote; raises `DatasetError` naming the line."""
        photos = []
        # Not `splitlines`, which also cuts at characters that JSON leaves as they are inside strings.
        for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):
            try:
                row = json.loads(line)
                words = {"split": Split(row["split"]), "origin": Origin(row["origin"]), "kind": Kind(row["kind"])}
                photos.append(Photo(**{**row, **words}))
            except (ValueError, KeyError, TypeError) as error:
                raise DatasetError(f"manifest line {number}: expected a photo, got {line[:80]!r} ({error})") from error
        return cls(tuple(photos))

    def of(self, split: Split, *kinds: Kind) -> tuple[Photo, ...]:
        """The photos of one side and of these kinds (by default: that show a label)."""
        wanted = kinds or (Kind.SUBJECT,)
        return tuple(photo for photo in self.photos if photo.split is split and photo.kind in wanted)
