"""/why: the sheet arrives as a photo, of one's own photos only, and every way in which it cannot has its sentence."""

import io
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from model.explanation import Explainer
from review.tables import OutboxMessage, PredictionRecord, ReviewItem, Submission

pytestmark = pytest.mark.anyio

WORDS = catalogue_for("en")

Photo = Callable[[str], bytes]
MODEL_SECONDS = 60.0


async def answered(person: Person, photo: Photo, name: str) -> tuple[Message, Message]:
    """A photo that was sent and what the bot said of it."""
    sent = await person.send_photo(photo(name))
    return sent, await person.expect(timeout=MODEL_SECONDS)


async def sheet(person: Person) -> Message:
    return await person.expect(lambda message: bool(message.content.photo), timeout=MODEL_SECONDS)


def quoted(message: Message) -> int | None:
    return message.reply_to.message_id if message.reply_to else None


def picture(sandbox: Sandbox, message: Message) -> Image.Image:
    largest = max(message.content.photo, key=lambda size: size.width)
    return Image.open(io.BytesIO(sandbox.world.files.get(largest.file_id).data))


@pytest.mark.usefixtures("runner")
async def test_the_sheet_speaks_the_language_of_who_asks(sandbox: Sandbox, photo: Photo) -> None:
    said = []
    for language in ("en", "de"):
        person = sandbox.person(f"Ina {language}", language=language)
        await answered(person, photo, "black_dod")
        await person.send_text("/why")
        said.append(picture(sandbox, await sheet(person)))
    first, second = (image.convert("L") for image in said)
    # The heading is written above the photos, which begin at the same height: only the words differ there.
    assert first.crop((0, 0, 1200, 90)).tobytes() != second.crop((0, 0, 1200, 90)).tobytes()


@pytest.mark.usefixtures("runner")
async def test_the_sheet_of_the_latest_photo(sandbox: Sandbox, photo: Photo) -> None:
    sent, _ = await answered(sandbox.asker, photo, "black_dod")
    await sandbox.asker.send_text("/why")
    said = await sheet(sandbox.asker)
    assert said.words.startswith("This is how I came to “black” (")
    assert quoted(said) == sent.message_id


@pytest.mark.slow
@pytest.mark.usefixtures("runner")
async def test_the_sheet_of_the_latest_photo_of_an_answer_and_of_a_photo(sandbox: Sandbox, photo: Photo) -> None:
    ana = sandbox.asker
    bear, about_bear = await answered(ana, photo, "black_dod")
    polar, _ = await answered(ana, photo, "none_polar_bear")
    await ana.send_text("/why")
    said = await sheet(ana)
    assert said.words == "This is why I would not guess: I do not know this kind of picture."
    assert quoted(said) == polar.message_id
    await ana.send_text("/why", reply_to=about_bear)
    of_bear = await sheet(ana)
    assert of_bear.words.startswith("This is how I came to “black” (")
    assert quoted(of_bear) == bear.message_id
    drawn = picture(sandbox, of_bear)
    assert drawn.height > drawn.width > 900
    await ana.send_text("/why", reply_to=polar)
    assert "do not know" in (await sheet(ana)).words
    await ana.send_text("/why", reply_to=of_bear)
    assert (await sheet(ana)).words == of_bear.words


