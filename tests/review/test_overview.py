"""What the dashboard counts: by day and week, by reason and age, weighted as it was drawn, and by reviewer."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from model.serving import Prediction
from review.confusion import Cell, confusion
from review.overview import AGES, Overview, Span, overview
from review.production import Bucket, Window
from review.tables import PredictionRecord, ReviewItem, Submission, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def seen(house: Any, now: datetime, since: datetime | None = None) -> Overview:
    with house.database.read() as session:
        return overview(session, since, now)


def move(house: Any, submission: int, to: datetime) -> None:
    """It was sent then."""
    with house.database.write() as session:
        session.execute(update(Submission).where(Submission.id == submission).values(submitted_at=to))
        session.execute(
            update(PredictionRecord).where(PredictionRecord.submission_id == submission).values(created_at=to)
        )
        session.execute(update(ReviewItem).where(ReviewItem.submission_id == submission).values(opened_at=to))


def test_spans_begin_at_a_midnight(now: datetime) -> None:
    assert [span.begins(now) for span in (Span.WEEK, Span.ALWAYS)] == [datetime(2026, 11, 18, tzinfo=now.tzinfo), None]


async def test_an_empty_house_has_one_day_of_nothing(house: Any, now: datetime) -> None:
    found = seen(house, now)
    assert [(one.start, one.submissions) for one in found.volumes] == [(now.date(), 0)]
    assert (found.open_items, found.oldest_seconds, found.waits, found.workload.shares) == (0, None, (), ())


async def test_volumes_by_day_have_no_gaps_and_by_week_lose_nothing(
    house: Any, predict: Predict, at: Any, now: datetime
) -> None:
    for number, days in ((1, 0), (2, 2), (3, 2), (4, 100)):
        doubted = await house.receive(number, predict("black", 0.5 if number != 3 else 0.99))
        move(house, doubted.submission_id, now - timedelta(days=days))
    at.say("mo", 1, VerdictKind.LABEL, "black")
    week = seen(house, now, Span.WEEK.begins(now))
    assert week.bucket is Bucket.DAY
    assert [(v.submissions, v.answered_alone, v.sent_to_people, v.settled) for v in week.volumes] == [
        *[(0, 0, 0, 0)] * 4,
        (2, 1, 1, 0),
        (0, 0, 0, 0),
        (1, 0, 1, 1),
    ]
    always = seen(house, now)
    assert always.bucket is Bucket.WEEK
    assert {one.start.weekday() for one in always.volumes} == {0}
    assert sum(one.submissions for one in always.volumes) == 4
    assert always.volumes[0].start <= date(2026, 8, 16) < always.volumes[1].start


async def test_what_waits_by_reason_and_age(house: Any, predict: Predict, now: datetime) -> None:
    for number, (hours, in_domain) in enumerate([(0.5, True), (5, True), (5, False), (24 * 40, True)], start=1):
        doubted = await house.receive(number, predict("black", 0.5, in_domain=in_domain))
        move(house, doubted.submission_id, now - timedelta(hours=hours))
    found = seen(house, now)
    assert {one.reason: dict(zip((name for name, _ in AGES), one.items, strict=True)) for one in found.waits} == {
        "low_confidence": dict.fromkeys((name for name, _ in AGES), 0)
        | {"under 1 h": 1, "1 to 6 h": 1, "over 30 d": 1},
        "out_of_domain": dict.fromkeys((name for name, _ in AGES), 0) | {"1 to 6 h": 1},
    }
    assert (found.open_items, found.oldest_seconds) == (4, 40 * 86_400.0)


async def test_confusion_weighs_audits_by_their_chance_and_disputes_by_nothing(
    house: Any, audited_house: Any, predict: Predict, at: Any, now: datetime
) -> None:
    doubted = [(await house.receive(n, predict("black", 0.5))).item_id for n in (1, 2)]
    audited = [await audited_house.receive(n, predict("teddy", 0.99)) for n in (3, 4, 5, 6)]
    answered = await house.receive(7, predict("teddy", 0.99))
    at.asker_says(answered.submission_id, "black")
    with house.database.write() as session:
        drawn = PredictionRecord.submission_id.in_([one.submission_id for one in audited])
        session.execute(update(PredictionRecord).where(drawn).values(inclusion_probability=0.1))
        disputed = session.scalar(select(ReviewItem.id).where(ReviewItem.submission_id == answered.submission_id))
    at.say("mo", doubted[0], VerdictKind.NONE)  # the other one waits: it counts like this one
    for one, label in zip(audited, ("teddy", "teddy", "black"), strict=False):
        at.say("mo", one.item_id, VerdictKind.LABEL, label)
    at.say("mo", disputed, VerdictKind.LABEL, "black")
    with house.database.read() as session:
        found = confusion(session)
        assert confusion(session, Window(since=now - timedelta(days=1))) == found
        assert confusion(session, Window(since=now + timedelta(days=1))).cells == ()
    assert found.audited == 3
    assert found.speaking == sum(cell.items for cell in found.cells) - 1, "the dispute speaks for nothing"
    assert {(c.model, c.people): (c.items, pytest.approx(c.photos)) for c in found.cells} == {
        ("black", "none"): (1, 2.0),
        ("teddy", "teddy"): (2, 2 * 10 * 4 / 3),
        ("teddy", "black"): (2, 10 * 4 / 3),
    }
    assert all(isinstance(cell, Cell) for cell in found.cells)


async def test_who_did_how_much(house: Any, predict: Predict, at: Any, now: datetime) -> None:
    items = [(await house.receive(n, predict("black", 0.5))).item_id for n in (1, 2, 3)]
    for item, name in zip(items, ("mo", "mo", "ana"), strict=True):
        at.say(name, item, VerdictKind.LABEL, "black")
    at.say("eve", (await house.receive(4, predict("black", 0.5))).item_id, VerdictKind.NONE)
    at.undo("eve")
    tomorrow = now + timedelta(days=1)
    assert [(s.name, s.verdicts, s.today) for s in seen(house, now).workload.shares] == [("mo", 2, 2), ("ana", 1, 1)]
    assert [(s.name, s.today) for s in seen(house, tomorrow).workload.shares] == [("mo", 0), ("ana", 0)]
    assert seen(house, tomorrow, tomorrow).workload.shares == ()
    (naive,) = seen(house, now).naive
    assert (naive.start, naive.share.count, naive.share.total) == (now.date(), 3, 3)
