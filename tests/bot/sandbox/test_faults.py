"""Trouble on order: errors, delays and lost connections, before or after a method took effect."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from bot.sandbox.faults import DOWNLOAD, Fault
from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture(autouse=True)
async def _started(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/start")


async def test_a_fault_hits_what_it_names_as_often_as_it_says(
    sandbox: Sandbox, api: Api, refused: type[Exception]
) -> None:
    sandbox.faults.add(Fault("sendMessage", status=500, times=2))
    await api("getMe")
    for _ in range(2):
        with pytest.raises(refused, match="500 Internal Server Error"):
            await api("sendMessage", chat_id=1001, text="x")
    await api("sendMessage", chat_id=1001, text="third time lucky")
    assert [message.words for message in sandbox.asker.messages] == ["third time lucky"]
    assert [record.status for record in sandbox.requests] == [200, 500, 500, 200]


async def test_too_many_requests_say_when_to_come_back(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.faults.add(Fault(chat_id=1001, status=429, retry_after=3))
    answer = await client.post(f"/bot{sandbox.token}/sendMessage", data={"chat_id": "1001", "text": "x"})
    assert answer.status_code == 429
    assert answer.json()["parameters"] == {"retry_after": 3}


@pytest.mark.parametrize(("effect", "said"), [(False, []), (True, ["x"])])
async def test_a_lost_answer_may_hide_an_effect(sandbox: Sandbox, api: Api, effect: bool, said: list[str]) -> None:
    sandbox.faults.add(Fault("sendMessage", drop=True, effect=effect))
    with pytest.raises(httpx.TransportError):
        await api("sendMessage", chat_id=1001, text="x")
    assert [message.words for message in sandbox.asker.messages] == said
    assert sandbox.requests[-1].status == 0
    await api("sendMessage", chat_id=1001, text="the next one arrives")


async def test_an_error_may_hide_an_effect(sandbox: Sandbox, api: Api, refused: type[Exception]) -> None:
    sandbox.faults.add(Fault("sendMessage", status=502, description="Bad Gateway", effect=True))
    with pytest.raises(refused, match="502 Bad Gateway"):
        await api("sendMessage", chat_id=1001, text="x")
    assert [message.words for message in sandbox.asker.messages] == ["x"]


async def test_a_slow_answer_still_comes(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.add(Fault("getMe", delay=0.3))
    began = time.monotonic()
    assert (await api("getMe"))["is_bot"]
    assert time.monotonic() - began >= 0.3


async def test_downloads_fail_on_order(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    message = await sandbox.asker.send_document(b"12345", "notes.txt")
    document = message.content.document
    assert document is not None
    path = f"/file/bot{sandbox.token}/{sandbox.world.files.get(document.file_id).path}"
    sandbox.faults.add(Fault(DOWNLOAD, status=503, description="Unavailable"))
    assert (await client.get(path)).status_code == 503
    assert (await client.get(path)).content == b"12345"
    sandbox.faults.add(Fault(status=500))
    sandbox.faults.clear()
    assert (await client.get(path)).status_code == 200
