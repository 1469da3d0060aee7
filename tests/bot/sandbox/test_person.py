"""Programs as people: they act, wait, and complain with the conversation so far."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.sandbox.listening import NotSaid
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]
KEYBOARD = {
    "inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "More", "url": "https://example.org"}]]
}


@pytest.fixture(autouse=True)
async def _started(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/start")


async def test_expect_reads_messages_and_edits_in_order_once(sandbox: Sandbox, api: Api) -> None:
    ana = sandbox.asker
    first = await api("sendMessage", chat_id=ana.id, text="one")
    await api("editMessageText", chat_id=ana.id, message_id=first["message_id"], text="one, edited")
    await api("sendMessage", chat_id=ana.id, text="two")
    assert (await ana.expect("one")).words == "one"
    assert (await ana.expect(re.compile("^one, e"))).words == "one, edited"
    assert (await ana.expect(lambda message: message.text == "two")).words == "two"
    await ana.expect_silence(0.05)
    assert [message.words for message in ana.messages] == ["one, edited", "two"]


async def test_expect_waits_for_what_comes_later(sandbox: Sandbox, api: Api) -> None:
    waiting = asyncio.create_task(sandbox.asker.expect_many(2, timeout=5))
    await asyncio.sleep(0.05)
    await api("sendMessage", chat_id=1001, text="one")
    await api("sendMessage", chat_id=1001, text="two")
    assert [message.words for message in await waiting] == ["one", "two"]


async def test_what_was_not_said_is_complained_about_with_the_conversation(sandbox: Sandbox, api: Api) -> None:
    await api("sendMessage", chat_id=1001, text="black")
    with pytest.raises(NotSaid) as caught:
        await sandbox.asker.expect("grizzly", timeout=0.05)
    assert str(caught.value) == (
        "the bot did not say 'grizzly' within 0.05 s; the chat of Ana (1 unread):\nAna: /start\nBearbot: black"
    )
    assert (await sandbox.asker.expect()).words == "black"  # a miss uses nothing up
    with pytest.raises(NotSaid, match="the bot was expected to be silent"):
        await asyncio.gather(sandbox.asker.expect_silence(2), api("sendMessage", chat_id=1001, text="noise"))


async def test_an_action_can_be_waited_for(sandbox: Sandbox, api: Api) -> None:
    waiting = asyncio.create_task(sandbox.asker.expect_action("upload_photo", timeout=5))
    await asyncio.sleep(0)
    await api("sendChatAction", chat_id=1001, action="upload_photo")
    await waiting


async def test_only_buttons_that_are_there_can_be_pressed(sandbox: Sandbox, api: Api) -> None:
    await api("sendMessage", chat_id=1001, text="x", reply_markup=KEYBOARD)
    message = await sandbox.asker.expect("x")
    for button in ("No", "More"):
        with pytest.raises(ValueError, match=r"it has \['Yes', 'More'\]"):
            await sandbox.asker.press(message, button)
    await api("editMessageText", chat_id=1001, message_id=message.message_id, text="done")
    with pytest.raises(ValueError, match=r"it has \[\]"):
        await sandbox.asker.press(message, "Yes")  # the message they hold is old
    await api("deleteMessage", chat_id=1001, message_id=message.message_id)
    with pytest.raises(ValueError, match="was deleted"):
        await sandbox.asker.press(message, "Yes")


async def test_a_transcript_shows_photos_buttons_quotes_and_edits(
    sandbox: Sandbox, api: Api, picture: Callable[..., bytes]
) -> None:
    ana = sandbox.asker
    photo = await ana.send_photo(picture((800, 600)), "Which one?")
    await ana.edit_caption(photo, "Which bear?")
    await ana.send_document(b"12345", "notes.txt")
    await api("sendMessage", chat_id=1001, text="grizzly", reply_to_message_id=photo.message_id, reply_markup=KEYBOARD)
    assert ana.transcript_text().splitlines()[1:] == [
        "Ana (edited): [photo 800 x 600] Which bear?",
        "Ana: [file notes.txt, 5 bytes]",
        "  > Ana: [photo 800 x 600] Which bear?",
        "Bearbot: grizzly",
        "  [Yes] [More]",
    ]


async def test_edits_and_albums_are_updates(sandbox: Sandbox, api: Api, picture: Callable[..., bytes]) -> None:
    one, two = await sandbox.asker.send_album([picture(colour="tan"), picture(colour="red")], "both")
    await sandbox.asker.edit_caption(one, "these")
    updates = (await api("getUpdates"))[1:]
    albums = {update["message"]["media_group_id"] for update in updates[:2]}
    assert albums == {one.media_group_id} == {two.media_group_id}
    assert [update["message"].get("caption") for update in updates[:2]] == ["both", None]
    assert updates[2]["edited_message"]["caption"] == "these"
    with pytest.raises(ValueError, match="2 to 10 photos"):
        await sandbox.asker.send_album([picture()])


async def test_people_speak_in_groups_and_their_topics(sandbox: Sandbox, api: Api) -> None:
    forum = sandbox.group("Bear watchers", [sandbox.asker, sandbox.moderator], topics=True)
    ana = sandbox.asker.at(forum, topic=7)
    said = await ana.send_text("hello")
    update = (await api("getUpdates"))[-1]["message"]
    assert (update["chat"]["type"], update["message_thread_id"]) == ("supergroup", 7)
    reply = await api("sendMessage", chat_id=forum.id, text="hi", reply_to_message_id=said.message_id)
    assert reply["message_thread_id"] == 7
    assert (await ana.expect("hi")).sender.is_bot
    assert (await api("getChat", chat_id=forum.id))["title"] == "Bear watchers"
    statuses = [
        (await api("getChatMember", chat_id=forum.id, user_id=user_id))["status"] for user_id in (1001, 2001, 1002)
    ]
    assert statuses == ["creator", "member", "left"]
    with pytest.raises(ValueError, match="Ben is not in chat"):
        await sandbox.second_asker.at(forum).send_text("hello")


async def test_people_have_stable_ids_and_one_self(sandbox: Sandbox, api: Api) -> None:
    assert [sandbox.asker.id, sandbox.second_asker.id, sandbox.moderator.id] == [1001, 1002, 2001]
    kim = sandbox.person("Kim", user_id=2002, role="moderator", started=True)
    assert sandbox.person("Kim") is kim
    await api("sendMessage", chat_id=2002, text="hello")
    await kim.expect("hello")
    assert sandbox.person("New").id == 3001
    with pytest.raises(ValueError, match="is taken"):
        sandbox.person("Other", user_id=2002)


async def test_nobody_edits_what_others_wrote(sandbox: Sandbox, api: Api) -> None:
    await api("sendMessage", chat_id=1001, text="x")
    message: Message = await sandbox.asker.expect("x")
    with pytest.raises(ValueError, match="only what they wrote"):
        await sandbox.asker.edit_text(message, "y")
