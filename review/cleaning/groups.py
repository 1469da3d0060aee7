"""The groups that the page shows photos in. A group's `key` is what the browser names it by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

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


def groups_of(photo: Photograph) -> tuple[Group, ...]:
    """Those that a photo is shown in until it is decided about; then it is in `DECIDED` and in no other."""
    found = [Group(GroupKind.LABEL, photo.filed)]
    if photo.suspected:
        found.append(Group(GroupKind.SUSPECTS))
        if photo.suggested != photo.filed:
            found.append(Group(GroupKind.PAIR, photo.filed, photo.suggested))
    if photo.twins is not None:
        found.append(Group(GroupKind.TWINS))
    return tuple(found)


def arranged(photos: Sequence[Photograph]) -> Mapping[Group, Sequence[Photograph]]:
    """All groups of a folder in the order of the page, with their photos: the pairs with the most suspects come first.

    The photos keep their order, but for the same pictures, which come together.
    """
    members: dict[Group, list[Photograph]] = {Group(GroupKind.SUSPECTS): []}
    for photo in photos:
        for group in groups_of(photo):
            members.setdefault(group, []).append(photo)
    members.get(Group(GroupKind.TWINS), []).sort(key=lambda photo: photo.twins or 0)
    places = list(GroupKind)
    order = sorted(
        members,
        key=lambda group: (
            places.index(group.kind),
            -len(members[group]) if group.kind is GroupKind.PAIR else 0,
            group.label or "",
            group.suggested or "",
        ),
    )
    return {**{group: members[group] for group in order}, Group(GroupKind.DECIDED): ()}
