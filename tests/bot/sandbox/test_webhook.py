"""setWebhook: updates are posted in order, each until the bot took it, with the secret; getUpdates is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


class Receiver:
    """A bot's web server. It answers with `statuses` in turn, then with 200; 0 hangs up, None says nothing at all."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self.received: list[tuple[dict[str, str], Any]] = []
        self.came = asyncio.Event()
        self._open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.received.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        if status:
            writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        elif status is None:
            await asyncio.sleep(1)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        self._open -= 1
        self.came.set()

    async def until(self, count: int) -> list[Any]:
        async with asyncio.timeout(5):
            while len(self.received) < count or self._open:
                self.came.clear()
                await self.came.wait()
        return [body for _, body in self.received]


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver and its address."""
    receiving = Receiver()
    server = await asyncio.start_server(receiving.answer, "127.0.0.1", 0)
    yield receiving, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=1"
    server.close()
    await server.wait_closed()


async def test_updates_are_posted_in_order_with_the_secret(
    sandbox: Sandbox, api: Api, receiver: tuple[Receiver, str]
) -> None:
    receiving, url = receiver
    await sandbox.asker.send_text("before")
    assert await api("setWebhook", url=url, secret_token="s3cret_-", allowed_updates=["message"]) is True
    await sandbox.asker.send_text("after")
    updates = await receiving.until(2)
    assert [update["message"]["text"] for update in updates] == ["before", "after"]
    assert all(headers["x-telegram-bot-api-secret-token"] == "s3cret_-" for headers, _ in receiving.received)
    info = await api("getWebhookInfo")
    assert info == {
        "url": url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "ip_address": "127.0.0.1",
        "max_connections": 40,
        "allowed_updates": ["message"],
    }


@pytest.mark.parametrize("trouble", [500, 403, 302, 0, None])
async def test_an_update_is_posted_until_it_is_taken(
    sandbox: Sandbox, api: Api, receiver: tuple[Receiver, str], trouble: int | None
) -> None:
    receiving, url = receiver
    sandbox.world.webhook.answer_seconds = 0.3
    receiving.statuses = [trouble, trouble]
    await api("setWebhook", url=url)
    for text in ("one", "two"):
        await sandbox.asker.send_text(text)
    updates = await receiving.until(4)
    assert [update["message"]["text"] for update in updates] == ["one", "one", "one", "two"]
    info = await api("getWebhookInfo")
    assert info["last_error_message"] in {
        500: ["Wrong response from the webhook: 500 Whatever"],
        403: ["Wrong response from the webhook: 403 Whatever"],
        302: ["Wrong response from the webhook: 302 Whatever"],
        0: ["Connection failed: ValueError", "Connection failed: ConnectionResetError"],
        None: ["Read timeout expired"],
    }.get(trouble, [])


async def test_a_bot_that_is_down_gets_all_when_it_comes_up(sandbox: Sandbox, api: Api) -> None:
    server = await asyncio.start_server(Receiver().answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    await api("setWebhook", url=f"http://localhost:{port}/")
    await sandbox.asker.send_text("one")
    await asyncio.sleep(0.05)
    info = await api("getWebhookInfo")
    assert (info["pending_update_count"], info["last_error_message"]) == (1, "Connection refused")
    receiving = Receiver()
    async with await asyncio.start_server(receiving.answer, "127.0.0.1", port):
        assert (await receiving.until(1))[0]["message"]["text"] == "one"


async def test_a_webhook_ends_polling_until_it_is_deleted(
    sandbox: Sandbox, api: Api, receiver: tuple[Receiver, str], refused: type[Exception]
) -> None:
    receiving, url = receiver
    poll = asyncio.create_task(api("getUpdates", timeout=30))
    await asyncio.sleep(0.1)
    await api("setWebhook", url=url)
    with pytest.raises(refused, match="409 Conflict: terminated by setWebhook request"):
        await asyncio.wait_for(poll, 2)
    with pytest.raises(refused, match="409 Conflict: can't use getUpdates method while webhook is active"):
        await api("getUpdates")
    await api("deleteWebhook")
    await sandbox.asker.send_text("polled")
    assert [update["message"]["text"] for update in await api("getUpdates")] == ["polled"]
    assert receiving.received == []
    await api("setWebhook", url=url, drop_pending_updates=True)
    await api("setWebhook", url="")
    assert (await api("getWebhookInfo"))["url"] == ""
    assert await api("getUpdates") == []


async def test_a_stopped_sandbox_posts_again_when_it_is_back(receiver: tuple[Receiver, str]) -> None:
    receiving, url = receiver
    sandbox = Sandbox()
    async with sandbox:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        path = f"/bot{sandbox.token}/setWebhook?url={url}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {sandbox.url[7:]}\r\nConnection: close\r\n\r\n".encode())
        assert b'"result":true' in await reader.read()
        writer.close()
    await sandbox.asker.send_text("while it was down")
    await asyncio.sleep(0.1)
    assert receiving.received == []
    async with sandbox:
        assert (await receiving.until(1))[0]["message"]["text"] == "while it was down"


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"url": "ftp://127.0.0.1/"}, "An HTTPS URL must be provided for webhook"),
        ({"url": "http://[x/"}, "invalid webhook URL specified"),
        ({"url": "https://example.org/hook"}, "this machine only"),
        ({"url": "http://127.0.0.1:99999/"}, "invalid webhook URL specified"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "a" * 257}, "secret token is too long"),
        ({"url": "http://127.0.0.1:1/", "allowed_updates": "message"}, "can't parse allowed updates JSON object"),
    ],
)
async def test_a_wrong_webhook_is_refused(
    api: Api, refused: type[Exception], parameters: dict[str, str], refusal: str
) -> None:
    with pytest.raises(refused, match=refusal):
        await api("setWebhook", **parameters)
    assert (await api("getWebhookInfo"))["url"] == ""
