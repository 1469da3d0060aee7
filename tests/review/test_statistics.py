"""Figures that say what they are: agreement where the model doubted is not accuracy where it answered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from model.serving import Prediction
from review import judging
from review.database import Database
from review.people import reviewer_named
from review.statistics import gather
from review.tables import ReviewItem, VerdictKind

pytestmark = pytest.mark.anyio


def settle(database: Database, now: datetime, item: int, label: str, name: str = "mo") -> None:
    with database.write() as session:
        reviewer = reviewer_named(session, name, now)
        judging.settle(session, item, reviewer, kind=VerdictKind.LABEL, label=label, now=now)


async def test_an_empty_installation(database: Database, now: datetime) -> None:
    with database.read() as session:
        found = gather(session, now)
    assert (found.submissions, found.open_items, found.oldest_waiting_seconds) == (0, 0, None)
    assert (found.agreement_in_audit.value, found.agreement_in_audit.low, found.agreement_in_audit.high) == (None, 0, 1)


async def test_counts_and_agreement(
    house: Any, audited_house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    doubted = [(await house.receive(n, predict("black", 0.5))).item_id for n in (1, 2, 3)]
    await house.receive(4, predict("black", 0.99))
    audited = (await audited_house.receive(5, predict("teddy", 0.99))).item_id
    settle(house.database, now, doubted[0], "black")
    settle(house.database, now, doubted[1], "grizzly", "rita")
    settle(house.database, now, audited, "teddy")
    with house.database.write() as session:
        judging.settle(session, doubted[2], reviewer_named(session, "mo", now), kind=VerdictKind.SKIP, now=now)
    with house.database.read() as session:
        found = gather(session, now + timedelta(hours=1))
    assert (found.submissions, found.answered_alone, found.settled_items) == (5, 2, 3)
    assert (found.open_items, found.open_by_reason, found.oldest_waiting_seconds) == (1, {"low_confidence": 1}, 3600)
    assert found.verdicts_by_reviewer == {"mo": 2, "rita": 1}
    assert (found.agreement_in_review.count, found.agreement_in_review.total) == (1, 2)
    assert (found.agreement_in_audit.count, found.agreement_in_audit.total) == (1, 1)
    assert found.agreement_in_audit.low < 0.5, "one photo proves little"


async def test_answers_that_their_askers_dispute_are_in_no_random_sample(
    house: Any, audited_house: Any, predict: Callable[..., Prediction], at: Any, now: datetime
) -> None:
    """They come to people because they may be wrong; counted with the random checks they would slander the model."""
    checked = await audited_house.receive(1, predict("teddy", 0.99))
    disputed = await house.receive(2, predict("teddy", 0.99))
    both = await audited_house.receive(3, predict("teddy", 0.99))
    doubted = await house.receive(4, predict("teddy", 0.5))
    for number, accepted in enumerate((disputed, both, doubted)):
        at.asker_says(accepted.submission_id, "black", f"tap {number}")
    for accepted, label in ((checked, "teddy"), (disputed, "black"), (both, "black"), (doubted, "teddy")):
        with house.database.read() as session:
            item = session.scalars(select(ReviewItem).filter_by(submission_id=accepted.submission_id)).one()
        settle(audited_house.database, now, item.id, label)
    with audited_house.database.read() as session:
        found = gather(session, now)
    assert (found.agreement_in_audit.count, found.agreement_in_audit.total) == (1, 2)
    assert (found.agreement_in_review.count, found.agreement_in_review.total) == (1, 1)
    assert found.settled_items == 4


async def test_verdicts_that_were_taken_back_do_not_count(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    item = (await house.receive(1, predict("black", 0.5))).item_id
    settle(house.database, now, item, "black")
    with house.database.write() as session:
        judging.undo(session, reviewer_named(session, "mo", now), now=now)
    with house.database.read() as session:
        assert gather(session, now).verdicts_by_reviewer == {}
