"""Which photo somebody means, and whose it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.serving import Prediction
from review import outbox, submissions
from review.outbox import OutboxKind, Recipient, Sent
from review.tables import Asker, OutboxMessage, Submission

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
CHAT, ASKER = 77, 5


def number(submission: Submission | None) -> int | None:
    return submission.id if submission else None


def sent(session: Session, message_id: int, now: datetime) -> None:
    """The oldest message that waits arrives in the chat under this number."""
    (pending,) = outbox.due(session, now, 1)
    outbox.mark_sent(session, [Sent(pending.id, message_id, now)])


async def test_latest_photo_answers_and_explanations(house: Any, predict: Predict, now: datetime) -> None:
    first = await house.receive(1, predict("grizzly", 0.99))
    second = await house.receive(2, predict("black", 0.5))
    with house.database.write() as session:
        sent(session, 101, now)
        sent(session, 102, now)
        outbox.enqueue(
            session,
            kind=OutboxKind.EXPLANATION,
            parameters={"submission": first.submission_id},
            recipient=Recipient(CHAT, None, 999),
            dedupe_key="why",
            now=now,
        )
        sent(session, 103, now)
    with house.database.read() as session:
        assert number(submissions.latest_of(session, ASKER)) == second.submission_id
        assert submissions.latest_of(session, ASKER + 1) is None
        for message_id, meant in ((1, first), (2, second), (101, first), (102, second), (103, first)):
            assert number(submissions.pointed_at(session, CHAT, message_id)) == meant.submission_id
        assert submissions.pointed_at(session, CHAT, 104) is None
        assert submissions.pointed_at(session, CHAT + 1, 1) is None  # message numbers repeat from chat to chat
        assert submissions.pointed_at(session, CHAT + 1, 101) is None
        assert number(submissions.of_item(session, second.item_id)) == second.submission_id
        assert submissions.of_item(session, 99) is None


async def test_what_quotes_nothing_points_at_nothing(house: Any, predict: Predict, now: datetime) -> None:
    await house.receive(1, predict("grizzly", 0.99))
    with house.database.write() as session:
        session.scalars(select(OutboxMessage)).one().reply_to_message_id = None
        sent(session, 101, now)
        assert submissions.pointed_at(session, CHAT, 101) is None


async def test_a_photo_is_its_askers_and_nobodys_once_their_data_is_deleted(house: Any, predict: Predict) -> None:
    await house.receive(1, predict("grizzly", 0.99))
    with house.database.write() as session:
        submission = session.scalars(select(Submission)).one()
        assert submissions.is_by(session, submission, ASKER)
        assert not submissions.is_by(session, submission, ASKER + 1)
        session.delete(session.scalars(select(Asker)).one())
        session.flush()
        session.refresh(submission)
        assert not submissions.is_by(session, submission, ASKER)
        assert submissions.latest_of(session, ASKER) is None
