"""Agreement beyond chance, against published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.agreement import agreement, alpha

# K. Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": example C, four observers, twelve units.
_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def units() -> list[list[str]]:
    return [[value for value in unit if value != "."] for unit in zip(*_OBSERVERS, strict=True)]


def test_published_examples() -> None:
    assert alpha(units()) == pytest.approx(0.743, abs=0.0005)
    # Example A: two observers, ten units, two values.
    binary = list(zip("0100000010", "1110010000", strict=True))
    assert alpha(binary) == pytest.approx(0.095, abs=0.0005)


def test_what_nobody_judged_twice_says_nothing() -> None:
    assert alpha([["a"], ["b"], []]) is None
    assert alpha([["a", "a"], ["a", "a"]]) is None, "who never could disagree agrees by chance as well"
    assert agreement([["a"]]).items == 0


def test_the_interval_holds_the_figure() -> None:
    found = agreement(units())
    assert found.items == 11
    assert found.alpha is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.alpha < found.high <= 1


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12))
def test_names_and_order_do_not_matter(items: list[list[str]]) -> None:
    renamed = [["xyz"["abc".index(value)] for value in reversed(values)] for values in reversed(items)]
    found, other = alpha(items), alpha(renamed)
    assert (found is None) == (other is None)
    assert found is None or other == pytest.approx(found)
    assert found is None or found <= 1
