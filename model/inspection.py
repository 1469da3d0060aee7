"""A folder of photos looked at file by file: what is broken, there twice, filed under two labels, or hard to see."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from model.cleaning import MANIFEST, Action, CleaningManifest, Decision
from model.duplicates import DuplicateIndex, Match
from model.errors import DatasetError
from model.glance import Glance, Unseen, glances
from model.images import SUFFIXES, files_in
from model.progress import Walk
from model.quality import DEFAULT_THRESHOLDS, QualityThresholds

# What `bearbot data` and people keep beside the labels.
_BESIDE = frozenset({MANIFEST, "gathered.jsonl", "attribution.md", "readme.md", "readme.txt", "license", "licence"})


class Finding(StrEnum):
    """What may be the matter with a file; those of `ERRORS` make a model worse, the others deserve a look."""

    BROKEN = "broken"
    TWO_LABELS = "two_labels"
    ALIKE_TWO_LABELS = "alike_two_labels"
    TEST_PHOTO = "test_photo"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    NOT_READ = "not_read"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    BLANK = "blank"
    TINY = "tiny"
    NARROW = "narrow"


ERRORS = frozenset({Finding.BROKEN, Finding.TWO_LABELS, Finding.ALIKE_TWO_LABELS, Finding.TEST_PHOTO})


@dataclass(frozen=True)
class Problem:
    """One thing about one file. `label`: where it counts, None for what lies beside the labels; `why` in words.

    `other` is the picture that it repeats, of `Finding`s that are about two.
    """

    path: Path
    label: str | None
    finding: Finding
    why: str
    other: Path | None = None


@dataclass(frozen=True, slots=True)
class InspectedPhoto:
    """A photo that can be read; width and height in pixels as stored, `format` by content."""

    path: Path
    label: str
    sha256: str
    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class Inspection:
    """All readable photos of a folder that nobody removed, in order, and whatever is the matter with any file.

    `counts`: label -> such photos, by name; of a folder without any 0. `removed` and `relabelled`: how many files
    were, by decisions that stand.
    """

    folder: Path
    counts: Mapping[str, int]
    photos: Sequence[InspectedPhoto]
    problems: Sequence[Problem]
    removed: int
    relabelled: int

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that make a model worse."""
        return tuple(problem for problem in self.problems if problem.finding in ERRORS)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those that deserve a look."""
        return tuple(problem for problem in self.problems if problem.finding not in ERRORS)


def inspect_folder(
    root: Path,
    *,
    against: Path | None = None,
    thresholds: QualityThresholds = DEFAULT_THRESHOLDS,
    progress: Walk | None = None,
) -> Inspection:
    """Look at `ROOT/LABEL/*` as training would see it, after what people decided in cleaning.

    `against`: a folder of test photos, at any depth; none of them should be in ROOT. What a person decided to keep or
    to relabel is not called flawed or alike: it was looked at. Raises `DatasetError` for a folder without
    photos, and `OSError` for one that cannot be listed.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: expected a folder with one folder of photos for each label")
    decisions = CleaningManifest(root).standing()
    labels, files, strays = _sorted_out(root)
    if not files:
        why = f" ({strays[0].path}: {strays[0].why})" if strays else ""
        raise DatasetError(f"{root}: found no photo; expected {root}/LABEL/*.jpg{why}")
    walk = progress or (lambda paths: paths)
    tested: DuplicateIndex[Path] = DuplicateIndex()
    if against:
        for path, seen in glances(_test_photos(against, root), walk, thresholds):
            if isinstance(seen, Glance):  # what cannot be read is no test photo
                tested.add(path, seen.sha256, seen.fingerprint)
    files_seen = _Account(root, decisions, tested)
    for path, seen in glances(files, walk, thresholds):
        files_seen.enter(path, seen)
    counts = Counter(photo.label for photo in files_seen.photos)
    return Inspection(
        folder=root,
        counts={label: counts[label] for label in sorted({*labels, *counts})},
        photos=files_seen.photos,
        problems=[*strays, *files_seen.problems],
        removed=files_seen.removed,
        relabelled=files_seen.relabelled,
    )


