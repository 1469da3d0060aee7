"""Agreement beyond chance, against published examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving import Prediction
from review import ballots, roster
from review.agreement import agreement, alpha, among_reviewers
from review.database import Database
from review.quorum import Quorum
from review.tables import ReviewItem, Role, VerdictKind

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


def test_the_interval_is_as_wide_as_that_of_drawing_items_one_by_one() -> None:
    items = [["a", "a"]] * 60 + [["b", "b", "b"]] * 25 + [["a", "b"]] * 15
    found = agreement(items)
    random = np.random.default_rng(1)
    drawn = [alpha([items[i] for i in random.integers(100, size=100)]) for _ in range(1000)]
    low, high = np.quantile([one for one in drawn if one is not None], (0.025, 0.975))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))


@pytest.mark.anyio
async def test_only_what_was_said_blindly_and_before_a_decision_counts(
    house_with: Any, predict: Callable[..., Prediction], at: Any, database: Database
) -> None:
    house = house_with(quorum=Quorum.parse("low_confidence=2"))
    first, second, third = [(await house.receive(n, predict("black", 0.5))).item_id for n in (1, 2, 3)]
    alone = (await house.receive(4, predict("teddy", 0.9, in_domain=False))).item_id
    with database.write() as session:
        item = session.get_one(ReviewItem, alone)
        item.verdicts_needed = 1
        roster.add(session, "mo", role=Role.MODERATOR, telegram_user_id=None, now=at.now)
    for name in ("ann", "ben"):
        at.say(name, first, VerdictKind.LABEL, "black")
        at.say(name, second, VerdictKind.NONE)
        at.say(name, third, VerdictKind.LABEL, "black" if name == "ann" else "teddy")
    at.say("mo", third, VerdictKind.LABEL, "teddy")
    at.say("ann", alone, VerdictKind.LABEL, "teddy")
    at.asker_says(1, "teddy")
    at.say("ben", first, VerdictKind.LABEL, "teddy")
    with database.read() as session:
        found = among_reviewers(session)
        assert found.items == 2, "not what was opened again, nor what one alone judged"
        assert found.alpha == alpha([["none", "none"], ["black", "teddy"]])
        assert ballots.blind(session).known == {third: "teddy"}
