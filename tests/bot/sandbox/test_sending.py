"""What the bot sends, and how it is refused."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture(autouse=True)
async def _started(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/start")


async def test_a_message_comes_back_as_people_see_it(sandbox: Sandbox, api: Api) -> None:
    result = await api("sendMessage", chat_id=1001, text="  See /help at https://example.org  ")
    assert result["text"] == "See /help at https://example.org"
    assert [entity["type"] for entity in result["entities"]] == ["bot_command", "url"]
    assert result["chat"] == {"id": 1001, "type": "private", "first_name": "Ana", "username": "ana"}
    assert result["from"]["is_bot"] is True
    assert sandbox.asker.messages[-1].message_id == result["message_id"]


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": 5, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": 1002, "text": "Ben never wrote"}, "chat not found"),
        ({"chat_id": 1001}, "message text is empty"),
        ({"chat_id": 1001, "text": " \n"}, "message text is empty"),
        ({"chat_id": 1001, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": 1001, "text": "🐻" * 2049}, "message is too long"),
        ({"chat_id": 1001, "text": "x", "reply_to_message_id": 99}, "message to be replied not found"),
        ({"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"chat_id": 1001, "text": "x", "reply_parameters": "{"}, "can't parse reply parameters JSON object"),
        ({"chat_id": 1001, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"chat_id": 1001, "text": "x", "message_thread_id": 3}, "message thread not found"),
        ({"chat_id": 1001, "text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ],
)
async def test_a_wrong_message_is_refused_in_telegrams_words(
    api: Api, refused: type[Exception], parameters: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(refused) as caught:
        await api("sendMessage", **parameters)
    assert str(caught.value) == f"400 Bad Request: {refusal}"


async def test_markdown_is_refused_clearly(api: Api, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="the sandbox parses HTML, not MarkdownV2"):
        await api("sendMessage", chat_id=1001, text="*x*", parse_mode="MarkdownV2")


async def test_a_reply_quotes_one_level_and_may_do_without(sandbox: Sandbox, api: Api) -> None:
    asked = await sandbox.asker.send_text("first")
    reply = await api("sendMessage", chat_id=1001, text="second", reply_parameters={"message_id": asked.message_id})
    third = await api("sendMessage", chat_id=1001, text="third", reply_to_message_id=reply["message_id"])
    assert third["reply_to_message"]["text"] == "second"
    assert "reply_to_message" not in third["reply_to_message"]
    gone = {"message_id": 999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await api("sendMessage", chat_id=1001, text="x", reply_parameters=gone)
    legacy = {"reply_to_message_id": 999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await api("sendMessage", chat_id=1001, text="x", **legacy)


@pytest.mark.parametrize(
    ("button", "refusal"),
    [
        ({"text": "x", "callback_data": "y" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "ä" * 33}, "BUTTON_DATA_INVALID"),
        ({"callback_data": "y"}, 'Can\'t find field "text"'),
        ({"text": "x"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "url": "javascript:alert(1)"}, "is invalid: Wrong HTTP URL"),
        ("x", "InlineKeyboardButton must be an Object"),
    ],
)
async def test_a_wrong_button_is_refused(api: Api, refused: type[Exception], button: Any, refusal: str) -> None:
    with pytest.raises(refused) as caught:
        await api("sendMessage", chat_id=1001, text="x", reply_markup={"inline_keyboard": [[button]]})
    assert refusal in str(caught.value)


async def test_64_bytes_of_callback_data_are_allowed(sandbox: Sandbox, api: Api) -> None:
    keyboard = {"inline_keyboard": [[{"text": "x", "callback_data": "ä" * 32}]]}
    assert (await api("sendMessage", chat_id=1001, text="x", reply_markup=keyboard))["reply_markup"] == keyboard


async def test_a_photo_comes_in_sizes_and_can_be_sent_again_by_id(
    sandbox: Sandbox, client: httpx.AsyncClient, api: Api, picture: Callable[..., bytes]
) -> None:
    upload = {"photo": ("bear.png", picture((2000, 1000), "tan", "PNG"))}
    answer = await client.post(f"/bot{sandbox.token}/sendPhoto", data={"chat_id": "1001", "caption": "A"}, files=upload)
    result = answer.json()["result"]
    assert [(size["width"], size["height"]) for size in result["photo"]] == [
        (90, 45),
        (320, 160),
        (800, 400),
        (1280, 640),
    ]
    again = await api("sendPhoto", chat_id=1001, photo=result["photo"][-1]["file_id"])
    assert again["photo"] == result["photo"]


@pytest.mark.parametrize(
    ("size", "refusal"), [((9500, 501), "PHOTO_INVALID_DIMENSIONS"), ((2100, 100), "PHOTO_INVALID_DIMENSIONS")]
)
async def test_a_photo_of_impossible_shape_is_refused(
    sandbox: Sandbox, client: httpx.AsyncClient, picture: Callable[..., bytes], size: tuple[int, int], refusal: str
) -> None:
    files = {"photo": picture(size)}
    answer = await client.post(f"/bot{sandbox.token}/sendPhoto", data={"chat_id": "1001"}, files=files)
    assert answer.json()["description"] == f"Bad Request: {refusal}"


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", "file must be non-empty"),
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (b"x" * (10 * 1024 * 1024 + 1), "is too big for a photo; the maximum size is 10485760 bytes"),
    ],
)
async def test_what_is_no_photo_is_refused(
    sandbox: Sandbox, client: httpx.AsyncClient, data: bytes, refusal: str
) -> None:
    form = {"chat_id": "1001"}
    answer = await client.post(f"/bot{sandbox.token}/sendPhoto", data=form, files={"photo": ("x.jpg", data)})
    assert answer.status_code == 400
    assert refusal in answer.json()["description"]


@pytest.mark.parametrize(
    ("method", "parameters", "refusal"),
    [
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendDocument", {}, "there is no document in the request"),
        ("sendPhoto", {"photo": "https://example.org/bear.jpg"}, "failed to get HTTP URL content"),
        ("sendPhoto", {"photo": "AgACnonsense"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"photo": "attach://missing"}, "not found"),
        ("sendMediaGroup", {"media": []}, "there are no messages to send"),
        ("sendMediaGroup", {"media": [{"type": "photo", "media": "x"}] * 11}, "too many messages to send as an album"),
        ("sendMediaGroup", {"media": [{"type": "video", "media": "x"}]}, "photo, document"),
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
    ],
)
async def test_wrong_media_is_refused(
    api: Api, refused: type[Exception], method: str, parameters: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(refused, match=refusal):
        await api(method, chat_id=1001, **parameters)


async def test_an_album_of_uploads_is_one_group(
    sandbox: Sandbox, client: httpx.AsyncClient, picture: Callable[..., bytes]
) -> None:
    media = [
        {"type": "photo", "media": "attach://one", "caption": "<b>two</b> bears", "parse_mode": "HTML"},
        {"type": "photo", "media": "attach://two"},
    ]
    files = {"one": picture(colour="tan"), "two": picture(colour="black")}
    form = {"chat_id": "1001", "media": json.dumps(media)}
    answer = await client.post(f"/bot{sandbox.token}/sendMediaGroup", data=form, files=files)
    first, second = answer.json()["result"]
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], first["caption_entities"][0]["type"]) == ("two bears", "bold")
    assert "caption" not in second


async def test_a_person_who_blocked_the_bot_is_left_alone_until_they_write(
    sandbox: Sandbox, api: Api, refused: type[Exception]
) -> None:
    sandbox.asker.block()
    with pytest.raises(refused, match="403 Forbidden: bot was blocked by the user"):
        await api("sendMessage", chat_id=1001, text="x")
    changes = [update["my_chat_member"] for update in await api("getUpdates") if "my_chat_member" in update]
    assert changes[0]["new_chat_member"]["status"] == "kicked"
    await sandbox.asker.send_text("here again")
    await api("sendMessage", chat_id=1001, text="x")
