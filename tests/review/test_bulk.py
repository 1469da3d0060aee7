"""What is said of many items at once, and taken back at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from model.serving import Prediction
from review import bulk, judging, queue, roster
from review.bulk import InHand, Outcome
from review.claimable import Among
from review.errors import NothingToUndo
from review.groups import Group, waiting_groups
from review.judging import Circumstances
from review.people import reviewer_named
from review.tables import Channel, ItemStatus, ReviewItem, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LEASE = timedelta(minutes=5)


@pytest.fixture
async def items(house: Any, predict: Predict) -> list[int]:
    return [(await house.receive(number, predict("black", 0.6))).item_id for number in range(1, 5)]


def held(session: Any, name: str, now: datetime) -> list[InHand]:
    claims = queue.claim_batch(session, reviewer_named(session, name, now), count=10, lease=LEASE, now=now)
    return [InHand(claim.item_id, claim.token) for claim in claims]


async def test_a_stroke_is_what_was_said_at_one_time_on_the_page(house: Any, items: list[int], now: datetime) -> None:
    with house.database.write() as session:
        ana = reviewer_named(session, "ana", now)
        hands = held(session, "ana", now)
        bulk.settle_each(session, ana, hands[:1], kind=VerdictKind.SKIP, now=now)
        later = now + timedelta(seconds=1)
        answered = bulk.settle_each(session, ana, hands[1:], kind=VerdictKind.LABEL, label="teddy", now=later)
        assert {one.outcome for one in answered} == {Outcome.SETTLED}
        stroke = bulk.last_stroke(session, ana)
        assert [session.get_one(judging.Verdict, one).item_id for one in stroke] == items[1:]
        for verdict_id in stroke:
            judging.undo(session, ana, verdict_id=verdict_id, now=later)
        assert len(bulk.last_stroke(session, ana)) == 1  # the skip


async def test_what_was_said_at_once_under_another_name_is_taken_back_at_once(
    house: Any, items: list[int], now: datetime
) -> None:
    with house.database.write() as session:
        ana, rita = (reviewer_named(session, name, now) for name in ("ana", "rita"))
        hands = held(session, "ana", now)
        bulk.settle_each(session, ana, hands[:3], kind=VerdictKind.NONE, now=now)
        roster.link(session, rita, ana, now=now)
        stroke = bulk.last_stroke(session, rita)
        assert [session.get_one(judging.Verdict, one).item_id for one in stroke] == items[:3]
        for verdict_id in stroke:
            judging.undo(session, rita, verdict_id=verdict_id, now=now)
        with pytest.raises(NothingToUndo, match="rita has no verdict"):
            bulk.last_stroke(session, rita)


async def test_elsewhere_each_verdict_is_a_stroke_of_its_own(house: Any, items: list[int], now: datetime) -> None:
    with house.database.write() as session:
        ana = reviewer_named(session, "ana", now)
        for item in items:
            how = Circumstances(Channel.IMPORT)
            judging.settle(session, item, ana, kind=VerdictKind.LABEL, label="black", how=how, now=now)
        assert len(bulk.last_stroke(session, ana)) == 1


async def test_there_may_be_nothing_to_undo(house: Any, now: datetime) -> None:
    with house.database.write() as session, pytest.raises(NothingToUndo, match="ana has no verdict"):
        bulk.last_stroke(session, reviewer_named(session, "ana", now))


async def test_who_must_not_decide_is_told_and_the_others_are_recorded(
    house: Any, items: list[int], now: datetime
) -> None:
    with house.database.write() as session:
        ana = reviewer_named(session, "ana", now)
        hands = held(session, "ana", now)
        session.get_one(ReviewItem, items[0]).needs_adjudicator = True
        answered = bulk.settle_each(session, ana, hands, kind=VerdictKind.NONE, free_name="dog", now=now)
        assert [one.outcome for one in answered] == [Outcome.NOT_YOURS, *[Outcome.SETTLED] * 3]
        assert "a moderator" in str(answered[0].sentence)
        assert session.get_one(ReviewItem, items[0]).status is ItemStatus.OPEN


async def test_a_repeated_answer_long_after_is_no_repetition(house: Any, items: list[int], now: datetime) -> None:
    with house.database.write() as session:
        ana = reviewer_named(session, "ana", now)
        hands = held(session, "ana", now)[:1]
        bulk.settle_each(session, ana, hands, kind=VerdictKind.LABEL, label="black", now=now)
        later = now + timedelta(hours=1)
        again = bulk.settle_each(session, ana, hands, kind=VerdictKind.LABEL, label="black", now=later)
        assert again[0].outcome is Outcome.SETTLED_BEFORE
        other = bulk.settle_each(session, ana, hands, kind=VerdictKind.LABEL, label="teddy", now=now)
        assert other[0].outcome is Outcome.SETTLED_BEFORE


async def test_groups_hide_the_label_and_the_reason_of_blind_items(house: Any, items: list[int], now: datetime) -> None:
    with house.database.write() as session:
        session.get_one(ReviewItem, items[0]).verdicts_needed = 2
        session.get_one(ReviewItem, items[1]).represented_by_id = items[2]
    with house.database.read() as session:
        assert waiting_groups(session) == [
            Group("black", "low_confidence", False, 2),
            Group(None, None, True, 1),
        ]
        blind = Among(blind=True).condition()
        assert session.query(ReviewItem.id).where(blind).all() == [(items[0],)]
        labelled = Among(suggested_label="black", blind=True).condition()
        assert (items[0],) not in session.query(ReviewItem.id).where(labelled).all()
        waits = Among(reason="low_confidence").condition()
        assert (items[0],) not in session.query(ReviewItem.id).where(waits).all(), "why it waits would tell, too"


async def test_what_is_said_anew_with_another_name_is_no_repetition(
    house: Any, items: list[int], now: datetime
) -> None:
    with house.database.write() as session:
        ana, hands = reviewer_named(session, "ana", now), held(session, "ana", now)[:1]
        bulk.settle_each(session, ana, hands, kind=VerdictKind.NONE, free_name="dog", now=now)
        (again,) = bulk.settle_each(session, ana, hands, kind=VerdictKind.NONE, free_name="dog", now=now)
        (other,) = bulk.settle_each(session, ana, hands, kind=VerdictKind.NONE, free_name="cat", now=now)
        assert (again.outcome, other.outcome) == (Outcome.SETTLED, Outcome.SETTLED_BEFORE)
