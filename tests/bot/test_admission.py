"""The gate before the handlers: silence for the blocked, a sentence a day for strangers, and everybody's own data."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.server import MODERATOR, Sandbox
from review.admission import Access
from review.tables import Asker, Invitation, OutboxMessage, ReviewItem, Submission

pytestmark = pytest.mark.anyio

Photo = Callable[[str], bytes]
MODEL_SECONDS = 60.0


def rows(runner: Runner, table: type[Any]) -> list[Any]:
    with runner.database.read() as session:
        return list(session.scalars(select(table)))


async def silence(sandbox: Sandbox, runner: Runner) -> None:
    """Nothing more is said to the asker once all that was sent is handled."""
    await sandbox.asker.expect_silence(1.0)
    assert rows(runner, Submission) == []


async def test_strangers_hear_how_to_get_in_when_they_ask_and_once_for_all_their_photos(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any, photo: Photo
) -> None:
    runner = make_runner(access=Access.ALLOW_LIST)
    async with serve(runner):
        await sandbox.asker.send_photo(photo("black_dod"))
        assert str(sandbox.asker.id) in (await sandbox.asker.expect("answers only those")).words
        await sandbox.asker.send_photo(photo("teddy_polimerek"))
        await sandbox.asker.send_text("hello?")
        await silence(sandbox, runner)
        await sandbox.asker.send_text("/start")
        await sandbox.asker.expect("answers only those")
        await sandbox.asker.send_text("/privacy")
        await sandbox.asker.expect("What I keep")
        await sandbox.asker.send_text("/my_data")
        await sandbox.asker.expect("keep about you")
        await sandbox.asker.send_text("/delete_my_data")
        asked = await sandbox.asker.expect("This cannot be undone")
        await sandbox.asker.press(asked, "Delete everything")
        await sandbox.asker.expect("Everything is deleted")
        await sandbox.moderator.send_text("/help")
        await sandbox.moderator.expect("/review")
    assert rows(runner, Submission) == []


async def test_those_on_the_list_are_let_in(sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any) -> None:
    async with serve(make_runner(access=Access.ALLOW_LIST, allowed_askers=(sandbox.asker.id,))):
        await sandbox.asker.send_text("/start")
        await sandbox.asker.expect("Hello!")


async def test_an_invitation_is_made_opened_and_used_up(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any
) -> None:
    runner = make_runner(access=Access.INVITATION, admins=(MODERATOR.id,))
    async with serve(runner):
        await sandbox.asker.send_text("/start")
        await sandbox.asker.expect("is for invited people")
        await sandbox.asker.send_text("/start abcdef")
        await sandbox.asker.expect("used up or is too old")
        await sandbox.moderator.send_text("/invite 0")
        await sandbox.moderator.expect("such as /invite 5 7")
        await sandbox.moderator.send_text("/invite")
        invited = await sandbox.moderator.expect("one person, for 7 days")
        code = invited.words.rsplit("start=", 1)[1]
        await sandbox.asker.send_text(f"/start {code}")
        await sandbox.asker.expect("Hello!")
        await sandbox.asker.send_text(f"/start {code}")
        await sandbox.asker.expect("Hello!")
        await sandbox.second_asker.send_text(f"/start {code}")
        await sandbox.second_asker.expect("used up or is too old")
        await sandbox.asker.send_text("/invite")
        await sandbox.asker.expect("Only admins can do that")
    assert [invitation.uses_left for invitation in rows(runner, Invitation)] == [0]
    assert [asker.telegram_user_id for asker in rows(runner, Asker) if asker.admitted_at] == [sandbox.asker.id]
    assert code not in str([row.parameters for row in rows(runner, OutboxMessage)])


async def test_where_it_is_open_nobody_needs_an_invitation(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any
) -> None:
    async with serve(make_runner(admins=(MODERATOR.id,))):
        await sandbox.moderator.send_text("/invite")
        await sandbox.moderator.expect("BOT_ACCESS is open")
        await sandbox.asker.send_text("/start abcdef")
        await sandbox.asker.expect("Hello!")


async def test_who_is_blocked_hears_nothing_but_what_is_kept_of_them(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any, photo: Photo
) -> None:
    runner = make_runner()
    async with serve(runner):
        await sandbox.asker.send_document(photo("none_polar_bear"), "polar.webp")
        answer = await sandbox.asker.expect("do not know this kind of picture", timeout=MODEL_SECONDS)
        await sandbox.moderator.send_text("/block")
        await sandbox.moderator.expect("Reply with /block to a review card")
        await sandbox.moderator.send_text("/block 5")
        await sandbox.moderator.expect("Only admins can do that")
        await sandbox.moderator.send_text("/review")
        card = await sandbox.moderator.expect("unlike the photos")
        assert str(sandbox.asker.id) not in card.words
        await sandbox.moderator.send_text("/block", reply_to=card)
        await sandbox.moderator.expect("I do not answer this person any more")
        await sandbox.asker.send_text("/help")
        await sandbox.asker.send_photo(photo("black_dod"))
        await sandbox.asker.expect_silence(1.0)
        assert len(rows(runner, Submission)) == 1
        await sandbox.asker.send_text("/delete_my_data")
        asked = await sandbox.asker.expect("stays on the list of those whom I do not answer")
        await sandbox.asker.press(asked, "Delete everything")
        await sandbox.asker.expect("Everything is deleted")
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect_silence(1.0)
        await sandbox.moderator.send_text("/unblock", reply_to=card)
        await sandbox.moderator.expect("do not know any more who sent")
    assert answer.message_id
    (asker,) = [asker for asker in rows(runner, Asker) if asker.telegram_user_id == sandbox.asker.id]
    assert asker.blocked_at is not None
    assert [item.status.value for item in rows(runner, ReviewItem)] == ["withdrawn"]


async def test_buttons_are_no_way_round_the_gate_and_groups_hear_nothing(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any, photo: Photo
) -> None:
    async with serve(make_runner()):
        await sandbox.asker.send_photo(photo("black_dod"))
        answer = await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
    runner = make_runner(access=Access.ALLOW_LIST)
    async with serve(runner):
        told = await sandbox.asker.press(answer, "Right")
        assert "answers only those" in (told.text or "")
        assert buttons(answer) == ["Right", "Wrong"]
        group = sandbox.group("Bears", [sandbox.asker])
        await sandbox.asker.at(group).send_text("/bear")
        await asyncio.sleep(1.0)
        assert [row.kind for row in rows(runner, OutboxMessage)] == ["answered"]


def buttons(message: Message) -> list[str]:
    return [one.text for row in message.keyboard.rows for one in row] if message.keyboard else []
