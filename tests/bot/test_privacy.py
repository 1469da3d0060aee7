"""/privacy, /my_data, /delete_my_data: over the sandbox, as people use them."""

import asyncio
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.privacy_keyboard import PrivacyTap, Wish
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox
from review.tables import Asker, InboxUpdate, OutboxMessage, Submission

pytestmark = pytest.mark.anyio

Photo = Callable[[str], bytes]
MODEL_SECONDS = 60.0


def rows(runner: Runner, table: type[Any]) -> list[Any]:
    with runner.database.read() as session:
        return list(session.scalars(select(table)))


def buttons(message: Message) -> list[str]:
    return [one.text for row in message.keyboard.rows for one in row] if message.keyboard else []


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


async def test_what_is_kept_and_for_how_long_is_said(sandbox: Sandbox, make_runner: Any, serve: Any) -> None:
    async with serve(make_runner()):
        await sandbox.asker.send_text("/start")
        assert "/privacy" in (await sandbox.asker.expect()).words
        await sandbox.asker.send_text("/privacy")
        said = (await sandbox.asker.expect()).words
    for words in ("until you delete them", "30 days", "the last 5", "/my_data", "/delete_my_data", "not who sent it"):
        assert words in said


async def test_everything_comes_as_a_file_and_can_be_deleted(
    sandbox: Sandbox, runner: Runner, photo: Photo, tmp_path: Path
) -> None:
    await sandbox.asker.send_photo(photo("grizzly_katmai_131"))
    await sandbox.asker.expect("This is grizzly", timeout=MODEL_SECONDS)
    await sandbox.asker.send_document(photo("none_polar_bear"), "polar.webp")
    await sandbox.asker.expect("do not know this kind of picture")
    await sandbox.asker.send_text("/my_data")
    said = await sandbox.asker.expect("Everything that I keep about you")
    archive = zipfile.ZipFile(io.BytesIO(await content_of(sandbox, said)))
    assert archive.testzip() is None
    data = json.loads(archive.read("data.json"))
    assert data["you"]["telegram_user_id"] == sandbox.asker.id
    assert [one["model"]["route"] for one in data["photos"]] == ["answer", "review"]
    assert [name for name in archive.namelist() if name != "data.json"] == [
        f"photos/{one['number']}.jpg" for one in data["photos"]
    ]

    await sandbox.asker.send_text("/delete_my_data")
    asked = await sandbox.asker.expect("This cannot be undone")
    assert "reviewer" not in asked.words
    await sandbox.asker.press(asked, "Keep it")
    await sandbox.asker.expect("Nothing was deleted")
    assert len(rows(runner, Submission)) == 2
    await sandbox.asker.send_text("/delete_my_data")
    asked = await sandbox.asker.expect("This cannot be undone")
    await sandbox.asker.press(asked, "Delete everything")
    said = await sandbox.asker.expect("Everything is deleted")
    assert buttons(said) == []
    await until(lambda: all(row.user_id is None for row in rows(runner, InboxUpdate)))
    assert rows(runner, Asker) == []
    assert rows(runner, OutboxMessage) == []
    assert [submission.image_sha256 for submission in rows(runner, Submission)] == [None, None]
    assert list((tmp_path / "home" / "images").rglob("*.jpg")) == []
    assert not list((tmp_path / "home" / "models" / "features").rglob("*.npy"))
    await sandbox.asker.send_text("/my_data")
    await sandbox.asker.expect("I keep nothing about you")


async def test_the_same_tap_again_and_a_tap_from_long_ago(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await sandbox.asker.send_text("/delete_my_data")
    asked = await sandbox.asker.expect("This cannot be undone")
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("This is black", timeout=MODEL_SECONDS)
    tap = PrivacyTap(Wish.ERASE, sandbox.asker.id, 1_000)
    await forge(sandbox, asked, tap.data())
    await sandbox.asker.expect("This question is out of date, and nothing was deleted")
    for data in (PrivacyTap(Wish.ERASE, sandbox.asker.id + 1, 9_999_999_999).data(), "d:erase:x:1", "d:all:1:1"):
        await forge(sandbox, asked, data)
    await sandbox.asker.expect_silence(0.5)
    assert len(rows(runner, Submission)) == 1
    assert rows(runner, Submission)[0].image_sha256 is not None


async def forge(sandbox: Sandbox, message: Message, data: str) -> None:
    pressed = {
        "id": data,
        "from": sandbox.asker.user.to_json(),
        "message": message.to_json(),
        "chat_instance": "1",
        "data": data,
    }
    sandbox.world.updates.push("callback_query", pressed)


async def content_of(sandbox: Sandbox, message: Message) -> bytes:
    assert message.content.document is not None
    return sandbox.world.files.get(message.content.document.file_id).data
