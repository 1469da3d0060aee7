"""When moderators are called: not twice, not at night, not while they review, and only to what is new and urgent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from model.serving import Prediction
from review import queue
from review.people import asker_for, reviewer_for_telegram
from review.pings import Backlog, Moderator, PingRule, QuietHours, backlog, ping, whom
from review.tables import OutboxMessage, ReviewItem

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULE = PingRule(every=30 * MINUTE, patience=HOUR, session=5 * MINUTE)
URGENT = Backlog(waiting=5, disputed=2, urgent_since=(NOW - 2 * HOUR, NOW - 10 * MINUTE))
MO = 2001


def called(rule: PingRule = RULE, found: Backlog = URGENT, now: datetime = NOW, **more: Any) -> bool:
    known = {"holds": False, "last_verdict": None, "last_ping": None, **more}
    return whom(now=now, rule=rule, backlog=found, moderators=[Moderator(MO, **known)]) == [MO]


def test_who_reviews_or_was_just_called_is_left_alone() -> None:
    assert called()
    assert not called(holds=True)
    assert not called(last_verdict=NOW - 4 * MINUTE)
    assert called(last_verdict=NOW - 5 * MINUTE)
    assert not called(last_ping=NOW - 29 * MINUTE)
    assert called(last_ping=NOW - 30 * MINUTE)


def test_nobody_is_called_to_what_they_have_heard_of_or_what_is_not_urgent() -> None:
    assert not called(last_ping=NOW - 5 * MINUTE, rule=PingRule(MINUTE, HOUR, MINUTE))
    assert not called(found=Backlog(7, 0, ()))
    assert not called(found=Backlog(1, 0, (NOW + MINUTE,)))


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [("22-7", {22, 23, *range(7)}), ("0-6", set(range(6))), ("9-17", set(range(9, 17))), ("7-22", set(range(7, 22)))],
)
def test_quiet_hours(hours: str, quiet: set[int]) -> None:
    found = QuietHours.parse(hours)
    assert {hour for hour in range(24) if found.hold(datetime(2026, 1, 1, hour))} == quiet


@pytest.mark.parametrize("text", ["", "22", "7-7", "24-7", "22-7-8", "-1-4", "²-7", "a-b", "22:00-7:00"])
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match="expected two hours"):
        QuietHours.parse(text)


def test_what_came_at_night_is_told_in_the_morning_of_the_place() -> None:
    rule = PingRule(30 * MINUTE, HOUR, 5 * MINUTE, QuietHours(22, 7), ZoneInfo("Asia/Shanghai"))
    evening = datetime(2026, 11, 24, 13, 59, tzinfo=UTC)  # 21:59 there
    night = evening + MINUTE
    found = Backlog(1, 0, (night + HOUR,))
    assert called(rule, Backlog(1, 0, (evening,)), evening)
    for minutes in range(0, 9 * 60, 7):
        assert not called(rule, found, night + minutes * MINUTE, last_ping=evening)
    assert called(rule, found, night + 9 * HOUR, last_ping=evening)


@given(st.lists(st.integers(0, 600), max_size=30), st.integers(1, 90))
def test_no_moderator_is_called_more_often_than_the_rule_says(urgent: list[int], every: int) -> None:
    rule, pinged = PingRule(every * MINUTE, HOUR, MINUTE), list[datetime]()
    for minute in range(601):
        now = NOW + minute * MINUTE
        found = Backlog(1, 0, tuple(NOW + since * MINUTE for since in urgent))
        if called(rule, found, now, last_ping=pinged[-1] if pinged else None):
            pinged.append(now)
    assert all(later - earlier >= every * MINUTE for earlier, later in pairwise(pinged))
    assert len(pinged) <= len(set(urgent))
    assert bool(pinged) == bool(urgent)


async def test_the_backlog_counts_what_nobody_has_in_hand(house: Any, predict: Predict, at: Any) -> None:
    plain = await house.receive(1, predict("black", 0.5))
    strange = await house.receive(2, predict("black", 0.5, in_domain=False))
    at.take("rita", (await house.receive(3, predict("black", 0.5, in_domain=False))).item_id)
    at.now += 10 * MINUTE - timedelta(minutes=6)
    with house.database.read() as session:
        opened = session.get_one(ReviewItem, strange.item_id).opened_at
        assert backlog(session, RULE, at.now) == Backlog(2, 0, (opened,))
    at.asker_says(1, "teddy")
    with house.database.read() as session:
        found = backlog(session, RULE, at.now)
        assert (found.waiting, found.disputed, sorted(found.urgent_since)) == (2, 1, [opened, at.now])
        late = backlog(session, RULE, opened + HOUR)
    assert late.waiting == 3, "the lease is over"
    assert late.urgent_since.count(opened + HOUR) == 3
    assert plain.item_id is not None


async def test_a_ping_is_written_once_for_whoever_can_be_reached(house: Any, predict: Predict, at: Any) -> None:
    await house.receive(1, predict("black", 0.5, in_domain=False))

    def pinged(now: datetime) -> int:
        with house.database.write() as session:
            return ping(session, [MO, 4004], RULE, now)

    assert pinged(at.now) == 0, "neither has ever written to the bot"
    with house.database.write() as session:
        asker_for(session, MO, "de", at.now)
    assert pinged(at.now) == 1
    assert pinged(at.now + HOUR) == 1, "by now it waits too long"
    assert pinged(at.now + 2 * HOUR) == 0
    with house.database.read() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "ping")).all()
    assert [(row.chat_id, row.language, row.parameters) for row in rows] == [
        (MO, "de", {"waiting": 1, "disputed": 0})
    ] * 2


async def test_who_holds_an_item_is_not_called(house: Any, predict: Predict, at: Any) -> None:
    for number in (1, 2):
        await house.receive(number, predict("black", 0.5, in_domain=False))
    with house.database.write() as session:
        asker_for(session, MO, None, at.now)
        mo = reviewer_for_telegram(session, MO, name="Mo", now=at.now)
        claim = queue.claim_next(session, mo, lease=5 * MINUTE, now=at.now)
        assert claim is not None
        assert ping(session, [MO], RULE, at.now) == 0
        queue.release(session, claim.item_id, claim.token)
        assert ping(session, [MO], RULE, at.now) == 1
