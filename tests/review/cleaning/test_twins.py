"""The same picture under two labels, whatever lies between both."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from model.fingerprint import FLAT
from model.glance import Glance, Unseen
from model.images import Header
from review.cleaning.twins import twins

LOOK = 0x1234_5678_9ABC_DEF0
Look = Callable[[Mapping[str, tuple[str, int]]], dict[str, int]]


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Look:
    """{"label/file": (sha256, fingerprint)}, as if they were seen so -> the group of each that has a twin."""

    def look(seen: Mapping[str, tuple[str, int]]) -> dict[str, int]:
        def glances(paths: list[Path], *_: object) -> Iterator[tuple[Path, Glance | Unseen]]:
            for path in paths:
                sha256, fingerprint = seen[str(path)]
                head = Header("JPEG", 100, 100)
                yield path, Glance(sha256, head, 1, fingerprint, ()) if sha256 else Unseen("", "damaged")

        monkeypatch.setattr("review.cleaning.twins.glances", glances)
        found = twins({Path(name): name.split("/")[0] for name in seen}, lambda paths: paths)
        return {str(path): twin.group for path, twin in found.items()}

    return look


def test_one_that_looks_like_two_others_unites_them(groups: Look) -> None:
    """Its nearest lies under the same label: the other one does not."""
    seen = {"black/1": ("a", LOOK), "grizzly/1": ("b", LOOK ^ 0b1111)}
    assert groups(seen) == {}
    assert groups({**seen, "black/2": ("c", LOOK ^ 0b1)}) == {"black/1": 1, "grizzly/1": 1, "black/2": 1}


def test_groups_that_grew_before_they_met_are_one(groups: Look) -> None:
    left = {"black/1": ("a", LOOK), "black/2": ("b", LOOK ^ 0b1)}
    right = {"grizzly/1": ("c", LOOK ^ 0b11_1110), "grizzly/2": ("d", LOOK ^ 0b111_1110)}
    between = {"black/3": ("e", LOOK ^ 0b1110)}
    assert groups({**left, **right}) == {}
    assert groups({**left, **right, **between}) == dict.fromkeys((*left, *right, *between), 1)


def test_one_label_alone_and_what_is_blank_or_damaged_has_no_twin(groups: Look) -> None:
    assert groups({"black/1": ("a", LOOK), "black/2": ("a", LOOK), "grizzly/1": ("b", ~LOOK & 2**64 - 1)}) == {}
    assert groups({"black/1": ("a", FLAT), "grizzly/1": ("b", FLAT)}) == {}
    assert groups({"black/1": ("a", LOOK), "grizzly/1": ("", LOOK)}) == {}
    same = {"black/1": ("a", FLAT), "grizzly/1": ("a", FLAT), "teddy/1": ("b", FLAT)}
    assert groups(same) == {"black/1": 1, "grizzly/1": 1}
