"""How good the answers are, from the database: what is in the sample, what is not, and that the truth is covered."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from model.serving import Prediction
from review import erasure, judging
from review.database import Database
from review.people import reviewer_named
from review.production import ALWAYS, AccuracyIn, Bucket, Production, Window, accuracy_over_time, production
from review.tables import ItemStatus, PredictionRecord, ReviewItem, Submission, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def settle(house: Any, item: int | None, label: str | None, now: datetime) -> None:
    """None: none of these."""
    assert item is not None
    with house.database.write() as session:
        reviewer = reviewer_named(session, "mo", now)
        kind = VerdictKind.LABEL if label else VerdictKind.NONE
        judging.settle(session, item, reviewer, kind=kind, label=label, now=now)


def found(house: Any, window: Window = ALWAYS) -> Production:
    with house.database.read() as session:
        return production(session, window)


async def test_an_empty_house_knows_nothing(house: Any) -> None:
    said = found(house)
    assert (said.photos, said.answered, said.accuracy.value, said.right_overall.value) == (0, 0, None, None)
    assert (said.by_label, said.naive.value) == ({}, None)


async def test_drawn_answers_are_the_sample_and_none_of_these_is_an_error(
    house: Any, audited_house: Any, predict: Predict, now: datetime
) -> None:
    doubted = await house.receive(1, predict("black", 0.5))
    settle(house, doubted.item_id, "grizzly", now)
    await house.receive(2, predict("black", 0.99))  # audits are off
    for number, (label, final) in enumerate(
        [("teddy", "teddy"), ("teddy", None), ("black", "black"), ("black", "polar bear")], start=3
    ):
        settle(house, (await audited_house.receive(number, predict(label, 0.99))).item_id, final, now)
    await audited_house.receive(9, predict("teddy", 0.99))
    said = found(house)
    assert (said.photos, said.answered, said.never_drawn) == (7, 6, 1)
    assert (said.accuracy.value, said.accuracy.checked, said.accuracy.wrong) == (0.5, 4, 2)
    assert {label: (one.checked, one.wrong) for label, one in said.by_label.items()} == {
        "black": (2, 1),
        "teddy": (2, 1),
    }
    assert (said.missing.waiting, said.missing.cant_tell, said.missing.deleted) == (1, 0, 0)
    assert (said.naive.count, said.naive.total) == (2, 5)
    assert said.right_overall.value == pytest.approx(1 - 6 / 7 / 2)
    assert said.right_overall.low < said.right_overall.value < said.right_overall.high


async def test_what_nobody_could_tell_is_missing_and_not_wrong(
    audited_house: Any, predict: Predict, at: Any, now: datetime
) -> None:
    items = [(await audited_house.receive(number, predict("teddy", 0.99))).item_id for number in (1, 2, 3)]
    settle(audited_house, items[0], "teddy", now)
    at.say("mo", items[1], VerdictKind.CANT_TELL)
    missing = found(audited_house).missing
    assert (missing.waiting, missing.cant_tell) == (2, 1)
    at.undo("mo")
    assert found(audited_house).missing.cant_tell == 0
    assert found(audited_house).accuracy.value == 1.0


async def test_a_disputed_answer_counts_only_if_it_was_drawn(
    house: Any, audited_house: Any, predict: Predict, at: Any, now: datetime
) -> None:
    """Askers dispute what is wrong: such answers in the sample slander the model, drawn ones left out praise it."""
    drawn = await audited_house.receive(1, predict("teddy", 0.99))
    settle(house, drawn.item_id, "teddy", now)
    at.asker_says(drawn.submission_id, "black", "tap 1")
    both = found(house)
    assert (both.missing.waiting, both.accuracy.checked) == (1, 0), "people look again"
    settle(house, drawn.item_id, "black", now)
    for number, final in ((2, "black"), (3, "teddy"), (4, None)):
        accepted = await house.receive(number, predict("teddy", 0.99))
        at.asker_says(accepted.submission_id, "black", f"tap {number}")
        if final is not None:
            with house.database.read() as session:
                item = session.query(ReviewItem.id).filter_by(submission_id=accepted.submission_id).scalar()
            settle(house, item, final, now)
    said = found(house)
    assert (said.accuracy.checked, said.accuracy.wrong) == (1, 1)
    assert (said.disputes.wrong, said.disputes.right, said.disputes.waiting) == (1, 1, 1)


async def test_the_same_photo_again_is_no_further_proof(audited_house: Any, predict: Predict, now: datetime) -> None:
    first = await audited_house.receive(1, predict("teddy", 0.99))
    for message in (2, 3):
        await audited_house.receive(1, predict("teddy", 0.99), message=message, telegram_user_id=message)
    settle(audited_house, first.item_id, "black", now)
    said = found(audited_house)
    assert (said.photos, said.answered, said.accuracy.checked, said.accuracy.wrong) == (1, 1, 1, 1)


@pytest.mark.parametrize("shared", [False, True])
async def test_figures_outlive_who_had_their_data_deleted(
    house: Any, house_auditing: Callable[[float], Any], predict: Predict, now: datetime, shared: bool
) -> None:
    """With the chance of the draw; a photo that others sent as well passes on to them."""
    half, all_of_them = house_auditing(0.5), house_auditing(1.0)
    for number in range(1, 25):
        where = all_of_them if number % 3 else half
        accepted = await where.receive(number, predict("teddy", 0.99))
        if accepted.item_id is not None and number % 5:
            settle(house, accepted.item_id, "teddy" if number % 4 else "black", now)
        if shared and number % 2:
            await where.receive(number, None, message=100 + number, telegram_user_id=6)
    await house.receive(30, predict("black", 0.99))
    await house.receive(31, predict("black", 0.5))
    await house.receive(32, None)
    before = found(house)
    with house.database.write() as session:
        erasure.erase_person(session, 5)
    after = found(house)
    assert (after.photos, after.answered, after.never_drawn) == (before.photos, before.answered, before.never_drawn)
    assert (after.by_label["teddy"].checked, after.naive) == (before.by_label["teddy"].checked, before.naive)
    assert after.accuracy.value is not None
    assert (after.accuracy.checked, after.accuracy.wrong) == (before.accuracy.checked, before.accuracy.wrong)
    assert after.missing.waiting + after.missing.deleted == before.missing.waiting
    assert after.missing.unweighted == 0
    assert (after.missing.deleted > 0, after.missing.waiting > 0) == (True, shared)


async def test_what_an_older_version_erased_has_no_weight_any_more(
    audited_house: Any, predict: Predict, now: datetime
) -> None:
    for number in (1, 2):
        settle(audited_house, (await audited_house.receive(number, predict("teddy", 0.99))).item_id, "teddy", now)
    with audited_house.database.write() as session:
        submission = session.get_one(Submission, 1)
        submission.source_key, submission.asker_id, submission.image_sha256 = f"erased:answer:{'0' * 24}", None, None
        session.execute(delete(PredictionRecord).where(PredictionRecord.submission_id == 1))
    said = found(audited_house)
    assert (said.accuracy.checked, said.missing.unweighted, said.photos) == (1, 1, 1)


@pytest.fixture
def days(database: Database) -> datetime:
    """An answered photo a day from Monday, 2 November 2026 on, for two weeks; all drawn, those of Sundays wrong."""
    start = START
    answers = [(1.0, True, "black" if day % 7 == 6 else "teddy") for day in range(14)]
    fill(database, answers, [start + timedelta(days=day) for day in range(14)])
    return start


def fill(database: Database, answers: list[tuple[float, bool, str]], times: list[datetime]) -> None:
    """Answers "teddy": the chance of their draw, whether they were drawn, what they show; drawn ones are settled."""
    numbered = list(enumerate(zip(answers, times, strict=True), start=1))
    with database.write() as session:
        reviewer = reviewer_named(session, "mo", times[0])
        session.flush()
        session.execute(
            insert(Submission),
            [
                {"id": number, "source_key": f"test:{number}", "source": "test", "submitted_at": time}
                for number, (_, time) in numbered
            ],
        )
        session.execute(
            insert(PredictionRecord),
            [
                {
                    "submission_id": number,
                    "model_version": "v1",
                    "label": "teddy",
                    "confidence": 0.99,
                    "probabilities": {},
                    "out_of_domain_score": 0.0,
                    "in_domain": True,
                    "route": "answer",
                    "reasons": ["audit"] if drawn else [],
                    "inclusion_probability": chance,
                    "created_at": time,
                }
                for number, ((chance, drawn, _), time) in numbered
            ],
        )
        items = [
            settled(number, "audit", shown, time, reviewer.id)
            for number, ((_, drawn, shown), time) in numbered
            if drawn
        ]
        if items:
            session.execute(insert(ReviewItem), items)


def settled(
    submission: int, reason: str, shown: str, time: datetime = START, reviewer: int | None = None
) -> dict[str, Any]:
    """The row of an item: the model said "teddy"."""
    return {
        "submission_id": submission,
        "status": ItemStatus.SETTLED,
        "reasons": [reason],
        "reason": reason,
        "suggested_label": "teddy",
        "priority": 0.0,
        "opened_at": time,
        "final_label": shown,
        "settled_at": time,
        "settled_by_id": reviewer,
    }


def test_a_window_begins_at_its_start_and_ends_before_its_end(house: Any, days: datetime) -> None:
    week = Window(days, days + timedelta(days=7))
    said = found(house, week)
    assert (said.photos, said.answered, said.accuracy.checked, said.accuracy.wrong) == (7, 7, 7, 1)
    assert (said.naive.count, said.naive.total) == (6, 7)
    assert found(house, Window(until=days)).photos == 0
    assert found(house, Window(since=days + timedelta(days=13))).accuracy.wrong == 1
    row = said.to_json()
    assert (row["since"], row["until"]) == ("2026-11-02T09:00:00+00:00", "2026-11-09T09:00:00+00:00")


def test_accuracy_over_time(house: Any, days: datetime) -> None:
    def over(bucket: Bucket, window: Window = ALWAYS) -> tuple[AccuracyIn, ...]:
        with house.database.read() as session:
            return accuracy_over_time(session, window, bucket=bucket)

    weeks = over(Bucket.WEEK)
    assert [one.start for one in weeks] == [datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC)]
    assert [(one.accuracy.checked, one.accuracy.wrong) for one in weeks] == [(7, 1), (7, 1)]
    by_day = over(Bucket.DAY)
    assert (len(by_day), [one.accuracy.wrong for one in by_day].count(1)) == (14, 2)
    assert len(over(Bucket.DAY, Window(since=days + timedelta(days=12)))) == 2


DEPLOYMENTS = 500


@pytest.mark.slow
def test_in_simulated_deployments_the_truth_is_covered_and_the_naive_figure_misses_it(house: Any) -> None:
    """The whole way from the tables: the rate of audits was raised while the model was good; before, it was worse.

    Askers dispute most of the wrong answers, which people then settle as well.
    """
    covered = naively = 0
    truth = 1 - (0.05 * 1200 + 0.01 * 600) / 1800
    rates = [(0.2, 0.01) if number >= 1200 else (0.1, 0.05) for number in range(1800)]
    fill(house.database, [(chance, False, "") for chance, _ in rates], [START] * len(rates))
    for deployment in range(DEPLOYMENTS):
        rolled = random.Random(deployment)
        items = []
        for number, (chance, error) in enumerate(rates, start=1):
            drawn, wrong = rolled.random() < chance, rolled.random() < error
            if drawn or (wrong and rolled.random() < 0.8):
                items.append(settled(number, "audit" if drawn else "disputed", "black" if wrong else "teddy"))
        with house.database.write() as session:
            session.execute(delete(ReviewItem))
            session.execute(insert(ReviewItem), items)
        said = found(house)
        assert said.disputes.wrong == sum(item["reason"] == "disputed" for item in items) > 0
        covered += said.accuracy.low <= truth <= said.accuracy.high
        naively += said.naive.low <= truth <= said.naive.high
    assert 0.93 <= covered / DEPLOYMENTS <= 0.97
    assert naively / DEPLOYMENTS < 0.05
