"""The webhook: nothing without the secret, 200 only after the commit, and Telegram is told to come again otherwise."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from telegram.error import BadRequest, InvalidToken, NetworkError

from bot import listener, webhook
from bot.connection import build_bot
from bot.errors import CannotListen, ServerError
from bot.findings import Health
from bot.metrics import Metrics
from bot.reception import Reception
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from bot.server_checks import _webhook
from bot.settings import BotSettings
from bot.webhook import BODY_LIMIT, SECRET_HEADER, Webhook
from review.database import Database
from review.errors import DatabaseError
from review.tables import InboxUpdate

pytestmark = pytest.mark.anyio

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"
SECRET = "not-for_strangers-0123456789"
PATH = "/telegram/updates"
UPDATE = {"update_id": 7, "message": {"chat": {"id": 5}, "message_id": 1, "text": "hello"}}


class Disk(Database):
    """A database whose disk is full when told so, and that tells how often it was asked to write."""

    full = False
    asked = 0

    def write(self) -> AbstractContextManager[Session]:
        self.asked += 1
        if self.full:
            raise DatabaseError("the database cannot be used: database or disk is full")
        return super().write()


def settings(**more: Any) -> BotSettings:
    arguments: dict[str, Any] = {
        "token": SecretStr(TOKEN),
        "webhook_url": f"https://bot.example.org{PATH}",
        "webhook_secret": SecretStr(SECRET),
        "webhook_listen": "127.0.0.1:0",
    }
    return BotSettings(**{**arguments, **more})


@pytest.fixture
def disk(database: Database) -> Disk:
    return Disk(database.url)


@pytest.fixture
async def hook(anyio_backend: str, disk: Disk) -> AsyncIterator[Webhook]:
    metrics = Metrics(CollectorRegistry())
    hook = Webhook(settings(), Reception(disk, stored=lambda: None, metrics=metrics), metrics)
    await hook.listener.start()
    yield hook
    await hook.listener.stop(1)
    disk.dispose()


@pytest.fixture
async def telegram(hook: Webhook) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=f"http://{hook.listener.address}", headers={SECRET_HEADER: SECRET}, trust_env=False
    ) as client:
        yield client


def stored(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(InboxUpdate.update_id).order_by(InboxUpdate.update_id)))


async def test_an_update_is_committed_before_it_is_acknowledged(telegram: httpx.AsyncClient, disk: Disk) -> None:
    answer = await telegram.post(PATH, json=UPDATE)
    assert (answer.status_code, stored(disk)) == (200, [7])
    again = await telegram.post(PATH, json=UPDATE)
    assert (again.status_code, stored(disk)) == (200, [7])


@pytest.mark.parametrize("secret", [None, "", "x", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "\xe9" * 20])
async def test_who_has_not_the_secret_is_sent_away_unread(
    hook: Webhook, disk: Disk, secret: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The body never comes, and yet the answer does: it was not waited for."""
    host, port = hook.listener.address.host, hook.listener.address.port
    for _ in range(2):
        reader, writer = await asyncio.open_connection(host, port)
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n"
        head += f"{SECRET_HEADER}: {secret}\r\n" if secret is not None else ""
        writer.write(f"{head}\r\n".encode("latin-1"))
        async with asyncio.timeout(3):
            answer = await reader.read()  # until the other side closes
        writer.close()
        assert answer.startswith(b"HTTP/1.1 403 ")
    assert disk.asked == 0
    assert len(caplog.records) == 1, "said once, not to each of a thousand attempts"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"\xff", b"null", b"[" * 100_000])
async def test_what_is_no_object_is_refused(telegram: httpx.AsyncClient, disk: Disk, body: bytes) -> None:
    assert (await telegram.post(PATH, content=body)).status_code == 400
    assert disk.asked == 0


async def test_an_object_without_a_number_is_not_sent_for_ever(telegram: httpx.AsyncClient, disk: Disk) -> None:
    assert (await telegram.post(PATH, json={"message": {}})).status_code == 200
    assert stored(disk) == []


@pytest.mark.parametrize("chunked", [False, True])
async def test_too_large_a_body_is_not_read(telegram: httpx.AsyncClient, disk: Disk, chunked: bool) -> None:
    large = json.dumps({**UPDATE, "more": "x" * BODY_LIMIT}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 2**16):
            yield large[start : start + 2**16]

    assert (await telegram.post(PATH, content=pieces() if chunked else large)).status_code == 413
    assert disk.asked == 0


