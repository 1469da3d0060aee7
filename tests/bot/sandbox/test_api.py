"""How requests may come, and what is refused before any method looks at them."""

import asyncio
import json

import httpx
import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_method_can_be_called_in_every_way_telegram_allows(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    ana = sandbox.person("Ana", started=True)
    await ana.send_text("/start")
    path = f"/bot{sandbox.token}/sendMessage"
    fields = {"chat_id": str(ana.id), "text": "Hello"}
    answers = [
        await client.get(path, params=fields),
        await client.post(path, params=fields),
        await client.post(path, data=fields),
        await client.post(path, json={"chat_id": ana.id, "text": "Hello"}),
        await client.post(path, files={name: (None, value) for name, value in fields.items()}),
        await client.post(path.replace("sendMessage", "SENDmessage"), data=fields),
    ]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert [message.text for message in ana.messages] == ["Hello"] * 6


async def test_nested_json_is_read_like_json_in_a_form(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sent = await sandbox.asker.send_text("/start")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    answer = await client.post(
        f"/bot{sandbox.token}/sendMessage",
        json={
            "chat_id": sandbox.asker.id,
            "text": "x",
            "reply_markup": keyboard,
            "reply_parameters": {"message_id": sent.message_id},
        },
    )
    result = answer.json()["result"]
    assert result["reply_markup"] == keyboard
    assert result["reply_to_message"]["text"] == "/start"


async def test_a_wrong_token_is_refused(client: httpx.AsyncClient) -> None:
    for path in ("/bot1:wrong/getMe", "/file/bot1:wrong/photos/file_0.jpg"):
        answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize("method", ["setGameScore", "sendDice", "getme2", "__class__"])
async def test_an_unknown_method_is_not_found(sandbox: Sandbox, client: httpx.AsyncClient, method: str) -> None:
    answer = await client.post(f"/bot{sandbox.token}/{method}")
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_an_unknown_parameter_is_ignored(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/bot{sandbox.token}/getMe", data={"colour": "green"})
    me = answer.json()["result"]
    assert me["is_bot"] is True
    assert me["id"] == int(sandbox.token.partition(":")[0])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{broken"),
        ("application/json", b"[1, 2]"),
        ("multipart/form-data", b"no boundary"),
    ],
)
async def test_a_malformed_body_is_a_bad_request(
    sandbox: Sandbox, client: httpx.AsyncClient, kind: str, body: bytes
) -> None:
    answer = await client.post(f"/bot{sandbox.token}/getMe", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Bad Request: ")


async def test_a_request_over_50_mb_is_refused_unread(sandbox: Sandbox) -> None:
    host = sandbox.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    head = f"POST /bot{sandbox.token}/getMe HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {51 * 1024 * 1024}\r\n\r\n".encode())
    assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_requests_are_recorded_without_token_and_bytes(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    await sandbox.asker.send_text("/start")
    path = f"/bot{sandbox.token}/sendDocument"
    await client.post(path, data={"chat_id": "1001"}, files={"document": ("notes.txt", b"12345")})
    await client.post(f"/bot{sandbox.token}/nonsense")
    first, second = sandbox.requests
    assert (first.method, first.parameters, first.files) == ("sendDocument", {"chat_id": "1001"}, {"document": 5})
    assert [first.status, second.status] == [200, 404]
    assert sandbox.token not in json.dumps([repr(record) for record in sandbox.requests])
    assert sandbox.token not in repr(sandbox)
