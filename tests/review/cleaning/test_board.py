"""What is suspected, and that decisions and undos in any order leave what a pile of batches would."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cleaning import Action, CleaningManifest
from model.errors import DatasetError
from model.suspicion import Cause, Ranking, Suspect
from review.cleaning.board import Board, Choice
from review.cleaning.labels import given_label
from review.cleaning.photographs import photographs
from tests.review.cleaning.conftest import LABELS, jpeg, ranking_of

PICTURES = [jpeg(number) for number in range(4)]
DECISIONS = st.tuples(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from([(Action.KEEP, None), (Action.REMOVE, None), (Action.RELABEL, "teddy"), (Action.RELABEL, "black")]),
)


@contextmanager
def two_boards() -> Iterator[tuple[CleaningManifest, list[Board]]]:
    """The same folder in two programs; hypothesis has no fixtures of its own for each example."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "black").mkdir()
        names = [f"black/{number}.jpg" for number in range(1, 5)]
        for name, picture in zip(names, PICTURES, strict=True):
            (folder / name).write_bytes(picture)
        found = ranking_of(folder, {name: ("teddy", 0.9 - place / 10) for place, name in enumerate(names)})
        manifest = CleaningManifest(folder)
        yield manifest, [Board(manifest, photographs(manifest, found), LABELS, by=name) for name in ("mo", "ana")]


@given(st.lists(st.tuples(st.booleans(), st.one_of(DECISIONS, st.just("undo"))), max_size=12))
@settings(max_examples=30)  # each writes to the disk
def test_any_order_of_decisions_and_undos(steps: list[tuple[bool, object]]) -> None:
    with two_boards() as (manifest, boards):
        pile: list[dict[int, tuple[Action, str | None]]] = []

        def standing() -> dict[int, tuple[Action, str | None]]:
            return {number: said for batch in pile for number, said in batch.items()}

        for first, step in steps:
            board = boards[0 if first else 1]
            if step == "undo":
                numbers, undone = board.undo()
                expected = pile.pop() if pile else {}
                assert (set(numbers), undone) == (set(expected), len(expected))
                continue
            numbers, (action, label) = step  # type: ignore[misc,assignment] # what DECISIONS makes
            seen = standing()
            assert board.decide([Choice(number, seen.get(number)) for number in numbers], action, label) == []
            said = (Action.KEEP, None) if label == "black" else (action, label)
            pile.append(dict.fromkeys(numbers, said))
        for board in boards:
            shown = {one.photo.number: one.decision for one in board.shown("decided", 10)}
            assert {n: (d.action, d.label) for n, d in shown.items() if d is not None} == standing()
            state = board.state()
            assert (state.looked_at, state.left) == (len(standing()), 4 - len(standing()))
            assert {group.key: size for group, size in state.groups}["suspects"] == 4 - len(standing())
        assert len(manifest.standing()) == len(standing())


def test_who_decides_about_what_they_did_not_see_is_refused() -> None:
    with two_boards() as (_, (one, other)):
        assert one.decide([Choice(1)], Action.KEEP) == []
        (refused,) = other.decide([Choice(1)], Action.REMOVE)
        assert (refused.number, "decided about elsewhere" in refused.sentence) == (1, True)
        assert other.decide([Choice(1, (Action.KEEP, None))], Action.REMOVE) == []
        assert one.undo() == ((1,), 1)
        assert one.shown("decided", 5)[0].decision == one.among("decided", [1])[0].decision
        assert one.among("suspects", [1]) == []


def test_what_is_suspected(tmp_path: Path) -> None:
    """Whatever looks otherwise and is among the first 15 %, or likelier wrong than right."""
    (tmp_path / "black").mkdir()

    def suspect(place: int, suggested: str | None, suspicion: float, label: str = "black") -> Suspect:
        return Suspect(tmp_path / "black" / f"{place}.jpg", "0" * 64, label, suggested, suspicion, Cause.OFF_TOPIC)

    made = [
        suspect(0, "teddy", 0.40),  # the first of twenty, and unlikely
        suspect(1, "black", 0.39),  # looks as it is filed
        suspect(2, None, 0.38),
        suspect(3, "teddy", 0.37),  # the fourth: no more among the first 15 %
        suspect(4, "teddy", 0.6),  # as likely as that, wherever it stands
        suspect(5, "teddy", 0.1, label="teddy"),  # relabelled before, and judged by that
        *(suspect(place, "black", 0.01) for place in range(6, 20)),
    ]
    found = photographs(CleaningManifest(tmp_path), Ranking(LABELS, made, ()))
    assert [photo.path.stem for photo in found if photo.suspected] == ["0", "2", "4", "5"]


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("grizly", "unknown label 'grizly': did you mean 'grizzly'"),
        ("zebra", r"unknown label 'zebra' \(expected one of"),
    ],
)
def test_a_stranger_among_labels(label: str, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        given_label(label, LABELS, new=False)


def test_labels_that_may_be_given() -> None:
    assert given_label("teddy", LABELS, new=False) == "teddy"
    assert given_label("zebra", LABELS, new=True) == "zebra"
    assert given_label("_odd folder", ("_odd folder",), new=False) == "_odd folder"
    for wrong in ("TEDDY", "skip", "a/b", "", "x" * 41):
        with pytest.raises(DatasetError):
            given_label(wrong, LABELS, new=True)
