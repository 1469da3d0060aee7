"""The groups that the page shows photos in. A group's `key` is what the browser names it by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from model.cleaning import Decision
from review.cleaning.photographs import Photograph


class GroupKind(StrEnum):
    """`suspects`: all of them. `pair`: filed as one label, look like another, or like none. `twins`: the same picture
    under two labels. `label`: all that is filed as one. `decided`: what a decision stands about.
    """

    SUSPECTS = "suspects"
    PAIR = "pair"
    TWINS = "twins"
    LABEL = "label"
    DECIDED = "decided"


@dataclass(frozen=True)
class Group:
    """`label` goes with `PAIR` and `LABEL`; `suggested` with `PAIR`, None: none of the labels."""

    kind: GroupKind
    label: str | None = None
    suggested: str | None = None

    @property
    def key(self) -> str:
        """Slashes part it, which no folder's name has."""
        return "/".join((self.kind.value, *((part or "") for part in self._parts())))

    def _parts(self) -> tuple[str | None, ...]:
        return {GroupKind.PAIR: (self.label, self.suggested), GroupKind.LABEL: (self.label,)}.get(self.kind, ())

    def holds(self, photo: Photograph, decision: Decision | None) -> bool:
        """Whether this photo is shown in it: what is decided has a group of its own, and is in no other."""
        if self.kind is GroupKind.DECIDED or decision is not None:
            return self.kind is GroupKind.DECIDED and decision is not None
        match self.kind:
            case GroupKind.SUSPECTS:
                return photo.suspected
            case GroupKind.PAIR:
                return _pair(photo) == self
            case GroupKind.TWINS:
                return photo.twins is not None
            case _:
                return photo.filed == self.label


def groups(photos: Sequence[Photograph]) -> tuple[Group, ...]:
    """All that a folder has, whether anything is left in them or not: the pairs with the most suspects come first."""
    pairs: dict[Group, int] = {}
    for pair in filter(None, map(_pair, photos)):
        pairs[pair] = pairs.get(pair, 0) + 1
    return (
        Group(GroupKind.SUSPECTS),
        *sorted(pairs, key=lambda pair: -pairs[pair]),
        *([Group(GroupKind.TWINS)] if any(photo.twins is not None for photo in photos) else []),
        *(Group(GroupKind.LABEL, label) for label in sorted({photo.filed for photo in photos})),
        Group(GroupKind.DECIDED),
    )


def sizes(
    found: Sequence[Group], photos: Sequence[Photograph], standing: Mapping[int, Decision]
) -> Iterator[tuple[Group, int]]:
    """How many photos are in each of them now."""
    for group in found:
        yield group, sum(group.holds(photo, standing.get(photo.number)) for photo in photos)


def _pair(photo: Photograph) -> Group | None:
    if not photo.suspected or photo.suggested == photo.filed:
        return None
    return Group(GroupKind.PAIR, photo.filed, photo.suggested)
