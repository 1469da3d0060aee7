"""Which living thing is the one that was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.gathering.common_names import best_named


@pytest.mark.parametrize(
    ("query", "named", "place"),
    [
        ("grizzly bear", [["Brown Bear"], ["Grizzly Bear"]], 1),
        ("black bear", [["Bear Black Fly"], ["American Black Bear"], ["Asiatic Black Bear"]], 1),
        ("peach", [["Desert Peach"], ["Peach"]], 1),  # just so, before what ends so
        ("cats", [["Cat"]], 0),
        ("cat", [["Cats"]], 0),
        ("Ursus arctos", [["Brown Bear", "Ursus arctos"]], 0),
        ("tobacco", [["Tobacco mosaic virus"]], None),
        ("teapot", [["Teapot Bromeliad"]], None),
        ("black-footed cat", [["Black footed Cat"]], 0),
        ("bear", [], None),
        ("bear", [[]], None),
        ("", [[""]], None),
        ("  ", [["", "  "]], None),
    ],
)
def test_the_right_one(query: str, named: list[list[str]], place: int | None) -> None:
    assert best_named(query, named) == place


@given(st.text(), st.lists(st.lists(st.text())))
def test_whatever_the_names(query: str, named: list[list[str]]) -> None:
    place = best_named(query, named)
    assert place is None or 0 <= place < len(named)


@given(st.text(alphabet="abc xyz", min_size=1).filter(str.strip))
def test_a_name_finds_itself(name: str) -> None:
    assert best_named(name, [["something else"], [name]]) == 1
