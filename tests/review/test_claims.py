"""What askers say of an answer opens the photo's one item, and settles nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from model.serving import Prediction
from review import claims, items
from review.claims import Effect
from review.errors import AlreadySettled
from review.outbox import OutboxKind
from review.policy import Reason
from review.tables import Claim, ItemStatus, ReviewItem, Submission, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LABEL, NONE, SKIP = VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.SKIP


def all_items(at: Any) -> list[ReviewItem]:
    with at.database.read() as session:
        return list(session.scalars(select(ReviewItem)))


async def answered(house: Any, predict: Predict) -> int:
    """A photo that the model answered alone; returns its submission."""
    return int((await house.receive(1, predict("black", 0.99))).submission_id)


async def test_agreeing_is_recorded_and_opens_nothing(house: Any, predict: Predict, at: Any) -> None:
    submission = await answered(house, predict)
    with at.database.write() as session:
        row = session.get_one(Submission, submission)
        assert claims.agree(session, row, source_key="tap", now=at.now) is Effect.THANKED
        assert claims.agree(session, row, source_key="tap", now=at.now) is Effect.REPEATED
        assert [(c.agrees, c.label) for c in session.scalars(select(Claim))] == [(True, None)]
    assert all_items(at) == []
    assert at.told() == []


async def test_disagreeing_opens_one_item_that_comes_first(house: Any, predict: Predict, at: Any) -> None:
    submission = await answered(house, predict)
    await house.receive(2, predict("black", 0.5, in_domain=False))
    assert at.asker_says(submission, "teddy") is Effect.OPENED
    assert at.asker_says(submission, "teddy") is Effect.REPEATED, "the same tap, handled again after a crash"
    assert at.asker_says(submission, "teddy", tap="another") is Effect.REPEATED, "an old button, tapped again"
    claimed = at.next("mo")
    seen = at.view(claimed.item_id)
    assert (seen.submission, seen.reasons, seen.suggested_label) == (submission, (Reason.DISPUTED,), "black")
    assert seen.claimed_labels == ("teddy",)
    assert at.told() == [(OutboxKind.NOTED, {"label": "teddy"})]
    with at.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1


async def test_disagreeing_with_a_photo_in_review_adds_to_its_item(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    before = at.view(accepted.item_id)
    holding = at.take("mo", accepted.item_id)
    assert at.asker_says(accepted.submission_id, None) is Effect.ADDED
    (item,) = all_items(at)
    assert item.reasons == [*before.reasons, "disputed"]
    assert item.lease_token == holding.token, "whoever looks at it goes on"
    assert at.say("mo", item.id, LABEL, "black", token=holding.token) == "black"


async def test_a_person_who_agrees_with_the_model_says_so_to_who_disagreed(
    house: Any, predict: Predict, at: Any
) -> None:
    submission = await answered(house, predict)
    at.asker_says(submission, "teddy")
    (item,) = all_items(at)
    at.say("mo", item.id, LABEL, "black")
    assert at.told()[1:] == [(OutboxKind.CONFIRMED, {"label": "black"})]


async def test_a_person_who_agrees_with_the_asker_corrects_the_model(house: Any, predict: Predict, at: Any) -> None:
    submission = await answered(house, predict)
    at.asker_says(submission, "teddy")
    (item,) = all_items(at)
    at.say("mo", item.id, LABEL, "teddy")
    assert at.told()[1:] == [(OutboxKind.HUMAN_ANSWER, {"label": "teddy", "model_label": "black", "told": "answer"})]


async def test_people_look_again_once_and_then_their_word_stands(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    at.say("mo", accepted.item_id, LABEL, "black")
    at.now += timedelta(minutes=1)
    assert at.asker_says(accepted.submission_id, "teddy", tap="1") is Effect.OPENED
    assert at.view(accepted.item_id).status is ItemStatus.OPEN
    at.now += timedelta(minutes=1)
    at.say("rita", accepted.item_id, LABEL, "teddy")
    assert at.told()[-1] == (OutboxKind.CORRECTION, {"label": "teddy", "previous_label": "black"})
    at.now += timedelta(minutes=1)
    assert at.asker_says(accepted.submission_id, "grizzly", tap="2") is Effect.OPENED
    at.say("mo", accepted.item_id, LABEL, "teddy")
    assert at.told()[-1] == (OutboxKind.CONFIRMED, {"label": "teddy"})
    at.now += timedelta(minutes=1)
    assert at.asker_says(accepted.submission_id, "grizzly", tap="3") is Effect.SETTLED
    assert at.view(accepted.item_id).final_label == "teddy"
    with pytest.raises(AlreadySettled):
        at.say("rita", accepted.item_id, NONE)


async def test_a_skip_after_reopening_does_not_bring_the_old_verdict_back(
    house: Any, predict: Predict, at: Any
) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    at.say("mo", accepted.item_id, LABEL, "black")
    at.asker_says(accepted.submission_id, None)
    assert at.say("rita", accepted.item_id, SKIP) is None
    assert at.view(accepted.item_id).status is ItemStatus.OPEN
    assert at.undo("mo") == accepted.item_id
    assert at.view(accepted.item_id).status is ItemStatus.OPEN


async def test_undoing_the_verdict_after_a_reopening_opens_it_once_more(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    at.say("mo", accepted.item_id, LABEL, "black")
    at.asker_says(accepted.submission_id, None)
    at.say("rita", accepted.item_id, LABEL, "teddy")
    at.undo("mo")
    assert at.view(accepted.item_id).final_label == "teddy", "an old verdict's undoing changes nothing"
    at.undo("rita")
    assert at.view(accepted.item_id).status is ItemStatus.OPEN


async def test_items_view_has_no_claims_where_nobody_disagreed(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    with at.database.read() as session:
        assert items.view(session, accepted.item_id).claimed_labels == ()


async def test_sending_the_photo_again_reopens_it_no_more_often(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    submission = accepted.submission_id
    for tap in ("1", "2"):
        at.say("mo", accepted.item_id, LABEL, "black")
        at.now += timedelta(minutes=1)
        assert at.asker_says(submission, "teddy", tap=tap) is Effect.OPENED
        submission = (await house.receive(1, None, message=10 + int(tap))).submission_id
    at.say("mo", accepted.item_id, LABEL, "black")
    again = await house.receive(1, None, message=20)
    assert again.known
    assert at.asker_says(again.submission_id, "teddy", tap="3") is Effect.SETTLED
    assert at.view(accepted.item_id).status is ItemStatus.SETTLED


async def test_taps_without_end_fill_no_table(house: Any, predict: Predict, at: Any) -> None:
    accepted = await house.receive(1, predict("black", 0.5))
    for tap in range(5):
        if at.view(accepted.item_id).status is ItemStatus.OPEN:
            at.say("mo", accepted.item_id, LABEL, "black")
        at.now += timedelta(minutes=1)
        at.asker_says(accepted.submission_id, "teddy", tap=str(tap))
    with at.database.write() as session:
        row = session.get_one(Submission, accepted.submission_id)
        effects = [claims.agree(session, row, source_key=f"right {tap}", now=at.now) for tap in range(3)]
        assert effects == [Effect.THANKED, Effect.REPEATED, Effect.REPEATED]
        assert session.scalar(select(func.count()).select_from(Claim)) == 3
