"""Near-duplicates: an album of one scene is looked at once, what differs is not, and all of it can be taken apart."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from PIL import ImageEnhance
from sqlalchemy import select, update

from model.fingerprint import FLAT
from model.images import encode
from model.serving import Prediction
from review import erasure, judging, near_duplicates, standing_verdicts
from review.database import Database
from review.errors import NotFound
from review.people import reviewer_named
from review.tables import Image, ItemStatus, ReviewItem, Submission, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def scene(seed: int) -> Picture.Image:
    """Like no other seed's, with the large shapes that photos have."""
    pixels = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Picture.fromarray(pixels).resize((480, 360), Picture.Resampling.BICUBIC)


def copies(seed: int, count: int) -> list[bytes]:
    """The same scene, each time a little different."""
    shot = scene(seed)
    return [
        encode(ImageEnhance.Brightness(shot).enhance(1 - 0.03 * number).resize((480 - 20 * number, 360 - 15 * number)))
        for number in range(count)
    ]


def seen_as(says: Prediction, seed: int) -> Prediction:
    """With features that are nearly those of the same seed's, and nothing like another's."""
    random = np.random.default_rng(seed)
    return replace(says, features=random.normal(size=64).astype(np.float16))


async def send(
    house: Any, photos: Sequence[bytes], says: Prediction | None, *, first: int = 1, **more: Any
) -> list[Any]:
    return [
        await house.receive(first + number, says, data=photo, message=first + number, **more)
        for number, photo in enumerate(photos)
    ]


def leaders(database: Database) -> dict[int, int | None]:
    with database.read() as session:
        return {
            row.id: row.represented_by_id
            for row in session.execute(select(ReviewItem.id, ReviewItem.represented_by_id).order_by(ReviewItem.id))
        }


def statuses(database: Database) -> list[str]:
    with database.read() as session:
        return [item.status.value for item in session.scalars(select(ReviewItem).order_by(ReviewItem.id))]


def strip(database: Database, item_id: int) -> list[int]:
    with database.read() as session:
        return [member.item_id for member in near_duplicates.members(session, item_id)]


async def test_one_verdict_settles_an_album_of_one_scene_and_undo_opens_all(
    house: Any, at: Any, predict: Predict
) -> None:
    says = seen_as(predict("black", 0.6), 1)
    sent = await send(house, copies(1, 4), says, album="album-1")
    first, *others = [accepted.item_id for accepted in sent]
    assert leaders(house.database) == {first: None, **dict.fromkeys(others, first)}
    assert strip(house.database, first) == strip(house.database, others[1]) == [first, *others]

    claim = at.next("mo")
    assert claim.item_id == first
    at.say("mo", first, VerdictKind.LABEL, "grizzly", token=claim.token)
    assert statuses(house.database) == ["settled"] * 4
    assert [kind for kind, _ in at.told()].count("human_answer") == 4, "everybody who asked is told"
    assert at.next("mo") is None

    at.undo("mo")
    assert statuses(house.database) == ["open"] * 4
    assert strip(house.database, first) == [first, *others]
    assert at.next("mo").item_id == first


async def test_what_joins_while_the_first_is_looked_at_is_not_settled_unseen(
    house: Any, at: Any, predict: Predict
) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, two, three = copies(1, 3)
    (first,) = await send(house, [one], says)
    claim = at.take("mo", first.item_id)
    (second, third) = await send(house, [two, three], says, first=5)
    assert leaders(house.database)[second.item_id] is None
    assert leaders(house.database)[third.item_id] == second.item_id, "nobody looks at that one"
    at.say("mo", first.item_id, VerdictKind.LABEL, "grizzly", token=claim.token)
    assert statuses(house.database) == ["settled", "open", "open"]