async def test_a_body_that_dawdles_is_not_waited_for(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_READ_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection(hook.listener.address.host, hook.listener.address.port)
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n{SECRET_HEADER}: {SECRET}\r\n\r\n{{".encode()
    )
    async with asyncio.timeout(3):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("said", "after_a_request"), [("", False), ("POST / HT", False), ("POST / HT", True)])
async def test_a_silent_connection_takes_no_place(
    hook: Webhook, monkeypatch: pytest.MonkeyPatch, said: str, after_a_request: bool
) -> None:
    monkeypatch.setattr(listener, "_HEADER_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(hook.listener.address.host, hook.listener.address.port)
    if after_a_request:
        writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\nNot Found")
    writer.write(said.encode())
    async with asyncio.timeout(3):
        assert await reader.read() == b"", "the other side closes"
    writer.close()


async def test_what_cannot_be_committed_comes_again(telegram: httpx.AsyncClient, disk: Disk) -> None:
    disk.full = True
    refused = await telegram.post(PATH, json=UPDATE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    disk.full = False
    assert (await telegram.post(PATH, json=UPDATE)).status_code == 200
    assert stored(disk) == [7]


async def test_there_is_nothing_else(telegram: httpx.AsyncClient) -> None:
    assert (await telegram.get(PATH)).status_code == 405
    for path in ("/", f"{PATH}/", "/metrics"):
        assert (await telegram.post(path, json=UPDATE)).status_code == 404


async def test_many_at_once_are_all_stored(telegram: httpx.AsyncClient, disk: Disk) -> None:
    answers = await asyncio.gather(*(telegram.post(PATH, json={**UPDATE, "update_id": n}) for n in range(60)))
    assert {answer.status_code for answer in answers} == {200}
    assert stored(disk) == list(range(60))


async def test_stopping_lets_what_is_in_hand_be_committed(hook: Webhook, disk: Disk) -> None:
    reader, writer = await asyncio.open_connection(hook.listener.address.host, hook.listener.address.port)
    body = json.dumps(UPDATE).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{SECRET_HEADER}: {SECRET}\r\n\r\n"
    writer.write(head.encode() + body[:5])
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(hook.listener.stop(5))
    await asyncio.sleep(0.1)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(hook.listener.address.host, hook.listener.address.port)
    writer.write(body[5:])
    answer = await reader.read()
    writer.close()
    await stopping
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert stored(disk) == [7]


async def test_a_taken_address_is_named(disk: Disk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        metrics = Metrics(CollectorRegistry())
        reception = Reception(disk, stored=lambda: None, metrics=metrics)
        hook = Webhook(settings(webhook_listen=f"127.0.0.1:{port}"), reception, metrics)
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port} .* choose another BOT_WEBHOOK_LISTEN"):
            await hook.listener.start()


class Server:
    """Answers setWebhook, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.told: dict[str, object] = {}

    async def set_webhook(self, url: str, **arguments: object) -> bool:
        if self.error:
            raise self.error
        self.told = {"url": url, **arguments}
        return True


async def test_telegram_is_told_where_to_come(hook: Webhook) -> None:
    server: Any = Server()
    await hook.announce(server)
    assert server.told == {
        "url": f"https://bot.example.org{PATH}",
        "secret_token": SECRET,
        "allowed_updates": ["message", "callback_query"],
        "max_connections": 40,
    }


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (BadRequest("bad webhook: HTTPS url must be provided"), ServerError, "is refused .* HTTPS url"),
        (InvalidToken(f"/bot{TOKEN}/setWebhook"), ServerError, "has no webhooks"),
        (NetworkError("not now"), NetworkError, "not now"),
    ],
)
async def test_a_refusal_is_a_sentence(hook: Webhook, error: Exception, raised: type[Exception], said: str) -> None:
    server: Any = Server(error)
    with pytest.raises(raised, match=said) as caught:
        await hook.announce(server)
    assert TOKEN not in str(caught.value)


async def test_a_bot_with_a_webhook_answers_and_leaves_it_set(
    sandbox: Sandbox,
    make_runner: Callable[..., Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    free_port: int,
) -> None:
    url = f"http://127.0.0.1:{free_port}{PATH}"
    sandbox.faults.add(Fault(method="setWebhook", status=500))
    listening = {"webhook_url": url, "webhook_listen": f"127.0.0.1:{free_port}", "webhook_secret": SecretStr(SECRET)}
    for _ in range(2):
        async with serve(make_runner(**listening)):
            await sandbox.asker.send_text("/help")
            await sandbox.asker.expect("Send a photo")
    assert {record.method for record in sandbox.requests} >= {"setWebhook"}
    assert not any(record.method in ("getUpdates", "deleteWebhook") for record in sandbox.requests)
    await sandbox.asker.send_text("/help")  # nobody listens: it waits for the next start, also one that polls
    async with serve(make_runner()):
        await sandbox.asker.expect("Send a photo")


async def test_the_doctor_looks_at_the_webhook(sandbox: Sandbox, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}{PATH}"
    here = {"token": SecretStr(sandbox.token), "base_url": sandbox.url}
    hooked = settings(**here, webhook_url=url)
    polling = BotSettings(**here)  # type: ignore[arg-type] # mypy sees one type for both values
    assert await _webhook(polling) == []
    (found,) = await _webhook(hooked)
    assert (found.health, found.found) == (Health.NOTE, "none is set yet, 0 updates wait")
    bot = build_bot(SecretStr(sandbox.token), sandbox.url)
    async with bot:
        await bot.set_webhook(url, secret_token=SECRET)
        (found,) = await _webhook(hooked)
        assert (found.health, found.found) == (Health.OK, f"updates are brought to {url}, 0 updates wait")
        (found,) = await _webhook(polling)
        assert found.health is Health.NOTE
        await sandbox.asker.send_text("/help")
        async with asyncio.timeout(10):
            while (await bot.get_webhook_info()).last_error_date is None:
                await asyncio.sleep(0.05)
        (found,) = await _webhook(hooked)
        assert found.health is Health.FAILED
        assert "1 updates wait" in found.found
        assert "127.0.0.1:0" in (found.mend or "")
        await bot.set_webhook(f"http://127.0.0.1:{free_port}/bot{sandbox.token}")
        (found,) = await _webhook(hooked)
        assert (found.health, sandbox.token in found.found) == (Health.NOTE, False)
