"""Reviewing in the chat: one tap an item, roles checked each time, nothing believed that a button did not say."""

import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review import claims, judging, queue, roster
from review.clock import utc_now
from review.errors import DatabaseError
from review.people import reviewer_named
from review.tables import InboxUpdate, ItemStatus, Reviewer, ReviewItem, Role, Submission, Verdict, VerdictKind

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")

Photo = Callable[[str], bytes]
Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


async def asked(sandbox: Sandbox, photo: Photo, *names: str) -> list[Message]:
    """Photos that the asker sent and that now wait for a person."""
    sent = []
    for name in names:
        sent.append(await sandbox.asker.send_photo(photo(name)))
        await sandbox.asker.expect("A person will look", timeout=60)
    return sent


def is_card(message: Message) -> bool:
    return message.keyboard is not None and message.keyboard.find(WORDS("button-skip")) is not None


async def card(moderator: Person) -> Message:
    await moderator.send_text("/review")
    return await moderator.expect(is_card)


def verdicts(runner: Runner) -> list[tuple[VerdictKind, str | None]]:
    with runner.database.read() as session:
        return [(v.kind, v.label) for v in session.scalars(select(Verdict).order_by(Verdict.id))]


async def test_one_tap_settles_tells_the_asker_and_brings_the_next(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    doubtful, polar = await asked(sandbox, photo, "grizzly_katmai_402", "none_polar_bear")
    mo = sandbox.moderator
    first = await card(mo)
    assert first.content.photo
    assert "unlike the photos it learnt from" in first.words
    assert "1 more in the queue" in first.words
    assert first.keyboard is not None
    assert [button.text for row in first.keyboard.rows for button in row] == [
        "black",
        "grizzly",
        "teddy",
        WORDS("button-none"),
        WORDS("button-cant_tell"),
        WORDS("button-skip"),
    ]
    answer = await mo.press(first, WORDS("button-none"))
    assert not answer.show_alert
    turned = await mo.expect("None of these, said Mo")
    assert turned.message_id == first.message_id
    assert turned.keyboard is not None
    assert [button.text for row in turned.keyboard.rows for button in row] == [WORDS("button-undo")]
    assert turned.content.photo
    second = await mo.expect(is_card)
    heard = await sandbox.asker.expect("It shows none of the kinds that I know")
    assert heard.reply_to is not None
    assert heard.reply_to.message_id == polar.message_id
    await mo.press(second, "grizzly")
    await mo.expect(WORDS("nothing-waits"))
    heard = await sandbox.asker.expect("It shows: grizzly")
    assert heard.reply_to is not None
    assert heard.reply_to.message_id == doubtful.message_id
    assert verdicts(runner) == [(VerdictKind.NONE, None), (VerdictKind.LABEL, "grizzly")]
    with runner.database.read() as session:
        assert session.scalars(select(Reviewer.role)).all() == [Role.MODERATOR]


async def test_skip_and_cant_tell_leave_the_item_open(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    mo = sandbox.moderator
    await mo.press(await card(mo), WORDS("button-skip"))
    again = await mo.expect(is_card)
    await mo.press(again, WORDS("button-cant_tell"))
    await mo.expect(is_card)
    assert verdicts(runner) == [(VerdictKind.SKIP, None), (VerdictKind.CANT_TELL, None)]
    await sandbox.asker.expect_silence(0.5)


async def test_only_moderators_review(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    await sandbox.second_asker.send_text("/review")
    await sandbox.second_asker.expect(WORDS("not-a-moderator"))
    shown = await card(sandbox.moderator)
    # Mo forwards the card into a group, and Ben taps its buttons there.
    group = sandbox.group("Bears", [sandbox.moderator, sandbox.second_asker])
    forwarded = sandbox.world.post(group, shown.content, keyboard=shown.keyboard)
    answer = await sandbox.second_asker.at(group).press(forwarded, "teddy")
    assert answer.text == WORDS("not-a-moderator")
    assert verdicts(runner) == []


@pytest.mark.parametrize("data", ["r:1:t:unicorn", "r:1:teddy", "nonsense", "r:999:t:teddy", "r:1:t:teddy"])
async def test_old_or_forged_buttons_get_an_answer_and_change_nothing(
    sandbox: Sandbox, runner: Runner, photo: Photo, data: str
) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    with sandbox.world.events.listen() as events:
        sandbox.world.press(sandbox.moderator.user, shown, data)
        while (event := await events.get()).answer is None:
            pass
    assert event.answer.text
    assert verdicts(runner) == []


def expire(runner: Runner) -> None:
    with runner.database.write() as session:
        for item in session.scalars(select(ReviewItem)):
            if item.lease_expires_at is not None:
                item.lease_expires_at = utc_now()


async def test_a_tap_on_what_a_colleague_settled_says_so(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    expire(runner)
    with runner.database.write() as session:
        rita = reviewer_named(session, "rita", utc_now())
        judging.settle(session, 1, rita, kind=VerdictKind.NONE, now=utc_now())
    answer = await sandbox.moderator.press(shown, "teddy")
    assert answer.show_alert
    assert "rita" in (answer.text or "")
    turned = await sandbox.moderator.expect("settled: rita said 'none'")
    assert not turned.keyboard
    assert verdicts(runner) == [(VerdictKind.NONE, None)]


async def test_a_late_tap_settles_nothing_and_brings_a_fresh_card(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    expire(runner)
    answer = await sandbox.moderator.press(shown, "teddy")
    assert "no longer yours" in (answer.text or "")
    fresh = await sandbox.moderator.expect(is_card)
    assert verdicts(runner) == []
    await sandbox.moderator.press(fresh, WORDS("button-none"))
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    assert verdicts(runner) == [(VerdictKind.NONE, None)]


async def test_a_tap_that_is_handled_twice_settles_once(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    assert shown.keyboard is not None
    none = shown.keyboard.find(WORDS("button-none"))
    assert none is not None
    await sandbox.moderator.press(shown, WORDS("button-none"))
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    sandbox.world.press(sandbox.moderator.user, shown, str(none.callback_data))  # the same tap, after a crash
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    assert verdicts(runner) == [(VerdictKind.NONE, None)]
    await sandbox.asker.expect("It shows none")
    await sandbox.asker.expect_silence(0.3)


async def test_a_database_that_fails_for_a_moment_costs_no_verdict(
    sandbox: Sandbox, runner: Runner, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    settle, failures = judging.settle, [1]

    def locked(*arguments: Any, **named: Any) -> str | None:
        if failures:
            failures.pop()
            raise DatabaseError("the database cannot be used: database is locked")
        return settle(*arguments, **named)

    monkeypatch.setattr(judging, "settle", locked)
    await sandbox.moderator.press(shown, WORDS("button-none"))
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    assert verdicts(runner) == [(VerdictKind.NONE, None)]


async def test_trouble_with_telegram_after_a_tap_records_it_once(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    shown = await card(sandbox.moderator)
    for method in ("editMessageCaption", "sendPhoto"):
        sandbox.faults.add(Fault(method=method, status=502, description="Bad Gateway"))
    await sandbox.moderator.press(shown, WORDS("button-skip"))
    await sandbox.moderator.expect_silence(2.0)
    assert verdicts(runner) == [(VerdictKind.SKIP, None)]
    await card(sandbox.moderator)


async def test_a_panorama_is_shown_as_well(sandbox: Sandbox, runner: Runner) -> None:
    """Telegram takes no photo that is twenty times as long as high."""
    buffer = io.BytesIO()
    Image.effect_noise((9900, 200), 90).convert("RGB").save(buffer, "JPEG")
    await sandbox.asker.send_document(buffer.getvalue(), "panorama.jpg")
    await sandbox.asker.expect("A person will look", timeout=60)
    shown = await card(sandbox.moderator)
    assert shown.content.photo
    largest = shown.content.photo[-1]
    assert largest.width <= 1280
    assert largest.width / largest.height < 20


async def test_a_photo_that_telegram_refuses_does_not_hold_up_the_queue(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await asked(sandbox, photo, "none_coffee")
    sandbox.faults.add(Fault(method="sendPhoto", status=400, description="Bad Request: PHOTO_INVALID_DIMENSIONS"))
    shown = await card(sandbox.moderator)
    assert WORDS("photo-gone") in shown.words
    await sandbox.moderator.press(shown, WORDS("button-none"))
    await sandbox.moderator.expect(WORDS("nothing-waits"))


@pytest.mark.usefixtures("runner")
async def test_an_empty_queue_is_praised(sandbox: Sandbox) -> None:
    await sandbox.moderator.send_text("/review")
    await sandbox.moderator.expect(WORDS("nothing-waits"))


async def test_undo_on_a_result_takes_back_this_very_verdict_once_also_after_a_restart(
    sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Serve, photo: Photo
) -> None:
    mo = sandbox.moderator
    runner = make_runner()
    async with serve(runner):
        await asked(sandbox, photo, "none_coffee", "none_polar_bear")
        first = await card(mo)
        await mo.press(first, "teddy")
        result = await mo.expect("teddy, said Mo")
        await mo.press(await mo.expect(is_card), WORDS("button-none"))
        await mo.expect(WORDS("nothing-waits"))
    runner = make_runner()
    async with serve(runner):
        assert result.keyboard is not None
        undo = result.keyboard.find(WORDS("button-undo"))
        assert undo is not None
        assert (await mo.press(result, WORDS("button-undo"))).text is None
        turned = await mo.expect("taken back by Mo")
        assert turned.message_id == first.message_id
        assert turned.content.photo
        assert not turned.keyboard
        again = await mo.expect(is_card)
        assert again.words.startswith(first.words.partition(":")[0])
        before = verdicts(runner)
        assert before == [(VerdictKind.LABEL, "teddy"), (VerdictKind.NONE, None), (VerdictKind.UNDO, None)]
        sandbox.world.press(mo.user, result, str(undo.callback_data))  # the same tap, after a crash
        await mo.press(await mo.expect(is_card), "grizzly")
        await mo.expect(WORDS("nothing-waits"))
        assert verdicts(runner) == [*before, (VerdictKind.LABEL, "grizzly")]
        assert (await answer_to(sandbox, mo, result, str(undo.callback_data))) == WORDS("nothing-to-undo")
        assert verdicts(runner) == [*before, (VerdictKind.LABEL, "grizzly")]
    await sandbox.asker.expect("A correction")


async def answer_to(sandbox: Sandbox, who: Person, message: Message, data: str) -> str | None:
    """What a button with made-up data is answered."""
    with sandbox.world.events.listen() as events:
        query = sandbox.world.press(who.user, message, data)
        while (event := await events.get()).answer is None or event.answer.query_id != query:
            pass
    return event.answer.text


async def test_undo_on_a_card_goes_back_to_the_one_before(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    mo = sandbox.moderator
    first = await card(mo)
    await mo.press(first, WORDS("button-skip"))
    second = await mo.expect(is_card)
    await mo.press(second, WORDS("button-undo"))
    put_back = await mo.expect(WORDS("card-put-back"))
    assert put_back.message_id == second.message_id
    again = await mo.expect(is_card)
    assert again.words.partition(":")[0] == first.words.partition(":")[0]
    assert verdicts(runner) == [(VerdictKind.SKIP, None), (VerdictKind.UNDO, None)]
    with runner.database.read() as session:
        held = session.scalars(select(ReviewItem.id).where(ReviewItem.lease_token.is_not(None))).all()
    assert held == [int(again.words.partition(":")[0][1:])], "the other one is free for colleagues"


async def test_what_the_moderator_has_on_a_page_stays_there(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear", "grizzly_katmai_402")
    mo = sandbox.moderator
    first = await card(mo)
    await mo.press(first, WORDS("button-skip"))
    second = await mo.expect(is_card)
    lease = timedelta(minutes=5)
    with runner.database.write() as session:
        (on_the_page,) = queue.claim_batch(
            session, session.scalars(select(Reviewer)).one(), count=1, lease=lease, now=utc_now()
        )
    again = await card(mo)
    assert again.words.partition(":")[0] == second.words.partition(":")[0]
    await mo.press(again, WORDS("button-undo"))
    await mo.expect(is_card)
    with runner.database.write() as session:
        queue.renew(session, on_the_page.item_id, on_the_page.token, lease=lease, now=utc_now())


async def test_a_verdict_of_somebody_else_is_not_taken_back(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    with runner.database.write() as session:
        rita = reviewer_named(session, "rita", utc_now())
        judging.settle(session, 1, rita, kind=VerdictKind.NONE, now=utc_now())
    shown = await card(sandbox.moderator)
    for data in ("u:1:1", "u:99:1", "u:1", "u:x:1", "u::", "u:1:" + "9" * 30):
        assert await answer_to(sandbox, sandbox.moderator, shown, data) == WORDS("outdated-review-button")
    await sandbox.asker.send_text("/help")
    said = await sandbox.asker.expect()
    assert await answer_to(sandbox, sandbox.asker, said, "u:1:1") == WORDS("not-a-moderator")
    assert verdicts(runner) == [(VerdictKind.NONE, None)]


async def test_what_was_said_before_two_names_were_linked_is_taken_back(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await asked(sandbox, photo, "none_coffee")
    mo = sandbox.moderator
    await mo.press(await card(mo), "teddy")
    turned = await mo.expect("teddy, said Mo")
    await mo.expect(WORDS("nothing-waits"))
    with runner.database.write() as session:
        now = utc_now()
        roster.link(session, reviewer_named(session, "rita", now), reviewer_named(session, "Mo", now), now=now)
    await mo.press(turned, WORDS("button-undo"))
    await mo.expect(is_card)
    assert verdicts(runner) == [(VerdictKind.LABEL, "teddy"), (VerdictKind.UNDO, None)]


async def test_an_admin_who_may_review_no_more_is_told_so(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo
) -> None:
    """The settings make them an admin still, but an operator removed them; trying again would never help."""
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    await admin.press(await card(admin), WORDS("button-skip"))
    shown = await admin.expect(is_card)
    with led.database.write() as session:
        roster.remove(session, reviewer_named(session, "Ada", utc_now()), utc_now())
    await admin.send_text("/review")
    await admin.expect(WORDS("removed-reviewer"))
    for button in ("teddy", WORDS("button-undo")):
        answer = await admin.press(shown, button)
        assert (answer.text, answer.show_alert) == (WORDS("removed-reviewer"), True)
    assert verdicts(led) == [(VerdictKind.SKIP, None)]
    with led.database.read() as session:
        failed = session.scalars(select(InboxUpdate.error).where(InboxUpdate.error.is_not(None))).all()
    assert not failed, "nothing was tried again"


async def test_two_taps_in_a_row_bring_one_card(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    mo = sandbox.moderator
    shown = await card(mo)
    assert shown.keyboard is not None
    skip = shown.keyboard.find(WORDS("button-skip"))
    assert skip is not None
    for _ in range(2):
        sandbox.world.press(mo.user, shown, str(skip.callback_data))
    await mo.expect(is_card)
    await mo.expect_silence(1.0)
    assert verdicts(runner) == [(VerdictKind.SKIP, None)]


async def test_a_photo_that_was_deleted_meanwhile_leaves_the_chat_and_the_next_comes(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await asked(sandbox, photo, "none_coffee", "none_polar_bear")
    mo = sandbox.moderator
    shown = await card(mo)
    item_id = int(shown.words.partition(":")[0][1:])
    with runner.database.write() as session:
        item = session.get_one(ReviewItem, item_id)
        item.status = ItemStatus.WITHDRAWN
        item.lease_token = item.lease_reviewer_id = item.lease_expires_at = None
    answer = await mo.press(shown, "teddy")
    assert answer.text == WORDS("item-gone", item=str(item_id))
    following = await mo.expect(is_card)
    assert following.words.partition(":")[0] != f"#{item_id}"
    assert sandbox.world.find(mo.chat.id, shown.message_id) is None
    assert verdicts(runner) == []


async def test_a_card_tells_what_the_asker_says(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    with runner.database.write() as session:
        submission = session.get_one(Submission, 1)
        claims.dispute(session, submission, label="teddy", source_key="test", now=utc_now())
    shown = await card(sandbox.moderator)
    assert "The asker says: teddy\n" in shown.words
    assert WORDS("reason-disputed") in shown.words
