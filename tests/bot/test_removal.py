"""A photo that was deleted leaves the chats of moderators: cards, results and explanations, over the sandbox."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import select
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.catalogue import catalogue_for
from bot.removal import take_away
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review.tables import OutboxMessage, Verdict, VerdictKind

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")
MODEL_SECONDS = 60.0

Photo = Callable[[str], bytes]


def is_card(message: Message) -> bool:
    return message.keyboard is not None and message.keyboard.find(WORDS("button-skip")) is not None


def pictures(sandbox: Sandbox, person: Person) -> list[Message]:
    """Messages of their chat with the bot that show a picture which the bot sent."""
    messages = sandbox.world.messages(person.chat.id)
    return [one for one in messages if one.content.photo and one.sender.id == sandbox.world.bot.id]


async def answer_to(sandbox: Sandbox, who: Person, message: Message, text: str) -> str | None:
    """What is answered to a button of a message that may be gone."""
    button = message.keyboard.find(text) if message.keyboard else None
    assert button is not None
    with sandbox.world.events.listen() as events:
        query = sandbox.world.press(who.user, message, str(button.callback_data))
        while (event := await events.get()).answer is None or event.answer.query_id != query:
            pass
    return event.answer.text


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


async def delete_everything(person: Person) -> None:
    await person.send_text("/delete_my_data")
    await person.press(await person.expect("This cannot be undone"), "Delete everything")
    await person.expect("Everything is deleted")


@pytest.mark.slow
async def test_settled_and_open_cards_and_explanations_go_and_those_of_others_stay(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    ana, ben, mo = sandbox.asker, sandbox.second_asker, sandbox.moderator
    for person, name in ((ana, "none_coffee"), (ana, "none_polar_bear"), (ben, "grizzly_katmai_402")):
        await person.send_photo(photo(name))
        await person.expect("A person will look", timeout=MODEL_SECONDS)
    await mo.send_text("/review")
    first = await mo.expect(is_card)
    await mo.press(first, "teddy")
    settled = await mo.expect("teddy, said Mo")
    second = await mo.expect(is_card)
    await mo.send_text("/why", reply_to=second)
    await mo.expect(lambda message: bool(message.content.photo), timeout=MODEL_SECONDS)
    assert len(pictures(sandbox, mo)) == 3
    await delete_everything(ana)
    await until(lambda: pictures(sandbox, mo) == [])
    for tapped, button in ((settled, WORDS("button-undo")), (second, "black")):  # on a screen that has not heard yet
        assert "its photo was deleted" in (await answer_to(sandbox, mo, tapped, button) or "")
    of_ben = await mo.expect(is_card)
    await mo.press(of_ben, "grizzly")
    await mo.expect(WORDS("nothing-waits"))
    assert [one.message_id for one in pictures(sandbox, mo)] == [of_ben.message_id]
    with runner.database.read() as session:
        verdicts = session.scalars(select(Verdict).order_by(Verdict.id)).all()
        assert [(one.kind, one.label) for one in verdicts] == [
            (VerdictKind.LABEL, "teddy"),
            (VerdictKind.LABEL, "grizzly"),
        ]


@pytest.mark.slow
async def test_a_card_that_is_too_old_to_be_deleted_loses_its_picture_and_buttons_whatever_fails_meanwhile(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    ana, mo = sandbox.asker, sandbox.moderator
    await ana.send_photo(photo("none_coffee"))
    await ana.expect("A person will look", timeout=MODEL_SECONDS)
    await mo.send_text("/review")
    shown = await mo.expect(is_card)
    sandbox.faults.add(Fault(method="deleteMessage", status=502, description="Bad Gateway"))
    for _ in range(2):  # the second for what is tried again after the next
        sandbox.faults.add(
            Fault(method="deleteMessage", status=400, description="Bad Request: message can't be deleted")
        )
    sandbox.faults.add(Fault(method="editMessageMedia", status=502, description="Bad Gateway"))
    await delete_everything(ana)
    emptied = await mo.expect(WORDS("photo-deleted"))
    assert emptied.message_id == shown.message_id
    assert not emptied.keyboard
    assert shown.content.photo
    assert {size.file_unique_id for size in emptied.content.photo}.isdisjoint(
        size.file_unique_id for size in shown.content.photo
    )
    await until(lambda: pending(runner) == 0)


def pending(runner: Runner) -> int:
    with runner.database.read() as session:
        return len(session.scalars(select(OutboxMessage.id).where(OutboxMessage.sent_at.is_(None))).all())


async def test_a_message_that_is_gone_is_fine_and_one_that_cannot_be_changed_is_not(
    sandbox: Sandbox, telegram_bot: ExtBot[None]
) -> None:
    mo = sandbox.moderator
    await mo.send_text("hello")
    sent = await telegram_bot.send_message(mo.chat.id, "a card without its photo")
    cannot = {"method": "deleteMessage", "status": 400, "description": "Bad Request: message can't be deleted"}
    for _ in range(2):
        sandbox.faults.add(Fault(**cannot))  # type: ignore[arg-type] # a dict of what differs in kind
        await take_away(telegram_bot, mo.chat.id, sent.message_id, instead="gone")
    found = sandbox.world.find(mo.chat.id, sent.message_id)
    assert found is not None
    assert found.words == "gone"
    for _ in range(2):
        await take_away(telegram_bot, mo.chat.id, sent.message_id, instead="gone")
    assert sandbox.world.find(mo.chat.id, sent.message_id) is None
    sandbox.faults.add(Fault(**cannot))  # type: ignore[arg-type] # see above
    await take_away(telegram_bot, mo.chat.id, sent.message_id, instead="gone")
    sandbox.faults.add(Fault(**cannot))  # type: ignore[arg-type] # see above
    sandbox.faults.add(Fault(method="editMessageMedia", status=400, description="Bad Request: message can't be edited"))
    with pytest.raises(BadRequest, match="can't be edited"):
        await take_away(telegram_bot, mo.chat.id, sent.message_id, instead="gone")
