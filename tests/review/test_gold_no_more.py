"""Items that were gold: whoever was given one to be measured by it judges it, and opens it, as any other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from model.serving import Prediction
from review import gold, judging, queue
from review.errors import AlreadySettled
from review.people import reviewer_named
from review.tables import GoldCheck, ItemStatus, ReviewItem, VerdictKind
from tests.review.conftest import LEASE

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LABEL, OPEN = VerdictKind.LABEL, ItemStatus.OPEN


@pytest.fixture
async def known(house: Any, predict: Predict, at: Any) -> int:
    """An item that bob settled as black; ann has it in hand, to be measured by it. Another one waits."""
    item: int = (await house.receive(1, predict("grizzly", 0.4))).item_id
    await house.receive(2, predict("grizzly", 0.4))
    at.say("bob", item, LABEL, "black")
    with at.database.write() as session:
        gold.add(session, item, at.now)
        ann = reviewer_named(session, "ann", at.now)
        taken = queue.claim_next(session, ann, lease=LEASE, now=at.now, gold_rate=1.0)
        assert taken is not None
        assert taken.item_id == item
    return item


def reopen(at: Any, name: str, item_id: int) -> None:
    with at.database.write() as session:
        judging.reopen(session, item_id, reviewer_named(session, name, at.now), note="too dark", now=at.now)


async def test_who_let_go_of_it_may_open_it_again(known: int, at: Any) -> None:
    at.now += timedelta(hours=1)
    with at.database.write() as session:
        gold.remove(session, known)
    with pytest.raises(AlreadySettled, match="bob said 'black'"):
        at.say("ann", known, LABEL, "teddy")
    reopen(at, "ann", known)
    assert at.view(known).status is OPEN
    assert at.say("ann", known, LABEL, "teddy") == "teddy"
    assert at.view(known).final_label == "teddy"


@pytest.mark.parametrize("answered", [False, True])
async def test_what_was_opened_again_and_settled_is_like_any_other_to_who_was_measured(
    known: int, at: Any, answered: bool
) -> None:
    if answered:
        at.say("ann", known, LABEL, "grizzly")
    at.undo("bob")
    assert at.say("ann", known, LABEL, "teddy") == "teddy"
    with at.database.write() as session:
        assert session.scalar(select(func.count()).select_from(GoldCheck)) == 0
        assert session.get_one(ReviewItem, known).gold_at is None, "it is sure no more"
        gold.add(session, known, at.now)
    with pytest.raises(AlreadySettled, match="ann said 'teddy'"):
        at.say("ann", known, LABEL, "grizzly")
    reopen(at, "ann", known)
    assert at.view(known).status is OPEN


async def test_whoever_is_given_one_sees_no_near_duplicate_in_its_place(house: Any, predict: Predict, at: Any) -> None:
    leader, member = [(await house.receive(number, predict("black", 0.5))).item_id for number in (1, 2)]
    with at.database.write() as session:
        session.get_one(ReviewItem, member).represented_by_id = leader
    at.say("bob", leader, LABEL, "black")
    with at.database.write() as session:
        assert session.get_one(ReviewItem, member).represented_by_id == leader
        gold.add(session, member, at.now)
    assert at.view(member).represented_by is None
