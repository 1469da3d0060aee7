"""Trouble on order: errors, delays and lost connections, before or after a method took effect."""

import contextlib
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from bot.sandbox.faults import (
    DOWNLOAD,
    Fault,
    bad_gateway,
    blocked,
    conflict,
    expired_query,
    flood,
    not_modified,
    reply_gone,
    thread_gone,
    too_big,
)
from bot.sandbox.malformed import MALFORMED, WITHOUT_ID
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


async def test_a_proxy_answers_with_a_web_page(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    sandbox.faults.add(bad_gateway("getMe"))
    answer = await client.get(f"/bot{sandbox.token}/getMe")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "nginx" in answer.text


async def test_a_download_is_cut_off_in_the_middle_or_crawls(
    sandbox: Sandbox, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    message = await sandbox.asker.send_document(bytes(200_000), "large.bin")
    assert message.content.document is not None
    path = f"/file/bot{sandbox.token}/{sandbox.world.files.get(message.content.document.file_id).path}"
    for share in (0.0, 0.5, 0.99):
        sandbox.faults.add(Fault(DOWNLOAD, cut=share))
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await client.get(path)
    sandbox.faults.add(Fault(DOWNLOAD, pace=500_000))
    began = time.monotonic()
    assert len((await client.get(path)).content) == 200_000
    assert time.monotonic() - began > 0.3
    assert caplog.text == ""


async def test_a_file_of_20_mb_comes_whole(sandbox: Sandbox, client: httpx.AsyncClient, api: Api) -> None:
    message = await sandbox.asker.send_document(bytes(20_000_000), "largest.bin")
    assert message.content.document is not None
    path = (await api("getFile", file_id=message.content.document.file_id))["file_path"]
    assert len((await client.get(f"/file/bot{sandbox.token}/{path}")).content) == 20_000_000


@pytest.mark.parametrize(
    ("fault", "method", "refusal"),
    [
        (flood(1001, seconds=3), "sendMessage", "429 Too Many Requests: retry after 3"),
        (conflict(), "getUpdates", "409 Conflict: terminated by other getUpdates request"),
        (blocked("sendMessage", 1001), "sendMessage", "403 Forbidden: bot was blocked by the user"),
        (too_big(), "getFile", "400 Bad Request: file is too big"),
        (expired_query(), "answerCallbackQuery", "400 Bad Request: query is too old"),
        (not_modified("editMessageText"), "editMessageText", "400 Bad Request: message is not modified"),
        (reply_gone(), "sendMessage", "400 Bad Request: message to be replied not found"),
        (thread_gone(), "sendMessage", "400 Bad Request: message thread not found"),
    ],
)
async def test_trouble_by_name(
    sandbox: Sandbox, api: Api, refused: type[Exception], fault: Fault, method: str, refusal: str
) -> None:
    sandbox.faults.add(fault)
    with pytest.raises(refused, match=refusal):
        await api(method, chat_id=1001, text="x")
    await api("sendMessage", chat_id=1001, text="and then it is over")


async def test_a_flooded_chat_stops_no_other(sandbox: Sandbox, api: Api, refused: type[Exception]) -> None:
    await sandbox.second_asker.send_text("/start")
    sandbox.faults.add(flood(1001, seconds=1, times=2))
    with pytest.raises(refused, match="429"):
        await api("sendMessage", chat_id=1001, text="x")
    await api("sendMessage", chat_id=1002, text="x")
    with pytest.raises(refused, match="429"):
        await api("sendMessage", chat_id=1001, text="x")


@pytest.mark.parametrize("name", sorted(MALFORMED))
async def test_malformed_updates_come_in_their_turn_and_can_be_acknowledged(
    sandbox: Sandbox, api: Api, name: str
) -> None:
    number = sandbox.world.updates.push_malformed(MALFORMED[name])
    await sandbox.asker.send_text("after it")
    _, malformed, after = await api("getUpdates")
    assert malformed == json.loads(json.dumps(MALFORMED[name](number)))
    has_id = isinstance(malformed, dict) and malformed.get("update_id") == number
    assert has_id is (name not in WITHOUT_ID)
    assert after["update_id"] == number + 1
    assert await api("getUpdates", offset=number + 1) == [after]
    assert malformed not in sandbox.world.updates.emitted


async def test_chaos_is_the_same_for_the_same_seed(sandbox: Sandbox) -> None:
    def met(seed: int, share: float = 0.3) -> list[Fault | None]:
        chaos = sandbox.stir(seed=seed, share=share)
        return [chaos(method) for method in ("sendMessage", "getUpdates", DOWNLOAD, "answerCallbackQuery") * 50]

    first = met(1)
    assert met(1) == first != met(2)
    assert 30 < sum(fault is not None for fault in first) < 90
    assert not any(met(1, share=0.0))
    sandbox.calm()


async def test_chaos_troubles_requests_and_updates_until_it_is_calm(sandbox: Sandbox, api: Api) -> None:
    chaos = sandbox.stir(seed=3, share=0.9)
    for _ in range(10):
        with contextlib.suppress(Exception):
            await api("getUpdates")
    assert any(name.startswith("update: ") for name in chaos.happened)
    assert any(name.startswith("getupdates: ") for name in chaos.happened)
    sandbox.calm()
    assert (await api("getMe"))["is_bot"]
    came = await api("getUpdates")
    assert len(came) > 1  # what the chaos put there stays


async def test_chaos_without_lost_answers_hides_no_message(sandbox: Sandbox) -> None:
    chaos = sandbox.stir(seed=1, share=1.0, lost_answers=False)
    faults = [chaos("sendMessage") for _ in range(200)]
    assert all(fault is not None and not fault.effect and fault.cut is None for fault in faults)
    sandbox.calm()
