"""In groups the bot answers who asks it, and is quiet otherwise."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.sandbox import faults
from bot.sandbox.objects import Content, Message
from bot.sandbox.person import Person
from bot.sandbox.server import BOT, Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("runner")]

Photo = Callable[[str], bytes]
MODEL_SECONDS = 15.0
NAME = f"@{BOT.username}"


@pytest.fixture
def ana(sandbox: Sandbox) -> Person:
    return sandbox.asker.at(sandbox.group("Bears", [sandbox.asker, sandbox.second_asker]))


@pytest.fixture
def ben(sandbox: Sandbox, ana: Person) -> Person:
    return sandbox.second_asker.at(ana.chat)


async def said_of(person: Person, sent: Message, words: str) -> Message:
    said = await person.expect(words, timeout=MODEL_SECONDS)
    assert said.reply_to is not None
    assert said.reply_to.message_id == sent.message_id
    return said


async def test_it_is_quiet_until_somebody_asks(ana: Person, ben: Person, photo: Photo) -> None:
    sent = await ana.send_photo(photo("grizzly_katmai_131"))
    await ana.send_text("what a photo")
    await ana.send_text("/help")
    await ana.expect_silence(1.0)
    await ben.send_text("/bear", reply_to=sent)
    await said_of(ana, sent, "I see: grizzly")
    await ana.expect_silence(0.5)


async def test_its_name_in_a_caption_and_in_reply_to_a_photo(ana: Person, ben: Person, photo: Photo) -> None:
    sent = await ana.send_photo(photo("black_dod"), f"what is it, {NAME.upper()}?")
    answer = await said_of(ana, sent, "I see: black")
    other = await ana.send_photo(photo("teddy_earlgray"))
    await ben.send_text(f"{NAME} and this?", reply_to=other)
    await said_of(ben, other, "I see: teddy")
    third = await ben.send_photo(photo("none_coffee"), reply_to=answer)
    await said_of(ben, third, "do not know this kind")
    await ben.send_text("thank you", reply_to=answer)
    await ben.expect_silence(0.5)


async def test_a_command_in_a_caption_and_whole_albums(ana: Person, photo: Photo) -> None:
    names = ("black_dod", "teddy_earlgray", "none_coffee")
    first, *_ = await ana.send_album([photo(name) for name in names], "/bear")
    said = await said_of(ana, first, "1. I see: black")
    assert re.search(r"3\. I do not know this kind", said.words)
    await ana.send_album([photo(name) for name in names])
    await ana.expect_silence(1.0)


async def test_a_whole_album_is_answered_if_the_photo_with_the_words_has_to_be_tried_again(
    sandbox: Sandbox, ana: Person, photo: Photo
) -> None:
    sandbox.faults.add(faults.bad_gateway("getFile"))
    first, *_ = await ana.send_album([photo(name) for name in ("black_dod", "teddy_earlgray")], NAME)
    said = await said_of(ana, first, "1. I see: black")
    assert "2. I see: teddy" in said.words


async def test_the_words_of_an_album_may_be_under_its_last_photo(ana: Person, photo: Photo) -> None:
    names = ("black_dod", "teddy_earlgray")
    first, last = [Content(photo=await asyncio.to_thread(ana._world.files.photo, photo(name))) for name in names]
    sent = ana._say(first, album="7")
    await asyncio.sleep(0.3)  # it is looked at before the other comes
    ana._say(replace(last, caption=NAME), album="7")
    assert "2. I see: teddy" in (await said_of(ana, sent, "1. I see: black")).words


async def test_asking_for_nothing_brings_a_hint(ana: Person) -> None:
    for text in ("/bear", f"/help{NAME}", f"hello {NAME}"):
        await ana.send_text(text)
        await ana.expect("Reply to a photo with /bear")


async def test_answers_stay_in_their_topic(sandbox: Sandbox, photo: Photo) -> None:
    forum = sandbox.group("Forum", [sandbox.asker], topics=True)
    ana = sandbox.asker.at(forum).open_topic("Bears")
    sent = await ana.send_photo(photo("black_dod"), NAME)
    said = await said_of(ana, sent, "I see: black")
    assert said.thread_id == sent.thread_id
    assert said.thread_id is not None


async def test_only_who_asked_says_whether_it_is_right(ana: Person, ben: Person, photo: Photo) -> None:
    sent = await ana.send_photo(photo("black_dod"))
    await ben.send_text("/bear", reply_to=sent)
    said = await said_of(ben, sent, "I see: black")
    assert "Only who" in ((await ana.press(said, "Wrong")).text or "")
    await ben.press(said, "Wrong")
    await ben.press(said, "teddy")
    await ben.expect("You say: teddy")


async def test_an_answer_follows_a_group_that_becomes_a_supergroup(sandbox: Sandbox, photo: Photo) -> None:
    ana = sandbox.asker.at(sandbox.group("Small", [sandbox.asker], basic=True))
    await ana.send_photo(photo("none_coffee"), NAME)
    await ana.expect("A person will look", timeout=MODEL_SECONDS)
    new = sandbox.asker.at(sandbox.migrate(ana.chat))
    await sandbox.moderator.send_text("/review")
    await sandbox.moderator.press(await sandbox.moderator.expect("#1"), "None of these")
    await new.expect("A person looked at your photo")
