"""The endpoints behind the chat page, and what protects them from other web pages."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Requests as the page itself makes them."""
    headers = {"origin": sandbox.url}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, timeout=10) as client:
        yield client


async def events(page: httpx.AsyncClient, person: int) -> AsyncGenerator[tuple[str, Any], None]:
    async with page.stream("GET", f"/api/events?person={person}") as stream:
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))


async def test_the_page_and_its_files_are_served_strictly(page: httpx.AsyncClient) -> None:
    for path in ("/", "/page/style.css", "/page/script.js", "/page/bear.svg"):
        answer = await page.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
    for path in ("/page/nothing.js", "/page/..%2fserver.py", "/page/%2e%2e"):
        assert (await page.get(path)).status_code in (404, 400)


@pytest.mark.parametrize(
    "path", ["/", "/api/people", "/api/events?person=1001", "/page/script.js", "/bot{token}/getMe"]
)
async def test_another_host_name_is_refused(sandbox: Sandbox, page: httpx.AsyncClient, path: str) -> None:
    answer = await page.get(path.format(token=sandbox.token), headers={"host": "evil.example"})
    assert answer.status_code == 403


async def test_another_web_page_cannot_play_the_bot(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    await sandbox.asker.send_text("/start")
    path = f"/bot{sandbox.token}/sendMessage?chat_id=1001&text=x"
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        for method in ("GET", "POST"):
            assert (await client.request(method, path, headers=headers)).status_code == 403
    assert sandbox.asker.messages == ()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1", None])
async def test_only_the_page_itself_may_change_something(
    sandbox: Sandbox, page: httpx.AsyncClient, origin: str | None
) -> None:
    if origin is None:
        del page.headers["origin"]
    headers = {} if origin is None else {"origin": origin}
    for path in ("/api/say", "/api/press", "/api/people", "/api/groups"):
        answer = await page.post(path, headers=headers, data={"person": "1001", "chat": "1001", "text": "x"})
        assert answer.status_code == 403
    assert sandbox.asker.transcript() == []


async def test_a_person_sees_their_chats_live(sandbox: Sandbox, page: httpx.AsyncClient, api: Api) -> None:
    await sandbox.asker.send_text("/start")
    await api("setMyCommands", commands=[{"command": "help", "description": "tell me more"}])
    stream = events(page, 1001)
    kind, snapshot = await anext(stream)
    assert kind == "snapshot"
    assert [message["text"] for message in snapshot["messages"]["1001"]] == ["/start"]
    assert snapshot["chats"][0]["commands"] == [{"command": "help", "description": "tell me more"}]
    await sandbox.second_asker.send_text("not for Ana")
    await api("sendChatAction", chat_id=1001, action="typing")
    sent = await api("sendMessage", chat_id=1001, text="hello")
    await api("editMessageText", chat_id=1001, message_id=sent["message_id"], text="hi")
    await api("deleteMessage", chat_id=1001, message_id=sent["message_id"])
    sandbox.person("New")
    kinds = [await anext(stream) for _ in range(5)]
    assert [kind for kind, _ in kinds] == ["action", "message", "edited", "deleted", "overview"]
    assert kinds[2][1]["message"]["text"] == "hi"
    assert kinds[4][1]["people"][-1] == {"id": 3001, "name": "New", "role": "asker"}
    await stream.aclose()


async def test_what_the_page_says_reaches_the_bot(
    page: httpx.AsyncClient, api: Api, picture: Callable[..., bytes]
) -> None:
    who = {"person": "1001", "chat": "1001"}
    one, two = picture(colour="tan"), picture(colour="red")
    for fields, files in [
        ({"text": "/start"}, {}),
        ({"text": "one"}, {"file0": ("a.jpg", one)}),
        ({"text": "both"}, {"file0": ("a.jpg", one), "file1": ("b.jpg", two)}),
        ({"text": "raw", "as_file": "true"}, {"file0": ("a.jpg", one)}),
    ]:
        assert (await page.post("/api/say", data={**who, **fields}, files=files or None)).status_code == 200
    first = (await api("getUpdates"))[0]["message"]["message_id"]
    answer = {**who, "text": "answer", "reply_to": str(first)}
    assert (await page.post("/api/say", data=answer)).status_code == 200
    messages = [update["message"] for update in await api("getUpdates")]
    kinds = ["photo" if "photo" in one else "document" if "document" in one else "text" for one in messages]
    assert kinds == ["text", "photo", "photo", "photo", "document", "text"]
    assert messages[2]["media_group_id"] == messages[3]["media_group_id"]
    assert messages[5]["reply_to_message"]["text"] == "/start"


async def test_videos_gifs_files_and_replies_go_as_telegram_sends_them(
    sandbox: Sandbox, page: httpx.AsyncClient, api: Api, picture: Callable[..., bytes]
) -> None:
    quoted = await sandbox.asker.send_text("/start")
    who = {"person": "1001", "chat": "1001", "reply_to": str(quoted.message_id)}
    still, film = ("a.jpg", picture(), "image/jpeg"), ("b.mp4", b"film", "video/mp4")
    for fields, files in [
        ({"text": "mixed"}, {"file0": still, "file1": film}),
        ({}, {"file0": ("c.gif", b"GIF89a", "image/gif")}),
        ({}, {"file0": film}),
        ({"as_file": "true"}, {"file0": still, "file1": film}),
    ]:
        assert (await page.post("/api/say", data={**who, **fields}, files=files)).status_code == 200
    messages = [update["message"] for update in await api("getUpdates")][1:]
    kinds = [
        next(kind for kind in ("photo", "video", "animation", "document") if kind in message) for message in messages
    ]
    assert kinds == ["photo", "video", "animation", "video", "document", "document"]
    together = [message.get("media_group_id") for message in messages]
    assert together[0] == together[1] != together[4] == together[5]
    assert [message["reply_to_message"]["text"] for message in messages[:2]] == ["/start"] * 2


async def test_eleven_photos_are_an_album_and_one_more(
    page: httpx.AsyncClient, api: Api, picture: Callable[..., bytes]
) -> None:
    files = {f"file{place}": ("a.jpg", picture((40, 40))) for place in range(11)}
    fields = {"person": "1001", "chat": "1001", "text": "all"}
    assert (await page.post("/api/say", data=fields, files=files)).status_code == 200
    messages = [update["message"] for update in await api("getUpdates")]
    assert [message.get("caption") for message in messages] == ["all", *[None] * 10]
    assert ["media_group_id" in message for message in messages] == [True] * 10 + [False]


async def test_groups_and_their_topics_can_be_made_and_spoken_in(
    sandbox: Sandbox, page: httpx.AsyncClient, api: Api
) -> None:
    group = (await page.post("/api/groups", data={"person": "1001", "title": "Bears", "topics": "true"})).json()["id"]
    stream = events(page, 2001)
    _, snapshot = await anext(stream)
    await stream.aclose()
    (chat,) = [chat for chat in snapshot["chats"] if chat["id"] == group]
    (topic,) = chat["topics"]
    assert (chat["title"], chat["members"], topic["name"]) == ("Bears", 4, "Bears")
    fields = {"person": "2001", "chat": str(group), "topic": str(topic["id"]), "text": "here"}
    assert (await page.post("/api/say", data=fields)).status_code == 200
    assert (await api("getUpdates"))[-1]["message"]["message_thread_id"] == topic["id"]
    refused = await page.post("/api/say", data={**fields, "topic": "99"})
    assert refused.json() == {"error": "this topic is no longer there"}
    assert (await page.post("/api/groups", data={"person": "1001", "title": " "})).status_code == 400


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"person": "1001", "chat": "1001"}, "there is nothing to send"),
        ({"person": "99", "chat": "99", "text": "x"}, "no such person"),
        ({"person": "1001", "chat": "1002", "text": "x"}, "Ana is in no such chat"),
        ({"person": "²", "chat": "1", "text": "x"}, "no such person"),
    ],
)
async def test_what_cannot_be_said_is_refused(page: httpx.AsyncClient, fields: dict[str, str], reason: str) -> None:
    answer = await page.post("/api/say", data=fields)
    assert (answer.status_code, answer.json()) == (400, {"error": reason})