class _Account:
    """What is known of the files so far."""

    def __init__(self, root: Path, decisions: Mapping[str, Decision], tested: DuplicateIndex[Path]) -> None:
        self._root = root
        self._decisions = decisions
        self._tested = tested
        self._index: DuplicateIndex[int] = DuplicateIndex()  # its keys are places in `photos`
        self._decided: set[int] = set()
        self.photos: list[InspectedPhoto] = []
        self.problems: list[Problem] = []
        self.removed = self.relabelled = 0

    def enter(self, path: Path, seen: Glance | Unseen) -> None:
        """Count a file, and compare it to those before it."""
        decision = self._decisions.get(path.relative_to(self._root).as_posix())
        if decision is not None and decision.sha256 != seen.sha256:
            decision = None  # it was about another file of this name
        if decision is not None and decision.action is Action.REMOVE:
            self.removed += 1
            return
        label = path.parent.name if decision is None or decision.label is None else decision.label
        self.relabelled += label != path.parent.name
        if isinstance(seen, Unseen):
            self.problems.append(Problem(path, label, Finding.BROKEN, seen.why))
            return
        place = len(self.photos)
        size = seen.header
        self.photos.append(InspectedPhoto(path, label, seen.sha256, size.format, size.width, size.height, seen.bytes))
        if decision is not None:
            self._decided.add(place)
        self.problems.extend(self._found(place, seen))
        self._index.add(place, seen.sha256, seen.fingerprint)

    def _found(self, place: int, seen: Glance) -> Iterator[Problem]:
        path, label, decided = self.photos[place].path, self.photos[place].label, place in self._decided
        test = self._tested.find(seen.sha256, seen.fingerprint)
        if test is not None and (test.exact or not decided):
            yield Problem(path, label, Finding.TEST_PHOTO, _repeats(test, f"the test photo {test.key}"), test.key)
        twin = self._index.find(seen.sha256, seen.fingerprint)
        if twin is not None and not twin.exact:
            # Two that a person looked at are what the person said; of the others those under another label matter most.
            unsettled = [
                match for match in self._index.alike(seen.fingerprint) if not (decided and match.key in self._decided)
            ]
            elsewhere = (match for match in unsettled if self.photos[match.key].label != label)
            twin = next(elsewhere, next(iter(unsettled), None))
        if twin is not None:
            other = self.photos[twin.key]
            finding = _KINDS_OF_TWINS[twin.exact, other.label == label]
            yield Problem(path, label, finding, _repeats(twin, self._shown(other)), other.path)
            if twin.exact:
                return  # its flaws were told of the other one
        if not decided:
            for flaw, why in seen.flaws:
                yield Problem(path, label, Finding(flaw.value), why)

    def _shown(self, photo: InspectedPhoto) -> str:
        return photo.path.relative_to(self._root).as_posix()


_KINDS_OF_TWINS = {
    (True, True): Finding.DUPLICATE,
    (True, False): Finding.TWO_LABELS,
    (False, True): Finding.NEAR_DUPLICATE,
    (False, False): Finding.ALIKE_TWO_LABELS,
}


def _repeats(match: Match[Any], what: str) -> str:
    return f"{'the same file as' if match.exact else 'looks the same as'} {what}"


def _sorted_out(root: Path) -> tuple[set[str], list[Path], list[Problem]]:
    """Labels, the files that training would read, and what else lies there; hidden files are nobody's business."""
    labels, strays = set(), []
    for entry in sorted(root.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and entry.is_dir():
            strays.append(Problem(entry, None, Finding.NOT_READ, "a link to a folder, which is not followed"))
        elif entry.is_dir():
            labels.add(entry.name)
    files: list[Path] = []
    for path in files_in([root]):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or (len(parts) == 1 and path.name.casefold() in _BESIDE):
            continue
        label = parts[0] if len(parts) > 1 or path.is_dir() else None
        if path.is_dir():
            strays.append(Problem(path, label, Finding.BROKEN, "the folder cannot be opened: may you read it?"))
        elif len(parts) != 2:
            strays.append(Problem(path, label, Finding.NOT_READ, f"expected it to lie in {root.name}/LABEL/"))
        elif path.suffix.lower() not in SUFFIXES:
            strays.append(Problem(path, label, Finding.NOT_READ, "its name does not end like a picture's"))
        else:
            files.append(path)
    return labels, files, strays


def _test_photos(against: Path, root: Path) -> list[Path]:
    if not against.is_dir():
        raise DatasetError(f"{against}: expected a folder of test photos")
    one, other = against.resolve(), root.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise DatasetError(f"{against}: expected test photos of another folder than {root}, not in it or above it")
    found = [path for path in files_in([against]) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise DatasetError(f"{against}: found no test photo")
    return found
