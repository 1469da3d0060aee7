"""Keys that nobody outside can know, and the draws that hang on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from model.serving import Prediction
from review.database import Database
from review.policy import draw
from review.secret_keys import AUDIT, secret_key
from review.tables import PredictionRecord, Submission

pytestmark = pytest.mark.anyio


def test_a_key_is_made_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        made = secret_key(session, AUDIT, now)
    with database.read() as session:
        assert secret_key(session, AUDIT, now) == made
    with database.write() as session:
        other = secret_key(session, "another", now)
    assert len(made) == len(other) == 32
    assert made != other


async def test_every_photo_that_a_model_judged_has_a_draw_by_this_installations_key(
    house_auditing: Callable[[float], Any], predict: Callable[..., Prediction], now: datetime
) -> None:
    house = house_auditing(0.5)
    for number in range(12):
        await house.receive(number, predict("black", 0.5 if number % 2 else 0.99))
    with house.database.read() as session:
        key = secret_key(session, AUDIT, now)
        rows = session.execute(
            select(Submission.source_key, PredictionRecord).join(
                PredictionRecord, PredictionRecord.submission_id == Submission.id
            )
        ).all()
        assert len(rows) == 12
        for source_key, record in rows:
            assert record.audit_draw == draw(source_key, key)
            assert ("audit" in record.reasons) == (record.route == "answer" and record.audit_draw < 0.5)


async def test_the_same_photo_again_has_the_draw_of_the_first(
    audited_house: Any, predict: Callable[..., Prediction]
) -> None:
    for message in (1, 2):
        await audited_house.receive(1, predict("black", 0.99), message=message)
    with audited_house.database.read() as session:
        first, second = session.scalars(select(PredictionRecord).order_by(PredictionRecord.id)).all()
    assert (first.submission_id, first.audit_draw) != (second.submission_id, None)
    assert first.audit_draw == second.audit_draw
