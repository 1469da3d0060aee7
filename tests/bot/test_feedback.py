"""Right and Wrong: what an asker says of an answer opens its one item, and the human word comes back."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot import inbox
from bot.answer_keyboard import AnswerTap, Say
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox
from review.clock import utc_now
from review.tables import Claim, ReviewItem

pytestmark = [pytest.mark.anyio]

Photo = Callable[[str], bytes]
MODEL_SECONDS = 60.0


def rows(runner: Runner, table: type[Any]) -> list[Any]:
    with runner.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def buttons(message: Message) -> list[str]:
    return [one.text for row in message.keyboard.rows for one in row] if message.keyboard else []


async def answered(sandbox: Sandbox, photo: Photo, name: str = "black_dod") -> Message:
    await sandbox.asker.send_photo(photo(name))
    return await sandbox.asker.expect("I see: ", timeout=MODEL_SECONDS)


async def test_right_is_noted_and_the_buttons_go(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    said = await answered(sandbox, photo)
    assert buttons(said) == ["Right", "Wrong"]
    assert "Thank you" in ((await sandbox.asker.press(said, "Right")).text or "")
    assert buttons(await sandbox.asker.expect(lambda message: message.keyboard is None)) == []
    assert [(claim.agrees, claim.label) for claim in rows(runner, Claim)] == [(True, None)]
    assert rows(runner, ReviewItem) == []


async def test_wrong_offers_the_labels_and_a_person_decides(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    said = await answered(sandbox, photo)
    await sandbox.asker.press(said, "Wrong")
    offered = await sandbox.asker.expect(lambda message: len(buttons(message)) > 2)
    assert buttons(offered) == ["grizzly", "teddy", "None of these", "I don't know", "Back"]
    await sandbox.asker.press(offered, "Back")
    assert buttons(await sandbox.asker.expect(lambda message: True)) == ["Right", "Wrong"]
    assert rows(runner, ReviewItem) == [], "to look at the choices says nothing yet"
    await sandbox.asker.press(said, "Wrong")
    await sandbox.asker.expect(lambda message: len(buttons(message)) > 2)
    await sandbox.asker.press(said, "teddy")
    await sandbox.asker.expect("You say: teddy. A person will look")
    (item,) = rows(runner, ReviewItem)
    assert (item.reasons, item.suggested_label) == (["disputed"], "black")
    await sandbox.moderator.send_text("/review")
    card = await sandbox.moderator.expect("the asker disagrees")
    assert "teddy" in card.words.splitlines()[0] + card.words
    await sandbox.moderator.press(card, "teddy")
    verdict = await sandbox.asker.expect("A person looked at your photo")
    assert "It shows: teddy" in verdict.words
    assert buttons(verdict) == ["Right", "Wrong"]


@pytest.mark.parametrize(
    "data",
    [
        "a:1:l:unicorn",
        "a:999:r",
        "a:x:r",
        "a:1:",
        "a:1:l",
        "a:1:r:black",
        "a::::",
        "a:" + "9" * 40 + ":r",
    ],
)
async def test_forged_taps_are_answered_and_change_nothing(
    sandbox: Sandbox, runner: Runner, photo: Photo, data: str
) -> None:
    said = await answered(sandbox, photo)
    with sandbox.world.events.listen() as events:
        query = sandbox.world.press(sandbox.asker.user, said, data)
        async with asyncio.timeout(10):
            while (event := await events.get()).answer is None or event.answer.query_id != query:
                pass
    assert "out of date" in (event.answer.text or "")
    assert rows(runner, Claim) == []
    assert rows(runner, ReviewItem) == []


async def test_a_tap_that_is_handled_twice_counts_once(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    said = await answered(sandbox, photo)
    await sandbox.asker.press(said, "Wrong")
    sandbox.faults.add(Fault(method="editMessageReplyMarkup", drop=True))
    await sandbox.asker.press(said, "None of these")
    await sandbox.asker.expect("none of the kinds that I know")
    tap = {
        "update_id": 7,
        "callback_query": {
            "id": query_id(runner),
            "from": sandbox.asker.user.to_json(),
            "message": said.to_json(),
            "chat_instance": "1",
            "data": AnswerTap(1, Say.NONE).data(),
        },
    }
    with runner.database.write() as session:  # as if the bot had been killed before it recorded that it was done
        inbox.store(session, [tap], utc_now())
    await sandbox.asker.expect(lambda message: message.message_id == said.message_id)  # the buttons are gone at last
    await sandbox.asker.expect_silence(1.0)
    assert [claim.label for claim in rows(runner, Claim)] == ["none"]
    assert len(rows(runner, ReviewItem)) == 1


def query_id(runner: Runner) -> str:
    (claim,) = rows(runner, Claim)
    return str(claim.source_key.removeprefix("callback:"))


async def test_an_album_has_one_answer_with_a_button_for_each_photo(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    names = ("black_dod", "none_coffee", "teddy_earlgray")
    sent = await sandbox.asker.send_album([photo(name) for name in names])
    said = await sandbox.asker.expect("1. I see: black", timeout=MODEL_SECONDS)
    assert said.reply_to is not None
    assert said.reply_to.message_id == sent[0].message_id
    assert [line[:2] for line in said.words.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3."]
    await sandbox.asker.expect_silence(1.5)
    assert buttons(said) == ["Wrong: 1", "Wrong: 3"], "of the second it did not say what it is"
    await sandbox.asker.press(said, "Wrong: 3")
    await sandbox.asker.press(said, "grizzly")
    noted = await sandbox.asker.expect("You say: grizzly")
    assert noted.reply_to is not None
    assert noted.reply_to.message_id == sent[2].message_id
    now = next(message for message in sandbox.asker.messages if message.message_id == said.message_id)
    assert buttons(now) == ["Wrong: 1"]


async def test_a_second_asker_of_the_same_photo_hears_the_verdict_too(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=MODEL_SECONDS)
    await sandbox.second_asker.send_photo(photo("none_coffee"))
    await sandbox.second_asker.expect("waiting for a person already")
    await sandbox.moderator.send_text("/review")
    await sandbox.moderator.press(await sandbox.moderator.expect("#1"), "None of these")
    for asker in (sandbox.asker, sandbox.second_asker):
        await asker.expect("A person looked at your photo")
    await sandbox.second_asker.send_photo(photo("none_coffee"))
    await sandbox.second_asker.expect("I know this photo, a person has looked at it")


@pytest.mark.parametrize("label", ["black", "a" * 40, "ü" * 20])
@pytest.mark.parametrize("submission", [1, 10**14])
def test_taps_survive_the_way_and_fit(label: str, submission: int) -> None:
    for tap in (AnswerTap(submission, Say.LABEL, label), AnswerTap(submission, Say.RIGHT)):
        assert AnswerTap.parse(tap.data()) == tap
        assert len(tap.data().encode()) <= 64
