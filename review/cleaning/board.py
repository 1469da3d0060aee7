"""What the page shows and what people decide on it, in any number of tabs: the manifest alone knows what stands."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from model.cleaning import Action, CleaningManifest, Decision
from model.errors import DatasetError
from review.cleaning.groups import Group, GroupKind, arranged, groups_of
from review.cleaning.photographs import Photograph
from review.errors import NotFound


@dataclass(frozen=True)
class Shown:
    """A photo as it is shown, with the decision that stands about it, if there is one."""

    photo: Photograph
    decision: Decision | None


@dataclass(frozen=True)
class Choice:
    """A photo that is decided about; `seen` is what the page says of it: the decision that stands there."""

    number: int
    seen: tuple[Action, str | None] | None = None


@dataclass(frozen=True)
class Refused:
    """A photo that nothing was decided about, and why."""

    number: int
    sentence: str


@dataclass(frozen=True)
class State:
    """How far it is: `looked_at` of the `suspects` are decided about, and `left` of all photos are not.

    `revision` changes whenever a decision does, wherever it is made.
    """

    revision: str
    labels: tuple[str, ...]
    groups: tuple[tuple[Group, int], ...]
    suspects: int
    looked_at: int
    left: int


class Board:
    """The photos of one folder. Thread-safe; `by` is who decides, for the manifest."""

    def __init__(
        self, manifest: CleaningManifest, photos: Sequence[Photograph], labels: Sequence[str], *, by: str
    ) -> None:
        self._manifest = manifest
        self.photos = tuple(photos)
        self._labels = tuple(labels)
        self._groups = arranged(photos)
        self._by_key = {group.key: group for group in self._groups}
        self._twin_labels: dict[int, list[str]] = {}
        for photo in photos:
            if photo.twins is not None:
                self._twin_labels.setdefault(photo.twins, []).append(photo.filed)
        self._by = by
        self._lock = threading.RLock()
        self._read: tuple[str | None, Mapping[int, Decision]] = (None, {})

    def photo(self, number: int) -> Photograph:
        """The photo of this number; raises `NotFound`."""
        if not 1 <= number <= len(self.photos):
            raise NotFound(f"there is no photo {number} here")
        return self.photos[number - 1]

    def labels_of_twins(self, group: int) -> tuple[str, ...]:
        """The labels that the same picture lies under."""
        return tuple(sorted(set(self._twin_labels[group])))

    def state(self) -> State:
        """How far it is. Raises `DatasetError` if the manifest cannot be read."""
        standing = self._standing()
        suspects = [photo for photo in self.photos if photo.suspected]
        return State(
            revision=self._read[0] or "",
            labels=self._labels_with(standing.values()),
            groups=tuple(
                (
                    group,
                    len(standing)
                    if group.kind is GroupKind.DECIDED
                    else sum(one.number not in standing for one in members),
                )
                for group, members in self._groups.items()
            ),
            suspects=len(suspects),
            looked_at=sum(photo.number in standing for photo in suspects),
            left=len(self.photos) - len(standing),
        )

    def shown(self, key: str, count: int) -> list[Shown]:
        """The first `count` photos of a group: the most suspicious, or what was decided last. Raises `NotFound`."""
        group = self._group(key)
        standing = self._standing()
        if group.kind is GroupKind.DECIDED:
            latest = list(standing.items())[::-1][:count]
            return [Shown(self.photo(number), decision) for number, decision in latest]
        left = (photo for photo in self._groups[group] if photo.number not in standing)
        return [Shown(photo, None) for photo in islice(left, count)]

    def among(self, key: str, numbers: Sequence[int]) -> list[Shown]:
        """Those of these photos that are in the group now."""
        group, standing = self._group(key), self._standing()
        found = [Shown(self.photo(number), standing.get(number)) for number in numbers]
        if group.kind is GroupKind.DECIDED:
            return [one for one in found if one.decision is not None]
        return [one for one in found if one.decision is None and group in groups_of(one.photo)]

    def decide(self, choices: Sequence[Choice], action: Action | None, label: str | None = None) -> list[Refused]:
        """Decide about them, as one batch, which one `undo` takes back; those that nothing is decided about, and why.

        None for an action: of each what is suggested. `label` goes with `RELABEL`; the one that a photo is filed under
        already means that it is kept. Refused is a photo whose file went or was replaced, and one that was decided
        about elsewhere since it was shown. Raises `DatasetError` if the manifest cannot be read or written.
        """
        decisions: list[Decision] = []
        refused: list[Refused] = []
        with self._lock:
            standing = self._standing()
            for choice in {choice.number: choice for choice in choices}.values():
                found = self._decision(choice, action, label, standing.get(choice.number))
                if isinstance(found, Refused):
                    refused.append(found)
                else:
                    decisions.append(found)
            self._manifest.record(decisions, by=self._by)
        return refused

    def undo(self) -> tuple[tuple[int, ...], int]:
        """Take the last batch back, whoever decided it: the photos that are here, and how many it was about."""
        with self._lock:
            taken = self._manifest.undo(by=self._by)
        numbers = {photo.relative: photo.number for photo in self.photos}
        return tuple(numbers[one.path] for one in taken if one.path in numbers), len(taken)

    def _decision(
        self, choice: Choice, action: Action | None, label: str | None, stands: Decision | None
    ) -> Decision | Refused:
        photo = self.photo(choice.number)
        if (None if stands is None else (stands.action, stands.label)) != choice.seen:
            return Refused(photo.number, f"{photo.relative} was decided about elsewhere meanwhile: look at it again")
        if action is None:
            action, label = (Action.REMOVE if photo.suggested is None else Action.RELABEL), photo.suggested
        if action is Action.RELABEL and label == photo.filed:
            action, label = Action.KEEP, None
        try:
            found = self._manifest.decision(photo.path, action, label)
        except DatasetError as error:
            return Refused(photo.number, str(error))
        except OSError as error:
            return Refused(photo.number, f"{photo.relative} cannot be read any more: {error.strerror}")
        if found.sha256 != photo.sha256:
            again = "end the program and start it again to judge what is there now"
            return Refused(photo.number, f"{photo.relative} was replaced meanwhile: {again}")
        return found

    def _group(self, key: str) -> Group:
        if key not in self._by_key:
            raise NotFound("there is no such group of photos here: load the page again")
        return self._by_key[key]

    def _labels_with(self, decisions: Iterable[Decision]) -> tuple[str, ...]:
        """The folder's, and behind them those that people made, so that no label's number changes."""
        return tuple(dict.fromkeys((*self._labels, *(one.label for one in decisions if one.label is not None))))

    def _standing(self) -> Mapping[int, Decision]:
        """Number of a photo -> the decision that stands about it as it is: none does about a file that was replaced."""
        with self._lock:
            revision = self._revision()
            if revision != self._read[0]:
                standing = self._manifest.standing()
                found = {
                    photo.number: decision
                    for photo in self.photos
                    if (decision := standing.get(photo.relative)) is not None and decision.sha256 == photo.sha256
                }
                order = {path: place for place, path in enumerate(standing)}
                latest = sorted(found, key=lambda number: order[self.photo(number).relative])
                self._read = (revision, {number: found[number] for number in latest})
            return self._read[1]

    def _revision(self) -> str:
        """Of the manifest, which grows with each decision and each undo."""
        try:
            status = self._manifest.path.stat()
        except FileNotFoundError:
            return ""
        return f"{status.st_size}-{status.st_mtime_ns}"
