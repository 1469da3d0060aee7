"""Reliability of reviewers, against what Dawid and Skene published."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.cli import bearbot
from model.serving import Prediction
from review import gold, judging, queue
from review.database import Database
from review.people import reviewer_named
from review.quorum import Quorum
from review.reliability import fit, measure, record
from review.tables import Reviewer, Role, VerdictKind

# A. P. Dawid and A. M. Skene (1979), table 1: 45 patients' fitness for anaesthesia, classes 1 to 4, by five
# anaesthetists, of whom the first saw the notes three times.
_PATIENTS = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3
232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1
222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2
111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3
221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1|111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""


def anaesthetists() -> np.ndarray:
    patients = [patient.split() for line in _PATIENTS.split("\n") if line for patient in line.split("|")]
    counts = np.zeros((45, 5, 4), dtype=np.int64)
    for row, observers in enumerate(patients):
        for observer, said in enumerate(observers):
            for digit in said:
                counts[row, observer, int(digit) - 1] += 1
    return counts


def test_the_anaesthetists_come_out_as_published() -> None:
    found = fit(anaesthetists())
    assert found.prior.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert found.errors[0].round(2).tolist() == [  # table 2, the first observer
        [0.89, 0.11, 0.0, 0.0],
        [0.07, 0.88, 0.05, 0.0],
        [0.0, 0.34, 0.66, 0.0],
        [0.0, 0.0, 0.56, 0.44],
    ]
    assert found.errors.sum(axis=2) == pytest.approx(1)
    assert found.truth[[0, 2, 10, 35]].argmax(axis=1).tolist() == [0, 1, 3, 3]


def test_known_truth_is_taken_as_known_and_measures_who_contradicts_it() -> None:
    counts = np.zeros((20, 3, 2), dtype=np.int64)
    counts[:, 0, 0] = counts[:, 1, 0] = 1  # two always say 0
    counts[:, 2, 1] = 1
    assert fit(counts, smoothing=0.01).reliability()[2] < 0.5
    known = fit(counts, known=dict.fromkeys(range(20), 1), smoothing=0.01)
    assert known.truth[:, 1].tolist() == [1.0] * 20
    assert known.reliability() == pytest.approx([0, 0, 1], abs=0.01)


def test_missing_answers_are_no_answers() -> None:
    counts = np.zeros((4, 2, 2), dtype=np.int64)
    counts[:, 0] = [[1, 0], [0, 1], [1, 0], [0, 1]]
    counts[0, 1, 0] = 1  # the other judged one item only
    assert fit(counts).truth.argmax(axis=1).tolist() == [0, 1, 0, 1]
    with pytest.raises(ValueError, match="at least one answer"):
        fit(np.zeros((1, 2, 2), dtype=np.int64))


async def judged(house_with: Any, predict: Callable[..., Prediction], at: Any, wrong: dict[str, int]) -> None:
    """24 photos, judged blindly by everybody of `wrong`: black, but so many of each end are called teddy."""
    house = house_with(quorum=Quorum.parse(f"low_confidence={len(wrong)}"))
    for number in range(1, 25):
        item = (await house.receive(number, predict("black", 0.5))).item_id
        true = "black" if number % 2 else "grizzly"
        for place, (name, errors) in enumerate(wrong.items()):
            errs = (number + 7 * place) % 24 < errors
            at.say(name, item, VerdictKind.LABEL, "teddy" if errs else true)


@pytest.mark.anyio
async def test_who_errs_more_often_is_found_out_and_weighs_less(
    house_with: Any, predict: Callable[..., Prediction], at: Any, database: Database
) -> None:
    with database.write() as session:
        session.add(Reviewer(name="mo", role=Role.MODERATOR, created_at=at.now))
    await judged(house_with, predict, at, {"ann": 0, "ben": 0, "cas": 9})
    with database.write() as session:
        found = measure(session)
        record(session, found)
        known = {one.name: one.reliability for one in session.scalars(select(Reviewer))}
        assert {one.judged for one in found.values()} == {24}
    assert known["mo"] is None, "of whom nothing is known"
    assert known["ann"] is not None
    assert known["cas"] is not None
    assert known["ann"] > 0.9 > known["cas"]
    assert known["cas"] == pytest.approx(15 / 24, abs=0.08)


@pytest.mark.anyio
async def test_of_few_answers_nothing_is_said(
    house_with: Any, predict: Callable[..., Prediction], at: Any, database: Database
) -> None:
    house = house_with(quorum=Quorum.parse("low_confidence=2"))
    item = (await house.receive(1, predict("black", 0.5))).item_id
    with database.read() as session:
        assert measure(session) == {}
    for name in ("ann", "ben"):
        at.say(name, item, VerdictKind.LABEL, "black")
    with database.read() as session:
        assert [(one.judged, one.chance) for one in measure(session).values()] == [(1, None), (1, None)]


@pytest.mark.anyio
async def test_gold_measures_who_reviews_alone(
    house: Any, predict: Callable[..., Prediction], at: Any, database: Database
) -> None:
    ids = [(await house.receive(number, predict("black", 0.5))).item_id for number in range(1, 22)]
    for item in ids[:20]:
        at.say("ann", item, VerdictKind.LABEL, "black" if item % 2 else "grizzly")
    with database.write() as session:
        for item in ids[:20]:
            gold.add(session, item, at.now)
    for _ in range(20):
        with database.write() as session:
            ben = reviewer_named(session, "ben", at.now)
            claim = queue.claim_next(session, ben, lease=timedelta(60), now=at.now, gold_rate=1.0)
            assert claim is not None
            label = "black" if claim.item_id > 10 or claim.item_id % 2 else "grizzly"
            judging.settle(
                session, claim.item_id, ben, kind=VerdictKind.LABEL, label=label, token=claim.token, now=at.now
            )
    result = CliRunner().invoke(bearbot, ["review", "who", "reliability", "--json"])
    assert result.exit_code == 0, result.output
    row = json.loads(result.stdout)
    assert (row["name"], row["judged"]) == ("ben", 20)
    assert row["reliability"] == pytest.approx(0.75, abs=0.02)
    shown = CliRunner().invoke(bearbot, ["review", "who", "reliability"]).stdout.splitlines()
    assert shown[0] == "NAME  JUDGED  RELIABLE  A VOTE WEIGHS"
    assert shown[1].startswith("ben   20      7")
