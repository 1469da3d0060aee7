"""The server: starts and stops fast, comes back with all it knew, and leaves the program's signals alone."""

import asyncio
import logging
import signal
import time

import httpx
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.server import PortTaken, Sandbox

pytestmark = pytest.mark.anyio


async def test_long_polls_streams_and_delays_do_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "uvicorn.error")
    sandbox = Sandbox()
    await sandbox.start()
    async with httpx.AsyncClient(base_url=sandbox.url, timeout=30) as client:
        sandbox.faults.add(Fault("getMe", delay=60))
        poll = asyncio.create_task(client.get(f"/bot{sandbox.token}/getUpdates?timeout=50"))
        slow = asyncio.create_task(client.get(f"/bot{sandbox.token}/getMe"))
        stream = asyncio.create_task(client.get("/api/events?person=1001"))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await sandbox.stop()
        took = time.monotonic() - began
        assert (await poll).json() == {"ok": True, "result": []}
        assert (await slow).status_code == 200
        assert "snapshot" in (await stream).text
    assert took < 1
    assert caplog.text == ""


async def test_a_stopped_sandbox_comes_back_at_the_same_place_with_its_chats() -> None:
    sandbox = Sandbox()
    async with sandbox:
        url = sandbox.url
        await sandbox.asker.send_text("remember me")
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/bot{sandbox.token}/getMe")
        async with sandbox:
            assert sandbox.url == url
            answer = await client.get(f"{url}/bot{sandbox.token}/getUpdates")
            assert answer.json()["result"][0]["message"]["text"] == "remember me"
    await sandbox.stop()  # harmless


async def test_a_taken_port_is_named(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1"):
        await Sandbox(port=port).start()


async def test_it_cannot_run_twice_or_tell_its_port_too_early(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="runs already"):
        await sandbox.start()
    with pytest.raises(RuntimeError, match="not known yet"):
        _ = Sandbox().url


async def test_the_signals_stay_the_programs() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with Sandbox():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_token_and_name_can_be_chosen() -> None:
    async with Sandbox(token="42:secret", bot_name="Bruno") as sandbox, httpx.AsyncClient() as client:
        me = (await client.get(f"{sandbox.url}/bot42:secret/getMe")).json()["result"]
        assert (me["id"], me["first_name"]) == (42, "Bruno")
