"""What the bot changes, takes back and answers."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]
KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


@pytest.fixture
async def sent(sandbox: Sandbox, api: Api) -> dict[str, Any]:
    """A message of the bot with a button: its chat_id and message_id."""
    await sandbox.asker.send_text("/start")
    message = await api("sendMessage", chat_id=1001, text="before", reply_markup=KEYBOARD)
    return {"chat_id": 1001, "message_id": message["message_id"]}


async def test_an_edit_changes_the_words_and_takes_the_buttons_away(
    sandbox: Sandbox, api: Api, sent: dict[str, Any]
) -> None:
    result = await api("editMessageText", **sent, text="after")
    assert result["text"] == "after"
    assert "reply_markup" not in result
    assert "edit_date" in result
    assert [message.text for message in sandbox.asker.messages] == ["after"]


async def test_buttons_alone_can_be_changed(sandbox: Sandbox, api: Api, sent: dict[str, Any]) -> None:
    result = await api("editMessageReplyMarkup", **sent)
    assert result["text"] == "before"
    assert "reply_markup" not in result


async def test_nothing_new_is_refused(api: Api, sent: dict[str, Any], refused: type[Exception]) -> None:
    with pytest.raises(refused, match="400 Bad Request: message is not modified: "):
        await api("editMessageText", **sent, text="before", reply_markup=KEYBOARD)
    with pytest.raises(refused, match="message is not modified"):
        await api("editMessageReplyMarkup", **sent, reply_markup=KEYBOARD)
    await api("editMessageText", **sent, text="<b>before</b>", parse_mode="HTML", reply_markup=KEYBOARD)


async def test_what_cannot_be_edited_is_refused(
    sandbox: Sandbox, api: Api, sent: dict[str, Any], refused: type[Exception]
) -> None:
    theirs = await sandbox.asker.send_text("mine")
    for method, parameters, refusal in [
        ("editMessageText", {"chat_id": 1001, "message_id": 999, "text": "x"}, "message to edit not found"),
        ("editMessageText", {"chat_id": 1001, "message_id": theirs.message_id, "text": "x"}, "message can't be edited"),
        ("editMessageText", {"chat_id": 1001, "text": "x"}, "message identifier is not specified"),
        ("editMessageText", sent, "message text is empty"),
        ("editMessageCaption", {**sent, "caption": "x"}, "there is no caption in the message to edit"),
        ("deleteMessage", {"chat_id": 1001, "message_id": 999}, "message to delete not found"),
    ]:
        with pytest.raises(refused, match=refusal):
            await api(method, **parameters)


async def test_caption_and_media_can_be_edited(
    sandbox: Sandbox, api: Api, picture: Callable[..., bytes], refused: type[Exception]
) -> None:
    one = await sandbox.asker.send_photo(picture(colour="tan"))
    two = await sandbox.asker.send_photo(picture(colour="black"))
    photo = await api("sendPhoto", chat_id=1001, photo=one.content.photo[-1].file_id, caption="tan")
    place = {"chat_id": 1001, "message_id": photo["message_id"]}
    assert (await api("editMessageCaption", **place, caption="still tan"))["caption"] == "still tan"
    media = {"type": "photo", "media": two.content.photo[-1].file_id, "caption": "black"}
    edited = await api("editMessageMedia", **place, media=media)
    assert edited["caption"] == "black"
    assert edited["photo"] != photo["photo"]
    with pytest.raises(refused, match="there is no text in the message to edit"):
        await api("editMessageText", **place, text="x")


async def test_a_deleted_message_is_gone(sandbox: Sandbox, api: Api, sent: dict[str, Any]) -> None:
    assert await api("deleteMessage", **sent) is True
    assert sandbox.asker.messages == ()


async def test_a_press_is_answered_once(
    sandbox: Sandbox, api: Api, sent: dict[str, Any], refused: type[Exception]
) -> None:
    pressing = asyncio.create_task(sandbox.asker.press(sandbox.asker.messages[-1], "Yes"))
    query = (await api("getUpdates", timeout=5, allowed_updates=["callback_query", "message"]))[-1]["callback_query"]
    assert query["data"] == "y"
    assert query["from"]["first_name"] == "Ana"
    assert query["message"]["text"] == "before"
    assert await api("answerCallbackQuery", callback_query_id=query["id"], text="Thanks", show_alert=True) is True
    answer = await pressing
    assert (answer.text, answer.show_alert) == ("Thanks", True)
    with pytest.raises(refused, match="query is too old and response timeout expired or query ID is invalid"):
        await api("answerCallbackQuery", callback_query_id=query["id"])


async def test_a_late_answer_is_refused(
    sandbox: Sandbox, api: Api, sent: dict[str, Any], refused: type[Exception]
) -> None:
    sandbox.world.query_seconds = 0.0
    pressing = asyncio.create_task(sandbox.asker.press(sandbox.asker.messages[-1], "y", timeout=0.3))
    query = (await api("getUpdates", timeout=5))[-1]
    while "callback_query" not in query:
        query = (await api("getUpdates", timeout=5, offset=query["update_id"] + 1))[-1]
    with pytest.raises(refused, match="query is too old"):
        await api("answerCallbackQuery", callback_query_id=query["callback_query"]["id"])
    with pytest.raises(AssertionError, match="did not answer the button 'y'"):
        await pressing


async def test_what_a_person_deleted_can_be_neither_quoted_nor_edited(
    sandbox: Sandbox, api: Api, refused: type[Exception]
) -> None:
    said = await sandbox.asker.send_text("/start")
    sent = await api("sendMessage", chat_id=1001, text="x", reply_to_message_id=said.message_id)
    sandbox.asker.delete(said)
    sandbox.asker.delete(await sandbox.asker.expect("x"))
    with pytest.raises(refused, match="message to be replied not found"):
        await api("sendMessage", chat_id=1001, text="y", reply_to_message_id=said.message_id)
    with pytest.raises(refused, match="message to edit not found"):
        await api("editMessageText", chat_id=1001, message_id=sent["message_id"], text="y")
    assert sandbox.asker.transcript() == []
