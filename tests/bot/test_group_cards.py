"""Cards of near-duplicates, of what several judge blind, and of what they disagree on."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import select, update

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox
from review import judging
from review.clock import utc_now
from review.people import reviewer_named
from review.tables import Channel, ItemStatus, ReviewItem, Verdict, VerdictKind

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")
Photo = Callable[[str], bytes]


def is_card(message: Message) -> bool:
    return message.keyboard is not None and message.keyboard.find(WORDS("button-skip")) is not None


async def two_alike(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    """Two photos that wait, seen as one."""
    for name in ("none_polar_bear", "none_coffee"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect("A person will look", timeout=60)
    with runner.database.write() as session:
        first, second = session.scalars(select(ReviewItem).order_by(ReviewItem.id)).all()
        second.represented_by_id = first.id


def items_of(runner: Runner) -> list[ReviewItem]:
    with runner.database.read() as session:
        return list(session.scalars(select(ReviewItem).order_by(ReviewItem.id)))


async def test_one_tap_answers_all_near_duplicates_and_one_undo_takes_that_back(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await two_alike(sandbox, runner, photo)
    mo = sandbox.moderator
    await mo.send_text("/review")
    card = await mo.expect(is_card)
    assert "Your answer is also for the near-duplicate below." in card.words
    with Image.open(io.BytesIO(photo("none_polar_bear"))) as alone:
        shape = alone.width / alone.height
    largest = max(card.content.photo, key=lambda size: size.width)
    assert largest.width / largest.height < shape - 0.01, "there is a strip below the photo"
    await mo.press(card, WORDS("button-none"))
    result = await mo.expect("None of these, said Mo")
    assert [item.status for item in items_of(runner)] == [ItemStatus.SETTLED] * 2
    with runner.database.read() as session:
        first, copy = session.scalars(select(Verdict).order_by(Verdict.id)).all()
    assert (copy.with_id, first.channel, first.answer_shown) == (first.id, Channel.CHAT, True)
    assert first.seconds is not None
    assert 0 <= first.seconds < 60
    await mo.press(result, WORDS("button-undo"))
    await mo.expect("taken back by Mo")
    assert [item.status for item in items_of(runner)] == [ItemStatus.OPEN] * 2


async def test_near_duplicates_are_looked_at_one_by_one_on_demand(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await two_alike(sandbox, runner, photo)
    mo = sandbox.moderator
    await mo.send_text("/review")
    card = await mo.expect(is_card)
    await mo.press(card, WORDS("button-split"))
    alone = await mo.expect(lambda message: is_card(message) and message.message_id != card.message_id)
    assert "near-duplicate" not in alone.words
    assert alone.keyboard is not None
    assert alone.keyboard.find(WORDS("button-split")) is None
    assert [item.represented_by_id for item in items_of(runner)] == [None, None]
    await mo.press(alone, WORDS("button-none"))
    await mo.expect("None of these, said Mo")
    assert [item.status for item in items_of(runner)] == [ItemStatus.SETTLED, ItemStatus.OPEN]


async def test_what_several_judge_is_judged_blind_and_a_moderator_decides_between_them(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await sandbox.asker.send_photo(photo("grizzly_katmai_402"))
    await sandbox.asker.expect("A person will look", timeout=60)
    with runner.database.write() as session:
        session.execute(update(ReviewItem).values(verdicts_needed=2))
    mo = sandbox.moderator
    await mo.send_text("/review")
    blind = await mo.expect(is_card)
    assert WORDS("card-blind") in blind.words
    assert "The model" not in blind.words
    assert WORDS("reason-low_confidence") not in blind.words
    (item,) = items_of(runner)
    with runner.database.write() as session:
        judging_alone = reviewer_named(session, "ann", utc_now())
        session.execute(update(ReviewItem).values(lease_token=None, lease_reviewer_id=None, lease_expires_at=None))
        session.expire_all()
        judging.settle(session, item.id, judging_alone, kind=VerdictKind.LABEL, label="black", now=utc_now())
        other = reviewer_named(session, "bea", utc_now())
        judging.settle(session, item.id, other, kind=VerdictKind.LABEL, label="grizzly", now=utc_now())
    assert [item.needs_adjudicator for item in items_of(runner)] == [True]
    await mo.send_text("/review")
    card = await mo.expect(lambda message: is_card(message) and message.message_id != blind.message_id)
    assert "Reviewers disagree: ann: black, bea: grizzly" in card.words
    assert "The model" in card.words
    await mo.press(card, "grizzly")
    await mo.expect("grizzly, said Mo")
    (item,) = items_of(runner)
    assert (item.status, item.final_label) == (ItemStatus.SETTLED, "grizzly")
