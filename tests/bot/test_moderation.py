"""Reviewing in the chat: one tap an item, roles checked each time, nothing believed that a button did not say."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot import messages
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review import queue
from review.clock import utc_now
from review.people import reviewer_named
from review.tables import Reviewer, ReviewItem, Role, Verdict, VerdictKind

pytestmark = pytest.mark.anyio

Photo = Callable[[str], bytes]


async def asked(sandbox: Sandbox, photo: Photo, *names: str) -> list[Message]:
    """Photos that the asker sent and that now wait for a person."""
    sent = []
    for name in names:
        sent.append(await sandbox.asker.send_photo(photo(name)))
        await sandbox.asker.expect("A person will look", timeout=60)
    return sent


async def card(moderator: Person) -> Message:
    await moderator.send_text("/review")
    return await moderator.expect(lambda message: message.keyboard is not None)


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
        messages.NONE_BUTTON,
        messages.CANT_TELL_BUTTON,
        messages.SKIP_BUTTON,
    ]
    answer = await mo.press(first, messages.NONE_BUTTON)
    assert not answer.show_alert
    turned = await mo.expect("None of these, said Mo")
    assert turned.message_id == first.message_id
    assert not turned.keyboard
    second = await mo.expect(lambda message: message.keyboard is not None)
    heard = await sandbox.asker.expect("it shows none of the kinds that I know")
    assert heard.reply_to is not None
    assert heard.reply_to.message_id == polar.message_id
    await mo.press(second, "grizzly")
    await mo.expect(messages.NOTHING_WAITS)
    heard = await sandbox.asker.expect("it is grizzly")
    assert heard.reply_to is not None
    assert heard.reply_to.message_id == doubtful.message_id
    assert verdicts(runner) == [(VerdictKind.NONE, None), (VerdictKind.LABEL, "grizzly")]
    with runner.database.read() as session:
        assert session.scalars(select(Reviewer.role)).all() == [Role.MODERATOR]


async def test_skip_and_cant_tell_leave_the_item_open(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    mo = sandbox.moderator
    await mo.press(await card(mo), messages.SKIP_BUTTON)
    again = await mo.expect(lambda message: message.keyboard is not None)
    await mo.press(again, messages.CANT_TELL_BUTTON)
    await mo.expect(lambda message: message.keyboard is not None)
    assert verdicts(runner) == [(VerdictKind.SKIP, None), (VerdictKind.CANT_TELL, None)]
    await sandbox.asker.expect_silence(0.5)


async def test_only_moderators_review(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    await sandbox.second_asker.send_text("/review")
    await sandbox.second_asker.expect(messages.NOT_A_MODERATOR)
    shown = await card(sandbox.moderator)
    # Mo forwards the card into a group, and Ben taps its buttons there.
    group = sandbox.group("Bears", [sandbox.moderator, sandbox.second_asker])
    forwarded = sandbox.world.post(group, shown.content, keyboard=shown.keyboard)
    answer = await sandbox.second_asker.at(group).press(forwarded, "teddy")
    assert answer.text == messages.NOT_A_MODERATOR
    assert verdicts(runner) == []


@pytest.mark.parametrize("data", ["review:1:unicorn", "review:1", "nonsense", "review:999:teddy"])
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


async def test_a_tap_on_what_a_colleague_settled_says_so(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    with runner.database.write() as session:
        (item,) = session.scalars(select(ReviewItem)).all()
        item.lease_token = item.lease_reviewer_id = item.lease_expires_at = None  # the lease ran out
        session.flush()
        rita = reviewer_named(session, "rita", utc_now())
        queue.settle(session, item.id, rita, kind=VerdictKind.NONE, now=utc_now())
    answer = await sandbox.moderator.press(shown, "teddy")
    assert answer.show_alert
    assert "rita" in (answer.text or "")
    turned = await sandbox.moderator.expect("settled: rita said 'none'")
    assert not turned.keyboard
    assert verdicts(runner) == [(VerdictKind.NONE, None)]


async def test_a_tap_that_is_handled_twice_settles_once(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await asked(sandbox, photo, "none_coffee")
    shown = await card(sandbox.moderator)
    await sandbox.moderator.press(shown, messages.NONE_BUTTON)
    await sandbox.moderator.expect(messages.NOTHING_WAITS)
    sandbox.world.press(sandbox.moderator.user, shown, "review:1:none")  # the same tap, after a crash
    await sandbox.moderator.expect(messages.NOTHING_WAITS)
    assert verdicts(runner) == [(VerdictKind.NONE, None)]
    await sandbox.asker.expect("it shows none")
    await sandbox.asker.expect_silence(0.3)


@pytest.mark.usefixtures("runner")
async def test_an_empty_queue_is_praised(sandbox: Sandbox) -> None:
    await sandbox.moderator.send_text("/review")
    await sandbox.moderator.expect(messages.NOTHING_WAITS)
