"""What waits, by reason and by age."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from model.serving import Prediction
from review.policy import Reason
from review.tables import ReviewItem, VerdictKind
from review.waiting import Age, age_of, waiting

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


@pytest.mark.parametrize(
    ("waited", "age"),
    [
        (timedelta(seconds=-1), Age.UNDER_AN_HOUR),
        (timedelta(minutes=59), Age.UNDER_AN_HOUR),
        (timedelta(hours=1), Age.UNDER_A_DAY),
        (timedelta(hours=23), Age.UNDER_A_DAY),
        (timedelta(days=1), Age.UNDER_A_WEEK),
        (timedelta(days=7), Age.OLDER),
    ],
)
def test_ages_follow_each_other_without_a_gap(waited: timedelta, age: Age) -> None:
    assert age_of(waited) is age


async def test_open_items_are_counted_by_reason_and_age(house: Any, predict: Predict, at: Any) -> None:
    doubted = [(await house.receive(number, predict("black", 0.5))).item_id for number in (1, 2, 3)]
    await house.receive(4, predict("teddy", 0.5, in_domain=False))
    at.say("mo", doubted[0], VerdictKind.NONE)
    with house.database.write() as session:
        session.get_one(ReviewItem, doubted[1]).opened_at = at.now - timedelta(hours=5)
    at.take("mo", doubted[2])
    with house.database.read() as session:
        found = waiting(session, at.now)
    assert (found.items, found.in_hands, found.oldest_seconds) == (3, 1, 5 * 3600)
    assert found.by_reason == {Reason.LOW_CONFIDENCE: 2, Reason.OUT_OF_DOMAIN: 1}, "each by its weightiest reason"
    assert found.by_age == {Age.UNDER_AN_HOUR: 2, Age.UNDER_A_DAY: 1, Age.UNDER_A_WEEK: 0, Age.OLDER: 0}
    at.now += timedelta(hours=1)  # the lease is over
    with house.database.read() as session:
        assert waiting(session, at.now).in_hands == 0


def test_nothing_waits_in_an_empty_house(house: Any, at: Any) -> None:
    with house.database.read() as session:
        found = waiting(session, at.now)
    assert (found.items, found.oldest_seconds, found.by_reason) == (0, None, {})