async def test_a_lease_that_ended_keeps_nothing_out(house: Any, at: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, two = copies(1, 2)
    (first,) = await send(house, [one], says)
    at.now -= timedelta(hours=1)
    at.take("mo", first.item_id)
    (second,) = await send(house, [two], says, first=5)
    assert leaders(house.database)[second.item_id] == first.item_id


async def test_a_new_photo_does_not_wait_because_another_was_put_off(
    house: Any, at: Any, predict: Predict, now: datetime
) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, two = copies(1, 2)
    (first,) = await send(house, [one], says)
    with house.database.write() as session:
        mo = reviewer_named(session, "mo", now)
        until = now + timedelta(days=9)
        judging.settle(session, first.item_id, mo, kind=VerdictKind.DEFER, deferred_until=until, now=now)
    (second,) = await send(house, [two], says, first=5)
    assert leaders(house.database)[second.item_id] is None
    assert at.next("mo").item_id == second.item_id


async def test_different_photos_stand_alone(house: Any, predict: Predict) -> None:
    for number in range(4):
        says = seen_as(predict("black", 0.6), number)
        await send(house, [encode(scene(number))], says, first=number + 1, album="album-1")
    assert set(leaders(house.database).values()) == {None}


async def test_one_scene_is_known_again_whoever_sends_it(house: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, other = copies(1, 2)
    (mine,) = await send(house, [one], says)
    (theirs,) = await send(house, [other], says, first=5, chat=90, telegram_user_id=9)
    assert leaders(house.database) == {mine.item_id: None, theirs.item_id: mine.item_id}


async def test_without_a_model_the_pictures_must_do(house: Any) -> None:
    one, other = await send(house, copies(1, 2), None)
    assert leaders(house.database)[other.item_id] == one.item_id


async def test_equal_fingerprints_of_unlike_features_are_no_duplicates(house: Any, predict: Predict) -> None:
    one, other = copies(1, 2)
    await send(house, [one], seen_as(predict("black", 0.6), 1))
    await send(house, [other], seen_as(predict("black", 0.6), 2), first=5)
    assert set(leaders(house.database).values()) == {None}


@pytest.mark.parametrize(
    "other", [("grizzly", 0.6, True), ("black", 0.6, False)], ids=["another label", "another reason"]
)
async def test_only_the_same_question_is_one(house: Any, predict: Predict, other: tuple[str, float, bool]) -> None:
    label, confidence, in_domain = other
    one, two = copies(1, 2)
    await send(house, [one], seen_as(predict("black", 0.6), 1))
    await send(house, [two], seen_as(predict(label, confidence, in_domain=in_domain), 1), first=5)
    assert set(leaders(house.database).values()) == {None}


async def test_blank_pictures_are_never_taken_for_one_another(house: Any, predict: Predict) -> None:
    blank = [encode(Picture.new("RGB", (100 + number, 80), "white")) for number in range(2)]
    await send(house, blank, seen_as(predict("black", 0.6), 1))
    assert set(leaders(house.database).values()) == {None}


async def test_a_member_that_is_split_off_is_seen_by_itself_for_ever(house: Any, at: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    first, second, third = [accepted.item_id for accepted in await send(house, copies(1, 3), says)]
    with house.database.write() as session:
        assert near_duplicates.split(session, second) == [second]
        assert near_duplicates.split(session, second) == []
    assert strip(house.database, second) == [second]
    at.say("mo", first, VerdictKind.LABEL, "black")
    assert statuses(house.database) == ["settled", "open", "settled"]
    (later,) = await send(house, copies(1, 4)[3:], says, first=9)
    assert leaders(house.database)[later.item_id] is None, "neither the settled nor the split one leads it"
    assert third != second


async def test_a_leader_that_is_split_lets_all_go(house: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    first, second, third = [accepted.item_id for accepted in await send(house, copies(1, 3), says)]
    with house.database.write() as session:
        assert near_duplicates.split(session, first) == [second, third]
    await send(house, copies(1, 4)[3:], says, first=9)
    assert set(leaders(house.database).values()) == {None}


async def test_an_unknown_item_is_named(database: Database) -> None:
    with database.write() as session:
        with pytest.raises(NotFound, match="no item 7"):
            near_duplicates.members(session, 7)
        with pytest.raises(NotFound, match="no item 7"):
            near_duplicates.split(session, 7)


async def test_whose_leader_is_deleted_stays_in_view(house: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, two, three = copies(1, 3)
    (gone,) = await send(house, [one], says, chat=50, telegram_user_id=50)
    (second, third) = await send(house, [two, three], says, first=5)
    with house.database.write() as session:
        erasure.erase_person(session, 50)
    assert leaders(house.database)[second.item_id] is None
    assert leaders(house.database)[third.item_id] == second.item_id
    assert strip(house.database, second.item_id) == [second.item_id, third.item_id]
    assert gone.item_id not in strip(house.database, third.item_id)


async def test_a_disputed_leader_stands_alone_and_the_next_takes_its_place(
    house: Any, at: Any, predict: Predict
) -> None:
    says = seen_as(predict("black", 0.6), 1)
    sent = await send(house, copies(1, 3), says)
    first, second, third = [accepted.item_id for accepted in sent]
    at.asker_says(sent[0].submission_id, "teddy")
    assert leaders(house.database) == {first: None, second: None, third: second}
    at.say("mo", first, VerdictKind.LABEL, "teddy")
    assert statuses(house.database) == ["settled", "open", "open"]


async def test_a_reopened_member_is_in_view(house: Any, at: Any, predict: Predict, now: datetime) -> None:
    says = seen_as(predict("black", 0.6), 1)
    first, second = [accepted.item_id for accepted in await send(house, copies(1, 2), says)]
    at.say("mo", first, VerdictKind.LABEL, "black")
    with house.database.write() as session:
        judging.reopen(session, second, reviewer_named(session, "mo", now), note="a cub?", now=now)
    assert statuses(house.database) == ["settled", "open"]
    assert at.next("flo").item_id == second


async def test_photos_from_before_get_their_fingerprints(house: Any, predict: Predict) -> None:
    says = seen_as(predict("black", 0.6), 1)
    one, two = copies(1, 2)
    (old,) = await send(house, [one], says)
    (lost,) = await send(house, [encode(scene(7))], seen_as(predict("black", 0.6), 7), first=3)
    with house.database.write() as session:
        before = session.execute(select(Image.sha256, Image.fingerprint, Image.quarter_2)).all()
        session.execute(update(Image).values(fingerprint=None, quarter_0=None, quarter_1=None, quarter_2=None))
        sha256 = session.get_one(Submission, lost.submission_id).image_sha256
    house.images.delete(sha256)
    pauses: list[int] = []
    assert near_duplicates.fill_in(house.database, house.images, pause=lambda: pauses.append(1)) == 2
    assert pauses
    with house.database.read() as session:
        after = session.execute(select(Image.sha256, Image.fingerprint, Image.quarter_2)).all()
    expected = {row if row.sha256 != sha256 else (sha256, FLAT, None) for row in before}
    assert {tuple(row) for row in after} == {tuple(row) for row in expected}
    assert near_duplicates.fill_in(house.database, house.images) == 0, "what cannot be read is not tried for ever"
    (new,) = await send(house, [two], says, first=5)
    assert leaders(house.database)[new.item_id] == old.item_id


@given(
    st.lists(st.tuples(st.sampled_from(["join", "split", "settle", "undo", "erase"]), st.integers(0, 5)), max_size=12)
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_an_open_item_is_in_view(
    database: Database, now: datetime, steps: list[tuple[str, int]]
) -> None:
    """Each open item is seen by itself, or in place of it an open one that is."""
    with database.write() as session:
        reviewer = reviewer_named(session, "mo", now)
        made: list[int] = []
        for what, number in steps:
            chosen = made[number % len(made)] if made else None
            item = session.get_one(ReviewItem, chosen) if chosen is not None else None
            if what == "join" or item is None:
                made.append(_joined(session, len(made), now, made))
            elif what == "split":
                near_duplicates.split(session, item.id)
            elif what == "settle" and item.status is ItemStatus.OPEN and item.represented_by_id is None:
                judging.settle(session, item.id, reviewer, kind=VerdictKind.LABEL, label="black", now=now)
            elif what == "undo" and (last := standing_verdicts.last(session, reviewer)) is not None:
                judging.undo(session, reviewer, verdict_id=last.id, now=now)
            elif what == "erase":
                erasure.erase_submissions(session, [item.submission_id])
            items = {row.id: row for row in session.scalars(select(ReviewItem))}
            for row in items.values():
                if row.status is ItemStatus.OPEN and row.represented_by_id is not None:
                    shown = items[row.represented_by_id]
                    assert shown.status is ItemStatus.OPEN
                    assert shown.represented_by_id is None
        session.rollback()


def _joined(session: Any, number: int, now: datetime, made: Sequence[int]) -> int:
    """An item like all others, seen with the first open one that leads."""
    submission = Submission(source_key=f"made:{number}", source="test", submitted_at=now, image_sha256=None)
    session.add(submission)
    session.flush()
    item = ReviewItem(
        submission_id=submission.id,
        status=ItemStatus.OPEN,
        reasons=["low_confidence"],
        reason="low_confidence",
        suggested_label="black",
        priority=30.5,
        opened_at=now,
    )
    session.add(item)
    session.flush()
    leading = (session.get_one(ReviewItem, other) for other in made)
    item.represented_by_id = next(
        (
            other.id
            for other in leading
            if other.status is ItemStatus.OPEN and other.represented_by_id is None and not other.separate
        ),
        None,
    )
    session.flush()
    return item.id
