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

from bot import inbox
from bot.privacy_keyboard import PrivacyTap, Wish
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox
from review import erasure
from review.clock import utc_now
from review.database import Database
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
    await sandbox.asker.expect("I see: grizzly", timeout=MODEL_SECONDS)
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
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
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


async def test_a_photo_on_its_way_and_those_in_the_line_do_not_come_back(
    sandbox: Sandbox, runner: Runner, photo: Photo, tmp_path: Path
) -> None:
    await sandbox.asker.send_photo(photo("teddy_polimerek"))
    await sandbox.asker.expect("I see: teddy", timeout=MODEL_SECONDS)
    sandbox.faults.add(Fault(method="getFile", delay=3.0))
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.send_photo(photo("grizzly_katmai_131"))
    await asyncio.sleep(1.0)  # the first is being fetched, and the other waits behind it
    await sandbox.asker.send_text("/delete_my_data")
    asked = await sandbox.asker.expect("This cannot be undone")
    await sandbox.asker.press(asked, "Delete everything")
    await sandbox.asker.expect("Everything is deleted")
    await sandbox.asker.expect_silence(4.0)
    assert [submission.image_sha256 for submission in rows(runner, Submission)] == [None]
    assert rows(runner, Asker) == []
    assert rows(runner, OutboxMessage) == []
    assert list((tmp_path / "home" / "images").rglob("*.jpg")) == []
    assert all((row.user_id, row.payload) == (None, "{}") for row in rows(runner, InboxUpdate))
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("I see: black")  # whoever sends something again begins anew


async def test_a_tap_that_a_kill_interrupted_is_finished_and_said(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Any
) -> None:
    """As the database is when the bot was killed after everything was deleted, and before that was said."""
    runner = make_runner()
    async with serve(runner):
        await sandbox.asker.send_text("/delete_my_data")
        asked = await sandbox.asker.expect("This cannot be undone")
    await forge(sandbox, asked, first_button(asked))
    runner = make_runner()
    with runner.database.write() as session:
        erasure.erase_person(session, sandbox.asker.id)
    async with serve(runner):
        await sandbox.asker.expect("Everything is deleted")
    assert rows(runner, Asker) == []
    assert {row.user_id for row in rows(runner, InboxUpdate)} == {None}


def test_what_fails_after_its_sender_is_gone_is_neither_tried_again_nor_set_aside(database: Database) -> None:
    now = utc_now()
    with database.write() as session:
        inbox.store(session, [{"update_id": 5, "message": {"from": {"id": 7}, "chat": {"id": 7}}}], now)
        session.flush()
        erasure.erase_person(session, 7)
        assert not inbox.mark_failed(session, 5, inbox.Failure("OSError"), now + inbox.PATIENCE * 2)
        inbox.mark_handled(session, [5], now)
        (row,) = session.scalars(select(InboxUpdate))
        assert (row.user_id, row.chat_id, row.error, row.set_aside_at) == (None, 0, None, None)


async def test_in_a_group_it_says_where_to_ask(sandbox: Sandbox, runner: Runner) -> None:
    group = sandbox.group("Bears", [sandbox.asker])
    await sandbox.asker.at(group).send_text("/my_data")
    await sandbox.asker.at(group).expect("please ask me in our own chat")
    assert rows(runner, OutboxMessage) == []


def test_taps_come_back_as_they_were_made() -> None:
    for tap in (PrivacyTap(Wish.ERASE, 2**52, 9_999_999_999), PrivacyTap(Wish.PART, 1, 2)):
        assert PrivacyTap.parse(tap.data()) == tap
        assert len(tap.data().encode()) <= 64
    for forged in (
        None,
        "",
        "d",
        "d:erase",
        "d:erase:1",
        "d:erase:1:",
        "d:erase:-1:1",
        "d:erase:1:1:1",
        "d:erase:1:99999999999",
        "r:erase:1:1",
    ):
        assert PrivacyTap.parse(forged) is None


def first_button(message: Message) -> str:
    assert message.keyboard is not None
    return message.keyboard.rows[0][0].callback_data or ""
