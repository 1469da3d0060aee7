"""What askers send and what they hear: the whole bot, in process, on a sandbox over HTTP, with the bundled model."""

import asyncio
import io
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from model.registry import Registry
from model.serving import Classifier
from review.tables import ReviewItem, Submission, Verdict

pytestmark = pytest.mark.anyio

Photo = Callable[[str], bytes]
MODEL_SECONDS = 60.0  # the first answer of a test waits for the model


def count(runner: Runner, table: type[Any]) -> int:
    with runner.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.usefixtures("runner")
async def test_start_help_and_words(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/start")
    assert "black, grizzly or teddy" in (await sandbox.asker.expect()).words
    for text in ("/help", "what can you do?", "/unknown"):
        await sandbox.asker.send_text(text)
        said = await sandbox.asker.expect()
        assert "Send a photo" in said.words
        assert "/review" not in said.words
        assert said.reply_to is None  # notices quote nothing
    await sandbox.moderator.send_text("/help")
    assert "/review" in (await sandbox.moderator.expect()).words


async def test_a_photo_is_answered_without_start_and_quoted(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    sent = await sandbox.asker.send_photo(photo("grizzly_katmai_131"), caption="who is this?")
    said = await sandbox.asker.expect(timeout=MODEL_SECONDS)
    assert re.fullmatch(r"I see: grizzly \((over )?\d+ % sure\)\.", said.words)
    assert said.reply_to is not None
    assert said.reply_to.message_id == sent.message_id
    assert count(runner, ReviewItem) == 0


async def test_image_files_and_albums(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await sandbox.asker.send_document(photo("teddy_polimerek"), "my teddy.JPG", mime_type="application/octet-stream")
    await sandbox.asker.expect("I see: teddy", timeout=MODEL_SECONDS)
    await sandbox.asker.send_document(photo("none_polar_bear"), "polar.webp")
    await sandbox.asker.expect("do not know this kind of picture")
    first, _ = await sandbox.asker.send_album([photo("black_dod"), photo("grizzly_katmai_131")])
    answer = await sandbox.asker.expect("Your 2 photos")
    assert [line.partition(" (")[0] for line in answer.words.splitlines()[1:]] == [
        "1. I see: black",
        "2. I see: grizzly",
    ]
    assert answer.reply_to is not None
    assert answer.reply_to.message_id == first.message_id
    assert count(runner, Submission) == 4


async def test_what_is_no_picture_gets_a_sentence(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    whole = photo("teddy_polimerek")
    for data, name, said in (
        (b"just words", "bear.jpg", "no picture that I can read"),
        (b"", "bear.png", "empty"),
        (whole[: len(whole) // 2], "half.jpg", "damaged or cut off"),
        (b"%PDF-1.7", "bear.pdf", "only look at photos and image files"),
        (_png(3, 3), "dot.png", "too small"),
    ):
        await sandbox.asker.send_document(data, name)
        await sandbox.asker.expect(said, timeout=MODEL_SECONDS)
    assert count(runner, Submission) == 0


async def test_a_large_file_is_refused_before_it_is_fetched(sandbox: Sandbox, runner: Runner) -> None:
    await sandbox.asker.send_document(bytes(20_000_001), "huge.jpg")
    said = await sandbox.asker.expect("too large for me (over 20 MB)")
    assert said.reply_to is not None
    assert not {"getfile", "download"} & {request.method.lower() for request in sandbox.requests}
    assert count(runner, Submission) == 0


async def test_a_file_that_the_server_finds_too_big_is_refused(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    sandbox.faults.add(Fault(method="getFile", status=400, description="Bad Request: file is too big"))
    await sandbox.asker.send_document(photo("black_dod"), "bear.jpg")
    await sandbox.asker.expect("too large for me")
    assert count(runner, Submission) == 0


@pytest.mark.usefixtures("runner")
async def test_whatever_else_is_sent_gets_an_answer(sandbox: Sandbox) -> None:
    for kind, content in (
        ("contact", {"phone_number": "1", "first_name": "Bo"}),
        ("location", {"latitude": 1.0, "longitude": 2.0}),
        ("dice", {"emoji": "x", "value": 3}),
    ):
        sent = await sandbox.asker.send_text("x")
        await sandbox.asker.expect("Send a photo")
        body = {**sent.to_json(), kind: content}
        body.pop("text")
        sandbox.world.updates.push("message", body)
        await sandbox.asker.expect("only look at photos and image files")


async def test_edits_and_repeated_updates_change_nothing(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    sent = await sandbox.asker.send_photo(photo("black_dod"), caption="bear")
    update = sandbox.world.updates.pending[-1]
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
    await sandbox.asker.edit_caption(sent, "a bear!")
    sandbox.world.updates.repeat(update)
    await sandbox.asker.expect_silence(1.0)
    assert count(runner, Submission) == 1


async def test_a_failed_download_is_tried_again(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    sandbox.faults.add(Fault(method="getFile", status=502, description="Bad Gateway"))
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
    await sandbox.asker.expect_silence(0.3)
    assert count(runner, Submission) == 1


async def test_the_bot_listens_while_the_model_thinks(
    sandbox: Sandbox, runner: Runner, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
    predict = Classifier.predict_pictures
    thinking = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(self: Classifier, pictures: Sequence[Image.Image]) -> Any:
        loop.call_soon_threadsafe(thinking.set)
        time.sleep(2.0)
        return predict(self, pictures)

    monkeypatch.setattr(Classifier, "predict_pictures", slowly)
    await sandbox.asker.send_photo(photo("teddy_polimerek"))
    await thinking.wait()
    await sandbox.second_asker.send_text("/help")
    await sandbox.second_asker.expect("Send a photo", timeout=1.5)
    assert len(sandbox.asker.messages) == 1
    await sandbox.asker.expect("I see: teddy")


@pytest.mark.usefixtures("runner")
async def test_conveniences_that_fail_are_not_fatal(sandbox: Sandbox, photo: Photo) -> None:
    for method in ("sendChatAction", "setMyCommands"):
        sandbox.faults.add(Fault(method=method, status=404, description="Not Found: method not found", times=99))
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)


async def test_without_a_model_people_get_the_photo_and_the_asker_is_told(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Photo,
) -> None:
    runner = make_runner()
    registry: Registry = runner.registry
    head = registry.folder(registry.champion()) / "head.safetensors"
    head.write_bytes(head.read_bytes()[:-1])
    async with serve(runner):
        await sandbox.asker.send_photo(photo("black_dod"))
        said = await sandbox.asker.expect(timeout=MODEL_SECONDS)
        assert "cannot judge photos at the moment" in said.words
        assert "A person will look" in said.words
        assert "checksum" in (runner.champion.problem or "")
        with runner.database.read() as session:
            item = session.scalars(select(ReviewItem)).one()
            assert item.reasons == ["no_model"]
            assert item.suggested_label is None
        await sandbox.moderator.send_text("/review")
        card = await sandbox.moderator.expect(lambda message: message.keyboard is not None)
        await sandbox.moderator.press(card, catalogue_for("en")("button-none"))
        await sandbox.moderator.expect("None of these, said Mo")
        with runner.database.read() as session:
            verdict = session.scalars(select(Verdict)).one()
            assert verdict.answer_shown is False, "there was none"


async def test_with_a_model_that_cannot_be_read_at_all_people_are_answered_and_can_review(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Photo,
) -> None:
    runner = make_runner()
    card = runner.registry.folder(runner.registry.champion()) / "card.json"
    card.write_text("{")
    async with serve(runner):
        await sandbox.asker.send_text("/start")
        await sandbox.asker.expect("I tell you what it shows.")
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect("Send a photo")
        await sandbox.asker.send_photo(photo("black_dod"))
        await sandbox.asker.expect("A person will look", timeout=MODEL_SECONDS)
        await sandbox.moderator.send_text("/review")
        shown = await sandbox.moderator.expect(lambda message: message.keyboard is not None)
        await sandbox.moderator.press(shown, "None of these")
        await sandbox.asker.expect("none of the kinds")


async def test_a_server_that_comes_late_is_waited_for(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
) -> None:
    runner = make_runner()
    await sandbox.stop()
    asyncio.get_running_loop().call_later(0.5, lambda: starting.append(asyncio.create_task(sandbox.start())))
    starting: list[asyncio.Task[None]] = []
    async with serve(runner):
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect("Send a photo")


async def test_what_came_while_the_bot_was_away_is_answered(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Photo,
) -> None:
    async with serve(make_runner()):
        pass
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.second_asker.send_photo(photo("teddy_polimerek"))
    async with serve(make_runner()):
        await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
        await sandbox.second_asker.expect("I see: teddy")


def _png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.usefixtures("runner")
async def test_a_file_that_may_not_be_fetched_is_tried_again(sandbox: Sandbox, photo: Photo) -> None:
    sandbox.faults.add(Fault("getFile", status=403, description="Forbidden"))  # a proxy's word, not the asker's
    await sandbox.asker.send_photo(photo("black_dod"))
    await sandbox.asker.expect("I see: black", timeout=MODEL_SECONDS)