async def test_what_is_no_photo_is_refused_with_a_reason(page: httpx.AsyncClient) -> None:
    fields = {"person": "1001", "chat": "1001"}
    answer = await page.post("/api/say", data=fields, files={"file0": ("a.jpg", b"text")})
    assert answer.status_code == 400
    assert "not a picture" in answer.json()["error"]


async def test_a_press_is_answered_to_the_one_who_pressed(sandbox: Sandbox, page: httpx.AsyncClient, api: Api) -> None:
    await sandbox.asker.send_text("/start")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    sent = await api("sendMessage", chat_id=1001, text="x", reply_markup=keyboard)
    stream = events(page, 1001)
    await anext(stream)
    fields = {"person": "1001", "chat": "1001", "message_id": str(sent["message_id"])}
    query_id = (await page.post("/api/press", data={**fields, "data": "y"})).json()["query_id"]
    assert (await page.post("/api/press", data={**fields, "data": "n"})).status_code == 400
    await api("answerCallbackQuery", callback_query_id=query_id, text="Thanks")
    kind, answer = await asyncio.wait_for(anext(stream), 5)
    assert (kind, answer["query_id"], answer["text"]) == ("answer", query_id, "Thanks")
    await stream.aclose()


async def test_people_can_be_added(page: httpx.AsyncClient) -> None:
    added = (await page.post("/api/people", data={"name": " Zoë "})).json()
    assert {"id": added["id"], "name": "Zoë", "role": "asker"} in (await page.get("/api/people")).json()
    for name in ("", " ", "x" * 41):
        assert (await page.post("/api/people", data={"name": name})).status_code == 400


async def test_a_document_never_runs_as_a_page(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    message = await sandbox.asker.send_document(b"<script>alert(1)</script>", "x.html")
    document = message.content.document
    assert document is not None
    answer = await page.get(f"/api/files/{document.file_id}?name=x.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await page.get("/api/files/nonsense")).status_code == 400
