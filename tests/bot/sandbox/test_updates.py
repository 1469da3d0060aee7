"""getUpdates: nothing is lost, nothing comes twice once it was acknowledged, one poller at a time."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


async def test_updates_come_again_until_an_offset_acknowledges_them(sandbox: Sandbox, api: Api) -> None:
    for text in ("one", "two", "three"):
        await sandbox.asker.send_text(text)
    first = await api("getUpdates")
    assert [update["message"]["text"] for update in first] == ["one", "two", "three"]
    assert await api("getUpdates", limit=2) == first[:2]
    ids = [update["update_id"] for update in first]
    assert ids == sorted(ids)
    assert await api("getUpdates", offset=ids[1]) == first[1:]
    assert await api("getUpdates", offset=-1) == first[2:]
    assert await api("getUpdates", offset=ids[2] + 1) == []


async def test_a_long_poll_ends_when_something_happens(sandbox: Sandbox, api: Api) -> None:
    poll = asyncio.create_task(api("getUpdates", timeout=30))
    await asyncio.sleep(0.1)
    assert not poll.done()
    await sandbox.asker.send_text("here")
    assert [update["message"]["text"] for update in await asyncio.wait_for(poll, 2)] == ["here"]


async def test_a_long_poll_ends_empty_after_its_timeout(api: Api) -> None:
    began = time.monotonic()
    assert await api("getUpdates", timeout=1) == []
    assert 0.9 < time.monotonic() - began < 3


async def test_a_second_poller_ends_the_first(sandbox: Sandbox, api: Api, refused: type[Exception]) -> None:
    first = asyncio.create_task(api("getUpdates", timeout=30))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(api("getUpdates", timeout=30))
    with pytest.raises(refused, match="409 Conflict: terminated by other getUpdates request"):
        await asyncio.wait_for(first, 2)
    await sandbox.asker.send_text("for the second")
    assert len(await asyncio.wait_for(second, 2)) == 1


async def test_only_allowed_updates_come_and_the_choice_is_remembered(sandbox: Sandbox, api: Api) -> None:
    await api("getUpdates", allowed_updates=["edited_message"])
    message = await sandbox.asker.send_text("before")
    await sandbox.asker.edit_text(message, "after")
    updates = await api("getUpdates")
    assert [update["edited_message"]["text"] for update in updates] == ["after"]
    await api("getUpdates", allowed_updates=[])
    await sandbox.asker.send_text("all again")
    assert "message" in (await api("getUpdates"))[-1]


async def test_deleting_the_webhook_can_drop_what_is_pending(sandbox: Sandbox, api: Api) -> None:
    await sandbox.asker.send_text("one")
    assert (await api("getWebhookInfo"))["pending_update_count"] == 1
    assert await api("deleteWebhook") is True
    assert (await api("getWebhookInfo"))["pending_update_count"] == 1
    assert await api("deleteWebhook", drop_pending_updates=True) is True
    assert await api("getUpdates") == []


async def test_wrong_allowed_updates_are_refused(api: Api, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="400 Bad Request: can't parse allowed updates JSON object"):
        await api("getUpdates", allowed_updates="message")


async def test_an_update_can_be_delivered_twice_as_after_a_lost_acknowledgement(sandbox: Sandbox, api: Api) -> None:
    await sandbox.asker.send_text("one")
    (update,) = await api("getUpdates")
    await api("getUpdates", offset=update["update_id"] + 1)
    sandbox.world.updates.repeat(update)
    assert await api("getUpdates") == [update]
