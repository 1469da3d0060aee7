"""Data sets: which photo, which label, which side of the split, and where it came from."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import DatasetError, ImageError
from model.images import SUFFIXES, decode, files_in, read_photo
from model.labels import Vocabulary
from model.out_of_domain.neighbours import normalised

# Shows how far a long walk is: takes the files, yields them (tqdm, say).
Progress = Callable[[Sequence[Path]], Iterable[Path]]

# From this cosine similarity of frozen features on, two photos count as one scene: resizes, crops, bursts.
NEAR_DUPLICATE_SIMILARITY = 0.90


class Split(StrEnum):
    TRAIN = "train"
    TEST = "test"


class Origin(StrEnum):
    """`base` photos came with a data set; `review` photos are people's, known here by key only."""

    BASE = "base"
    REVIEW = "review"


@dataclass(frozen=True)
class Photo:
    """One row of a manifest. Photos of one `group` (near-duplicates, one sender) stay on one side of the split."""

    sha256: str
    label: str
    split: Split
    group: str
    origin: Origin
    licence: str | None = None


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
                photos.append(Photo(**{**row, "split": Split(row["split"]), "origin": Origin(row["origin"])}))
            except (ValueError, KeyError, TypeError) as error:
                raise DatasetError(f"manifest line {number}: expected a photo, got {line[:80]!r} ({error})") from error
        return cls(tuple(photos))

    def of(self, split: Split) -> tuple[Photo, ...]:
        """The photos of one side."""
        return tuple(photo for photo in self.photos if photo.split is split)


@dataclass(frozen=True)
class FoundPhoto:
    """A readable photo in a folder named after its label."""

    path: Path
    label: str
    sha256: str


@dataclass(frozen=True)
class Scan:
    """What a folder holds: photos in order, and what was left out with the reason."""

    photos: tuple[FoundPhoto, ...]
    left_out: tuple[tuple[Path, str], ...]

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(tuple(sorted({photo.label for photo in self.photos})))


def scan_folder(root: Path, progress: Progress | None = None) -> Scan:
    """Read `ROOT/LABEL/*`: every photo is decoded once, so that what fails, fails here and not in the third epoch.

    The same bytes twice count once; under two labels they count not at all. Raises `DatasetError` for a useless folder.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: expected a folder with one folder of photos for each label")
    found: dict[str, FoundPhoto] = {}
    left_out: list[tuple[Path, str]] = []
    contradictory: set[str] = set()
    files = [
        file
        for file in files_in([root])
        if len(file.relative_to(root).parts) == 2
        and file.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(root).parts)
    ]
    for path in progress(files) if progress else files:
        try:
            data = read_photo(path)
            decode(data)
        except (ImageError, OSError) as error:
            left_out.append((path, str(error)))
            continue
        photo = FoundPhoto(path, path.parent.name, hashlib.sha256(data).hexdigest())
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


def near_duplicate_groups(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group number (N,) of each photo: connected components of near-duplicates among features (N, D)."""
    from scipy.sparse.csgraph import connected_components  # not at the top: reading a card needs no scipy

    unit = normalised(features)
    _, groups = connected_components(unit @ unit.T >= NEAR_DUPLICATE_SIMILARITY, directed=False)
    return np.asarray(groups, dtype=np.int64)


def resembles(features: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,): which of features (N, D) are near-duplicates of any of `others` (M, D)."""
    if not len(features) or not len(others):
        return np.zeros(len(features), dtype=np.bool_)
    similarity = normalised(features) @ normalised(others).T
    result: NDArray[np.bool_] = similarity.max(axis=1) >= NEAR_DUPLICATE_SIMILARITY
    return result


def split_photos(
    photos: Sequence[FoundPhoto], groups: NDArray[np.int64], *, test_share: float = 0.2, seed: int = 20
) -> tuple[Photo, ...]:
    """Stratified by label, whole groups on one side; about `test_share` of the photos become the frozen test set."""
    from sklearn.model_selection import StratifiedGroupKFold  # not at the top: serving needs no scikit-learn

    labels = [photo.label for photo in photos]
    rarest = min(labels.count(label) for label in set(labels))
    folds = round(1 / test_share)
    if rarest < folds:
        raise DatasetError(f"every label needs at least {folds} photos; the rarest has {rarest}: gather more")
    scenes = len(set(groups.tolist()))
    if scenes < folds:
        raise DatasetError(f"the photos show only {scenes} different scenes; at least {folds} are needed: gather more")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    _, test = next(splitter.split(np.zeros(len(labels)), labels, groups))
    in_test = set(test.tolist())
    for label in sorted(set(labels)):
        tested = sum(labels[i] == label for i in in_test)
        if not 0 < tested < labels.count(label):
            raise DatasetError(
                f"the photos of {label!r} resemble each other too much to be split into training and test: "
                "gather photos of other scenes"
            )
    rows = (
        Photo(photo.sha256, photo.label, Split.TRAIN, f"base-{group}", Origin.BASE)
        for photo, group in zip(photos, groups, strict=True)
    )
    return tuple(replace(row, split=Split.TEST) if i in in_test else row for i, row in enumerate(rows))
