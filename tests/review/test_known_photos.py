"""The same photo again is answered at once with what is known, and people look at it once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from model.serving import Prediction
from review.arrival import Accepted, ReceivedPhoto
from review.outbox import OutboxKind, Recipient
from review.policy import Reason
from review.tables import OutboxMessage, PredictionRecord, ReviewItem, Submission, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def replies(house: Any) -> list[tuple[int, str, Any]]:
    with house.database.read() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        return [(row.chat_id, row.kind, row.parameters.get("label")) for row in rows]


def count(house: Any, table: Any) -> int:
    with house.database.read() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


async def not_to_be_fetched() -> bytes:
    raise AssertionError("it is known, so nobody fetches it")


async def test_a_known_file_is_answered_without_fetching_it(house: Any, predict: Predict) -> None:
    first = await house.receive(1, predict("black", 0.99))
    again = await house.receive(1, predict("black", 0.99), chat=88, telegram_user_id=6, data=not_to_be_fetched)
    assert again.known
    assert again.submission_id != first.submission_id
    assert len(house.model.seen) == 1
    assert replies(house) == [(77, "answered", "black"), (88, "answered", "black")]
    with house.database.read() as session:
        one, two = session.scalars(select(Submission).order_by(Submission.id))
        assert (two.repeats_id, two.image_sha256) == (one.id, one.image_sha256)
        assert [row.model_version for row in session.scalars(select(PredictionRecord))] == ["v1", "v1"]


async def test_the_same_bytes_under_another_id_are_known(house: Any, predict: Predict) -> None:
    await house.receive(1, predict("black", 0.99))
    again = await house.receive(1, predict("black", 0.99), message=2, file_unique_id="other")
    assert again.known
    assert len(house.model.seen) == 1


async def test_people_look_once_and_everybody_hears(house: Any, predict: Predict, at: Any) -> None:
    first = await house.receive(1, predict("black", 0.5))
    await house.receive(1, predict("black", 0.5), chat=88, telegram_user_id=6)
    await house.receive(1, predict("black", 0.5), chat=88, telegram_user_id=6, message=9)
    assert count(house, ReviewItem) == 1
    at.say("mo", first.item_id, VerdictKind.LABEL, "grizzly")
    assert replies(house) == [
        (77, "in_review", "black"),
        (88, "still_in_review", None),
        (88, "still_in_review", None),
        (77, "human_answer", "grizzly"),
        (88, "human_answer", "grizzly"),
    ]
    with house.database.read() as session:
        last = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
        assert last.reply_to_message_id == 9, "under the last of the same photos"


async def test_a_settled_photo_is_answered_with_the_human_verdict(house: Any, predict: Predict, at: Any) -> None:
    first = await house.receive(1, predict("black", 0.5))
    at.say("mo", first.item_id, VerdictKind.NONE)
    again = await house.receive(1, predict("black", 0.5), chat=88)
    assert again.item_id == first.item_id
    assert replies(house)[-1] == (88, "known", "none")


async def test_a_new_model_judges_anew_what_only_the_old_one_judged(house: Any, predict: Predict) -> None:
    await house.receive(1, predict("black", 0.99))
    better = replace(predict("teddy", 0.99), model_version="v2")
    again = await house.receive(1, better, message=2)
    assert not again.known
    third = await house.receive(1, better, message=3)
    assert third.known
    assert replies(house)[1:] == [(77, "answered", "teddy"), (77, "answered", "teddy")]


async def test_a_disputed_answer_is_not_repeated_to_others(house: Any, predict: Predict, at: Any) -> None:
    first = await house.receive(1, predict("black", 0.99))
    at.asker_says(first.submission_id, "teddy")
    again = await house.receive(1, predict("black", 0.99), chat=88)
    with house.database.read() as session:
        item = session.scalars(select(ReviewItem)).one()
    assert (again.item_id, item.reasons) == (item.id, [Reason.DISPUTED.value])
    assert replies(house)[-1] == (88, "still_in_review", None)
    at.asker_says(again.submission_id, "grizzly", tap="of another asker")
    assert at.view(item.id).claimed_labels == ("teddy", "grizzly")


async def test_a_deleted_photo_is_not_known(house: Any, predict: Predict) -> None:
    first = await house.receive(1, predict("black", 0.99))
    with house.database.write() as session:
        session.get_one(Submission, first.submission_id).image_sha256 = None
    again = await house.receive(1, predict("black", 0.99), message=2)
    assert not again.known


async def test_the_same_photo_twice_at_the_same_time_opens_one_item(
    house: Any, predict: Predict, picture: Callable[[int], bytes]
) -> None:
    house.model.says = predict("black", 0.5)
    both = await asyncio.gather(
        *(
            house.intake.receive(
                ReceivedPhoto(f"telegram:{chat}:1", "telegram", picture(1), Recipient(chat, None, 1), chat)
            )
            for chat in (77, 88)
        )
    )
    assert all(isinstance(one, Accepted) for one in both)
    assert (count(house, ReviewItem), count(house, Submission)) == (1, 2)
    assert sorted(kind for _, kind, _ in replies(house)) == [OutboxKind.IN_REVIEW, OutboxKind.STILL_IN_REVIEW]