async def test_nobody_sees_what_another_sent(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    await answered(sandbox.asker, photo, "black_dod")
    ben = sandbox.second_asker
    await ben.send_text("/why")
    await ben.expect(WORDS("no-photo-yet"))
    words = await ben.send_text("my own words")
    answer = await ben.expect("Send a photo")
    for pointed in (words, answer):
        await ben.send_text("/why", reply_to=pointed)
        await ben.expect(WORDS("not-your-photo"))
    # As if Ana's photo and what she heard had come to be in Ben's chat.
    with runner.database.write() as session:
        session.execute(update(Submission).values(chat_id=ben.chat.id, message_id=words.message_id))
        session.execute(
            update(OutboxMessage).values(
                chat_id=ben.chat.id, reply_to_message_id=words.message_id, sent_message_id=answer.message_id
            )
        )
    for pointed in (words, answer):
        await ben.send_text("/why", reply_to=pointed)
        await ben.expect(WORDS("not-your-photo"))
    assert not [message for message in ben.messages if message.content.photo]


@pytest.mark.usefixtures("runner")
async def test_moderators_ask_about_review_cards_and_nobody_else_does(sandbox: Sandbox, photo: Photo) -> None:
    await answered(sandbox.asker, photo, "none_polar_bear")
    mo, ben = sandbox.moderator, sandbox.second_asker
    await mo.send_text("/review")
    card = await mo.expect(lambda message: message.keyboard is not None)
    await mo.send_text("/why", reply_to=card)
    said = await sheet(mo)
    assert "I do not know this kind of picture" in said.words
    assert quoted(said) == card.message_id
    await ben.send_text("hello")
    await ben.expect("Send a photo")
    shown = sandbox.world.post(ben.chat, card.content)
    await ben.send_text("/why", reply_to=shown)
    await ben.expect(WORDS("not-a-moderator"))
    claimed = await ben.send_text(card.words)
    await ben.expect("Send a photo")
    await ben.send_text("/why", reply_to=claimed)  # what people write themselves is no card
    await ben.expect(WORDS("not-your-photo"))


async def test_of_what_is_judged_blind_nobody_is_told_what_the_model_thinks(
    sandbox: Sandbox, runner: Runner, photo: Photo
) -> None:
    await answered(sandbox.asker, photo, "none_polar_bear")
    with runner.database.write() as session:
        session.execute(update(ReviewItem).values(verdicts_needed=2))
    mo = sandbox.moderator
    await mo.send_text("/review")
    card = await mo.expect(lambda message: message.keyboard is not None)
    await mo.send_text("/why", reply_to=card)
    told = await mo.expect(WORDS("card-blind"))
    assert not told.content.photo
    with runner.database.write() as session:
        session.execute(update(ReviewItem).values(needs_adjudicator=True))
    await mo.send_text("/why", reply_to=card)
    await sheet(mo)


@pytest.mark.parametrize("lost", ["row", "file", "half"])
async def test_a_deleted_photo_is_said_to_be_gone(
    sandbox: Sandbox, runner: Runner, photo: Photo, tmp_path: Path, lost: str
) -> None:
    ana = sandbox.asker
    await answered(ana, photo, "black_dod")
    (stored,) = (tmp_path / "home" / "images").rglob("*.jpg")
    if lost == "row":
        with runner.database.write() as session:
            session.scalars(select(Submission)).one().image_sha256 = None
    elif lost == "file":
        stored.unlink()
    else:
        stored.write_bytes(stored.read_bytes()[:2000])
    await ana.send_text("/why")
    await ana.expect("This photo was deleted")


async def test_without_a_model_it_says_so(
    sandbox: Sandbox,
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Photo,
) -> None:
    runner = make_runner()
    head = runner.registry.folder(runner.registry.champion()) / "head.safetensors"
    head.write_bytes(head.read_bytes()[:-1])
    async with serve(runner):
        await answered(sandbox.asker, photo, "black_dod")
        await sandbox.asker.send_text("/why")
        await sandbox.asker.expect("cannot explain this one either")


async def test_another_model_than_the_one_that_answered_says_so(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    ana = sandbox.asker
    await answered(ana, photo, "black_dod")
    with runner.database.write() as session:
        session.execute(update(PredictionRecord).values(model_version="older"))
    await ana.send_text("/why")
    assert (await sheet(ana)).words == "I have learnt since I judged this photo; this is how I see it now."


async def test_a_sheet_that_cannot_be_drawn_costs_nobody_else_anything(
    sandbox: Sandbox, runner: Runner, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory")

    ana = sandbox.asker
    await answered(ana, photo, "black_dod")
    monkeypatch.setattr(Explainer, "explain", broken)
    await ana.send_text("/why")
    await ana.expect("I could not explain this photo", timeout=MODEL_SECONDS)
    await answered(ana, photo, "teddy_polimerek")


async def test_answers_do_not_wait_for_drawings(
    sandbox: Sandbox, runner: Runner, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain, may_draw, waited_in_vain = Explainer.explain, threading.Event(), []

    def slowly(self: Explainer, picture: Image.Image) -> object:
        waited_in_vain.append(not may_draw.wait(10))
        return explain(self, picture)

    await answered(sandbox.asker, photo, "black_dod")
    monkeypatch.setattr(Explainer, "explain", slowly)
    await sandbox.asker.send_text("/why")
    await sandbox.asker.expect_action("upload_photo")
    await sandbox.second_asker.send_photo(photo("teddy_polimerek"))
    await sandbox.second_asker.expect("I see: teddy", timeout=MODEL_SECONDS)
    may_draw.set()
    await sheet(sandbox.asker)
    assert waited_in_vain == [False]


@pytest.mark.usefixtures("runner")
async def test_a_gallery_that_cannot_be_read_costs_only_its_photos(
    sandbox: Sandbox, photo: Photo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home" / "models" / "gallery").mkdir(parents=True)
    await answered(sandbox.asker, photo, "black_dod")
    await sandbox.asker.send_text("/why")
    await sheet(sandbox.asker)
    assert "explanations show no photos for comparison" in caplog.text
    assert "gallery.jsonl" in caplog.text


@pytest.mark.slow
@pytest.mark.usefixtures("runner")
async def test_a_sheet_that_could_not_be_sent_is_sent_again_once(sandbox: Sandbox, photo: Photo) -> None:
    await answered(sandbox.asker, photo, "black_dod")
    sandbox.faults.add(Fault(method="sendPhoto", status=502, description="Bad Gateway"))
    await sandbox.asker.send_text("/why")
    await sheet(sandbox.asker)
    await sandbox.asker.expect_silence(0.5)
