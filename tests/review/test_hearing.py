"""What each chat hears of verdicts, by what it heard before: the answer, a correction, that it stands, or nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from model.serving import Prediction
from review import judging
from review.claims import Effect
from review.outbox import OutboxKind
from review.people import reviewer_named
from review.quorum import Quorum
from review.tables import OutboxMessage, ReviewItem, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LABEL = VerdictKind.LABEL
KNOWN, STILL, ANSWER = OutboxKind.KNOWN, OutboxKind.STILL_IN_REVIEW, OutboxKind.HUMAN_ANSWER
CORRECTION, CONFIRMED = OutboxKind.CORRECTION, OutboxKind.CONFIRMED


def heard(at: Any, chat: int = 77) -> list[tuple[str, str | None]]:
    """All that this chat was told, with the label."""
    with at.database.read() as session:
        rows = session.scalars(
            select(OutboxMessage).where(OutboxMessage.chat_id == chat).order_by(OutboxMessage.id)
        ).all()
        return [(row.kind, row.parameters.get("label")) for row in rows]


def reopen(at: Any, item_id: int) -> None:
    with at.database.write() as session:
        judging.reopen(session, item_id, reviewer_named(session, "rita", at.now), note="too dark", now=at.now)


def only_item(at: Any) -> int:
    with at.database.read() as session:
        return int(session.scalars(select(ReviewItem.id)).one())


async def test_who_disagreed_hears_that_it_stands_after_the_last_of_several_said_so(
    house_with: Any, predict: Predict, at: Any
) -> None:
    at.quorum = Quorum.parse("disputed=2")
    photo = await house_with(quorum=at.quorum).receive(1, predict("grizzly", 0.5))
    at.say("ann", photo.item_id, LABEL, "black")
    at.now += timedelta(minutes=1)
    at.asker_says(photo.submission_id, "grizzly")
    for name in ("bob", "carl"):
        at.now += timedelta(minutes=1)
        at.say(name, photo.item_id, LABEL, "black")
    assert heard(at)[1:] == [(ANSWER, "black"), (OutboxKind.NOTED, "grizzly"), (CONFIRMED, "black")]


async def test_a_disagreement_is_answered_once(house: Any, predict: Predict, at: Any) -> None:
    photo = await house.receive(1, predict("grizzly", 0.99))
    at.asker_says(photo.submission_id, "black")
    at.say("ann", only_item(at), LABEL, "grizzly")
    for _ in range(2):
        reopen(at, only_item(at))
        at.say("ann", only_item(at), LABEL, "grizzly")
    assert [kind for kind, _ in heard(at)].count(CONFIRMED) == 1


async def test_when_an_imported_verdict_was_said_changes_nothing_of_what_was_told_when(
    house: Any, predict: Predict, at: Any
) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5))
    at.asker_says(photo.submission_id, "black")
    how = judging.Circumstances(said_at=at.now - timedelta(days=1))
    with at.database.write() as session:
        ann = reviewer_named(session, "ann", at.now)
        judging.settle(session, photo.item_id, ann, kind=LABEL, label="teddy", how=how, now=at.now)
    reopen(at, photo.item_id)
    at.say("ann", photo.item_id, LABEL, "teddy")
    assert heard(at)[1:] == [(OutboxKind.NOTED, "black"), (ANSWER, "teddy")]


async def test_one_that_people_did_not_look_at_again_is_answered_when_they_do(
    house: Any, predict: Predict, at: Any
) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5))
    for tap in ("1", "2"):
        at.say("ann", photo.item_id, LABEL, "black")
        assert at.asker_says(photo.submission_id, f"label {tap}", tap=tap) is Effect.OPENED
    at.say("ann", photo.item_id, LABEL, "black")
    at.now += timedelta(minutes=1)
    assert at.asker_says(photo.submission_id, "teddy", tap="3") is Effect.SETTLED
    reopen(at, photo.item_id)
    at.say("ann", photo.item_id, LABEL, "black")
    assert [kind for kind, _ in heard(at)].count(CONFIRMED) == 3
    reopen(at, photo.item_id)
    at.say("ann", photo.item_id, LABEL, "black")
    assert [kind for kind, _ in heard(at)].count(CONFIRMED) == 3


async def test_who_disagreed_and_sent_the_photo_again_hears_that_it_stands(
    house: Any, predict: Predict, at: Any
) -> None:
    photo = await house.receive(1, predict("grizzly", 0.99))
    await house.receive(1, predict("grizzly", 0.99), chat=99, telegram_user_id=6)
    at.asker_says(photo.submission_id, "black")
    await house.receive(1, predict("grizzly", 0.99), message=2)
    at.say("ann", only_item(at), LABEL, "grizzly")
    assert heard(at)[-2:] == [(STILL, None), (CONFIRMED, "grizzly")]
    assert heard(at, 99) == [(OutboxKind.ANSWERED, "grizzly")], "nobody disagreed there"


async def test_who_comes_while_people_look_again_hears_what_they_say(house: Any, predict: Predict, at: Any) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5))
    at.say("ann", photo.item_id, LABEL, "black")
    await house.receive(1, None, chat=88, telegram_user_id=8)
    reopen(at, photo.item_id)
    await house.receive(1, None, chat=88, telegram_user_id=8, message=2)
    await house.receive(1, None, chat=99, telegram_user_id=9)
    await house.receive(1, None, chat=66, telegram_user_id=7, album="a")
    at.say("ann", photo.item_id, LABEL, "black")
    assert heard(at)[1:] == [(ANSWER, "black")], "it is no news"
    assert heard(at, 88) == [(KNOWN, "black"), (STILL, None), (ANSWER, "black")]
    assert heard(at, 99) == [(STILL, None), (ANSWER, "black")]
    assert heard(at, 66) == [(OutboxKind.ALBUM, None), (ANSWER, "black")]
    at.undo("ann")
    at.say("ann", photo.item_id, LABEL, "teddy")
    for chat in (77, 88, 99, 66):
        assert heard(at, chat)[-1] == (CORRECTION, "teddy")
    at.undo("ann")
    at.say("ann", photo.item_id, LABEL, "teddy")
    assert heard(at, 99) == [(STILL, None), (ANSWER, "black"), (CORRECTION, "teddy")], "it is no news any more"


async def test_who_came_while_people_looked_again_is_not_corrected(house: Any, predict: Predict, at: Any) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5))
    at.say("ann", photo.item_id, LABEL, "black")
    reopen(at, photo.item_id)
    await house.receive(1, None, chat=99, telegram_user_id=9)
    at.say("ann", photo.item_id, LABEL, "teddy")
    assert heard(at)[-1] == (CORRECTION, "teddy")
    assert heard(at, 99) == [(STILL, None), (ANSWER, "teddy")]


async def test_a_later_photo_of_an_album_waits_for_what_was_told_of_an_earlier_one(
    house: Any, predict: Predict, at: Any
) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5), album="a")
    at.say("ann", photo.item_id, LABEL, "black")
    reopen(at, photo.item_id)
    await house.receive(1, None, message=2, album="a")
    at.say("ann", photo.item_id, LABEL, "black")
    assert heard(at) == [(OutboxKind.ALBUM, None), (ANSWER, "black"), (ANSWER, "black")]


async def test_a_correction_goes_to_who_heard_it_from_people_only(
    audited_house: Any, predict: Predict, at: Any
) -> None:
    photo = await audited_house.receive(1, predict("grizzly", 0.99))
    at.say("ann", photo.item_id, LABEL, "grizzly")
    await audited_house.receive(1, predict("grizzly", 0.99), chat=99, telegram_user_id=6, album="a")
    at.undo("ann")
    at.say("ann", photo.item_id, LABEL, "black")
    assert heard(at) == [(OutboxKind.ANSWERED, "grizzly"), (ANSWER, "black")]
    assert heard(at, 99) == [(OutboxKind.ALBUM, None), (CORRECTION, "black")]


async def test_what_was_heard_is_known_when_messages_are_kept_no_more(house: Any, predict: Predict, at: Any) -> None:
    photo = await house.receive(1, predict("grizzly", 0.5))
    at.say("ann", photo.item_id, LABEL, "black")

    def forgotten() -> None:
        with at.database.write() as session:
            session.execute(delete(OutboxMessage))

    forgotten()
    reopen(at, photo.item_id)
    at.say("ann", photo.item_id, LABEL, "black")
    assert heard(at) == []
    at.asker_says(photo.submission_id, "teddy")
    forgotten()
    at.say("ann", photo.item_id, LABEL, "black")
    assert heard(at) == [(CONFIRMED, "black")]
    forgotten()
    await house.receive(1, None, chat=99, telegram_user_id=6)
    reopen(at, photo.item_id)
    at.say("ann", photo.item_id, LABEL, "teddy")
    assert heard(at) == [(CORRECTION, "teddy")]
    assert heard(at, 99) == [(KNOWN, "black"), (CORRECTION, "teddy")]
