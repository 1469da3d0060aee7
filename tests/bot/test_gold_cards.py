"""Items by which moderators are measured, in the chat: cards like any other, and no asker hears of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review import gold, judging
from review.clock import utc_now
from review.people import reviewer_named
from review.tables import GoldCheck, ItemStatus, ReviewItem, Submission, Verdict, VerdictKind

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")


def is_card(message: Message) -> bool:
    return message.keyboard is not None and message.keyboard.find(WORDS("button-skip")) is not None


async def card(moderator: Person) -> Message:
    await moderator.send_text("/review")
    return await moderator.expect(is_card)


def number(message: Message) -> int:
    return int(message.words.partition(":")[0].removeprefix("#"))


@pytest.fixture
async def measuring(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Callable[[str], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Runner]:
    """The bot, with item 1 known to be a polar bear, and item 2 waiting; its asker heard everything."""
    monkeypatch.setenv("REVIEW_GOLD_RATE", "1")
    runner = make_runner()
    async with serve(runner):
        for name in ("none_polar_bear", "none_coffee"):
            await sandbox.asker.send_photo(photo(name))
            await sandbox.asker.expect("A person will look", timeout=60)
        with runner.database.write() as session:
            zoe = reviewer_named(session, "zoe", utc_now())
            judging.settle(session, 1, zoe, kind=VerdictKind.NONE, free_name="polar bear", now=utc_now())
            gold.add(session, 1, utc_now())
            photo = session.get_one(Submission, session.get_one(ReviewItem, 1).submission_id)
            photo.submitted_at -= timedelta(days=30)  # nothing that is open waited for so long
        await sandbox.asker.expect("It shows none")
        yield runner


def unchanged(runner: Runner) -> bool:
    with runner.database.read() as session:
        item = session.get_one(ReviewItem, 1)
        return (item.status, item.final_label) == (ItemStatus.SETTLED, "none")


async def test_a_card_tells_nothing_and_its_answer_is_told_to_nobody(sandbox: Sandbox, measuring: Runner) -> None:
    mo = sandbox.moderator
    first = await card(mo)
    assert number(first) == 1
    assert first.content.photo
    for word in ("zoe", "polar", "settled", "none"):
        assert word not in first.words
    assert "nothing else waits" in first.words
    assert "Waiting less than a minute" in first.words
    await mo.press(first, "teddy")
    assert (await mo.expect("teddy, said Mo")).message_id == first.message_id
    second = await mo.expect(is_card)
    assert number(second) == 2
    assert [line.partition(" ")[0] for line in second.words.splitlines()[1:]] == [
        line.partition(" ")[0] for line in first.words.splitlines()[1:]
    ], "the same lines"
    await sandbox.asker.expect_silence(0.5)
    assert unchanged(measuring)
    with measuring.database.read() as session:
        verdict = session.scalars(select(Verdict).order_by(Verdict.id.desc())).first()
        assert verdict is not None
        assert (verdict.checks_gold, verdict.label, verdict.answer_shown) == (True, "teddy", True)
        assert verdict.seconds is not None
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 0)]


async def test_undo_brings_its_card_again(sandbox: Sandbox, measuring: Runner) -> None:
    mo = sandbox.moderator
    first = await card(mo)
    await mo.press(first, "teddy")
    result = await mo.expect("teddy, said Mo")
    await mo.expect(is_card)
    assert (await mo.press(result, WORDS("button-undo"))).text is None
    await mo.expect("taken back by Mo")
    again = await mo.expect(is_card)
    assert again.words.partition("Waiting")[0] == first.words.partition("Waiting")[0]
    await mo.press(again, WORDS("button-none"))
    await mo.expect("None of these, said Mo")
    assert unchanged(measuring)
    with measuring.database.read() as session:
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 1)]
        assert session.scalars(select(Verdict.kind).where(Verdict.checks_gold).order_by(Verdict.id)).all() == [
            VerdictKind.LABEL,
            VerdictKind.UNDO,
            VerdictKind.NONE,
        ]


async def test_an_outdated_card_of_it_is_refused_like_any_other(sandbox: Sandbox, measuring: Runner) -> None:
    mo = sandbox.moderator
    first = await card(mo)
    with measuring.database.write() as session:
        session.execute(update(GoldCheck).values(expires_at=utc_now()))
    answer = await mo.press(first, "teddy")
    assert answer.text == WORDS("lease-lost", item="1")
    fresh = await mo.expect(is_card)
    assert number(fresh) == 1
    answer = await mo.press(fresh, "teddy")
    assert answer.text is None
    assert first.keyboard is not None
    black = first.keyboard.find("black")
    assert black is not None
    with sandbox.world.events.listen() as events:
        sandbox.world.press(mo.user, fresh, str(black.callback_data))
        async with asyncio.timeout(10):
            while (event := await events.get()).answer is None:
                pass
    assert event.answer.text == WORDS("already-settled", item="1", reviewer="Mo", label="teddy")
    assert unchanged(measuring)
