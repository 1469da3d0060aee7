"""What moderators and admins command in the chat: /queue, /model, /retrain, /moderator; everybody else is refused."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.catalogue import catalogue_for
from bot.model_keyboard import ModelTap, Move, key_of
from bot.retrainer import COMMAND
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import BOT, Sandbox
from review.clock import utc_now
from review.database import Database
from review.outbox import Recipient
from review.retraining import STOPPED
from review.retraining_news import remembered
from review.tables import RetrainingOutcome, RetrainingRun, ReviewItem
from tests.telegram_types import assert_all_valid

pytestmark = pytest.mark.anyio

WORDS = catalogue_for("en")
ADMIN = 3001

Photo = Callable[[str], bytes]
Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


@pytest.fixture
def admin(sandbox: Sandbox) -> Person:
    return sandbox.person("Ada", user_id=ADMIN, started=True)


@pytest.fixture
def retrain_command() -> Sequence[str]:
    """In the place of a retraining, which takes long: one that waits until it is told to end."""
    return (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
async def led(
    make_runner: Callable[..., Runner], serve: Serve, retrain_command: Sequence[str]
) -> AsyncIterator[Runner]:
    """The bot, running, with an admin."""
    runner = make_runner(admins=(ADMIN,), retrain_command=retrain_command)
    async with serve(runner):
        yield runner


@pytest.fixture(autouse=True)
def _everything_validates(sandbox: Sandbox) -> Iterator[None]:
    yield
    assert_all_valid(sandbox)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("command", ["/retrain", "/moderator list", "/moderator add 1001"])
async def test_who_is_no_admin_is_refused(sandbox: Sandbox, command: str) -> None:
    await sandbox.moderator.send_text(command)
    assert (await sandbox.moderator.expect()).words == WORDS("not-an-admin")


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("command", ["/queue", "/model"])
async def test_who_is_no_moderator_is_refused(sandbox: Sandbox, command: str) -> None:
    await sandbox.asker.send_text(command)
    assert (await sandbox.asker.expect()).words == WORDS("not-a-moderator")


async def test_the_queue_by_reason_and_age(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    mo = sandbox.moderator
    await mo.send_text("/queue")
    assert (await mo.expect()).words == WORDS("nothing-waits")
    for name in ("none_coffee", "none_polar_bear"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect("A person will look", timeout=60)
    with runner.database.write() as session:
        session.get_one(ReviewItem, 1).opened_at = utc_now() - timedelta(hours=3)
    await mo.send_text("/review")
    await mo.expect("#")
    await mo.send_text("/queue")
    assert (await mo.expect()).words == (
        "2 photos wait for people\n- unlike the photos it learnt from: 2\n- not sure: 2\n"
        "(some for more than one reason)\n\n"
        "Waiting\n- less than an hour: 1\n- less than a day: 1\n\n"
        "Longest wait: 3 hours\nOne of them is being looked at.\n/review brings the next one."
    )


def registered(runner: Runner, version: str, **changes: Any) -> str:
    """The bundled model under another name; it serves nobody."""
    bundled = runner.registry.load(runner.registry.champion())
    runner.registry.register(replace(bundled, card=replace(bundled.card, version=version, **changes)), reason="test")
    return version


def buttons(message: Message) -> list[str]:
    return [button.text for row in message.keyboard.rows for button in row] if message.keyboard else []


async def asked_about_the_model(person: Person) -> Message:
    await person.send_text("/model")
    return await person.expect(r"Model ")


async def tapped(sandbox: Sandbox, person: Person, message: Message, data: str) -> str | None:
    """What a button with made-up data is answered."""
    with sandbox.world.events.listen() as events:
        query = sandbox.world.press(person.user, message, data)
        while (event := await events.get()).answer is None or event.answer.query_id != query:
            pass
    return event.answer.text


async def test_moderators_see_the_champion_and_move_nothing(sandbox: Sandbox, led: Runner) -> None:
    registered(led, "other")
    shown = await asked_about_the_model(sandbox.moderator)
    champion = led.registry.champion()
    assert shown.words.startswith(f"Model {champion}\nIt answers since 20")
    assert "It knows black, grizzly and teddy.\n" in shown.words
    assert "99.4 % of 156 test photos right" in shown.words
    assert "At most 2 % of such answers are wrong" in shown.words
    assert "- other: 99.4 % of 156" in shown.words
    assert buttons(shown) == []
    for move in Move:
        data = ModelTap(move, key_of("other"), key_of(champion)).data()
        assert await tapped(sandbox, sandbox.moderator, shown, data) == WORDS("not-an-admin")
    assert led.registry.champion() == champion


async def test_an_admin_promotes_and_rolls_back_after_a_confirmation(
    sandbox: Sandbox, led: Runner, admin: Person
) -> None:
    champion = led.registry.champion()
    registered(led, "other")
    registered(led, "more", labels=("black", "grizzly", "teddy", "polar"))
    with led.database.write() as session:
        session.add(
            RetrainingRun(
                started_at=utc_now(),
                outcome=RetrainingOutcome.KEPT,
                explanation="worse: 9 of 156",
                champion_version=champion,
                candidate_version="other",
            )
        )
    shown = await asked_about_the_model(admin)
    assert buttons(shown) == ["Let other answer", "Let more answer"]
    await admin.press(shown, "Let more answer")
    question = await admin.expect("Shall more answer")
    assert question.words.endswith("Mind that it knows others: black, grizzly, teddy and polar.")
    await admin.press(question, "Cancel")
    await admin.expect(f"Model {champion}")
    await admin.press(shown, "Let other answer")
    question = await admin.expect(f"Shall other answer from now on, instead of {champion}?")
    assert question.message_id == shown.message_id
    assert "the comparison said: worse: 9 of 156" in question.words
    await admin.press(question, "Cancel")
    shown = await admin.expect(f"Model {champion}")
    assert led.registry.champion() == champion
    await admin.press(shown, "Let other answer")
    question = await admin.expect("Shall other answer")
    assert question.keyboard is not None
    yes = question.keyboard.find("Yes")
    assert yes is not None
    await admin.press(question, "Yes")
    await admin.expect("other answers from now on.")
    assert led.registry.champion() == "other"
    assert await tapped(sandbox, admin, question, str(yes.callback_data)) is None  # the same tap, after a crash
    moves = [(entry.event, entry.version, entry.reason) for entry in led.registry.ledger()]
    assert moves[-1] == ("promoted", "other", "by reviewer 1, in the chat")
    assert sum(move[0] == "promoted" for move in moves) == 1
    shown = await asked_about_the_model(admin)
    assert f"- {champion} (answered before): " in shown.words
    await admin.press(shown, f"Back to {champion}")
    await admin.press(await admin.expect(f"Shall {champion} answer"), "Yes")
    await admin.expect(f"{champion} answers from now on.")
    assert led.registry.champion() == champion


async def test_a_champion_that_changed_meanwhile_is_not_replaced(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    for name in ("second", "third"):
        registered(led, name)
    await admin.press(await asked_about_the_model(admin), "Let second answer")
    question = await admin.expect("Shall second answer")
    led.registry.promote("third", reason="retraining")
    answer = await admin.press(question, "Yes")
    assert answer.text == WORDS("model-changed")
    assert answer.show_alert
    assert (await admin.expect("Model third")).message_id == question.message_id
    assert led.registry.champion() == "third"


async def test_forged_and_impossible_moves_are_refused(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    champion = led.registry.champion()
    folder = led.registry.folder(registered(led, "damaged"))
    shown = await asked_about_the_model(admin)
    (folder / "head.safetensors").write_bytes(b"rubbish")
    for data in ("m:", "m:p", "m:q:000000000000:000000000000", f"m:P:{'0' * 13}:{key_of(champion)}", "m:P:x:y"):
        assert await tapped(sandbox, admin, shown, data) == WORDS("outdated-button")
    gone = ModelTap(Move.PROMOTE_CONFIRMED, "0" * 12, key_of(champion)).data()
    assert await tapped(sandbox, admin, shown, gone) == WORDS("model-changed")
    nowhere = ModelTap(Move.ROLL_BACK_CONFIRMED, key_of("damaged"), key_of(champion)).data()
    assert await tapped(sandbox, admin, shown, nowhere) == WORDS("model-changed")
    bad = ModelTap(Move.PROMOTE_CONFIRMED, key_of("damaged"), key_of(champion)).data()
    assert await tapped(sandbox, admin, shown, bad) == WORDS("model-not-moved", version="damaged")
    assert led.registry.champion() == champion
    led.registry.alias_file.write_text("rubbish")
    await admin.send_text("/model")
    await admin.expect("It cannot be read.")


# /retrain


async def test_one_retraining_at_a_time_which_ends_with_the_bot(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, admin: Person, retrain_command: Sequence[str]
) -> None:
    runner = make_runner(admins=(ADMIN,), retrain_command=retrain_command)
    async with serve(runner):
        asked = await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-started"))
        (process,) = children()
        assert os.getpriority(os.PRIO_PROCESS, process) == 19
        await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-running"))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert children() == []
    async with serve(make_runner(admins=(ADMIN,), retrain_command=retrain_command)):
        told = await admin.expect(WORDS("retrained-not_started"))
        assert told.reply_to is not None
        assert told.reply_to.message_id == asked.message_id
        await admin.expect_silence(0.5)


def children() -> list[int]:
    """What this process started for a retraining and what runs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if b"--tell" in arguments and parent == os.getpid():
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("retrain_command", [(sys.executable, "-c", "import sys; sys.exit('error: the disk is full')")])
async def test_a_retraining_that_cannot_start_says_why_once(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    asked = await admin.send_text("/retrain")
    await admin.expect(WORDS("retrain-started"))
    assert (await admin.expect()).words == WORDS("retrained-not_started") + "\nthe disk is full"
    recipient = Recipient(admin.chat.id, None, asked.message_id, "en")
    assert await led.retrainer.start(recipient), "the same message, handled again after a crash"
    await admin.expect_silence(0.7)


@pytest.mark.slow
@pytest.mark.parametrize("retrain_command", [COMMAND])
async def test_whoever_asked_hears_how_a_real_one_ended(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    await admin.send_text("/retrain")
    await admin.expect(WORDS("retrain-started"))
    told = await admin.expect(f"{led.registry.champion()} goes on answering", timeout=120)
    assert "nothing to learn" in told.words
    with led.database.read() as session:
        run = session.scalars(select(RetrainingRun)).one()
    assert run.outcome is RetrainingOutcome.KEPT
    assert run.snapshot is not None
    assert "tell" not in run.snapshot


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.3, 3.0, 6.0])
async def test_a_real_one_ends_in_order_with_the_bot_at_any_moment(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, admin: Person, pause: float
) -> None:
    async with serve(make_runner(admins=(ADMIN,))):
        await admin.send_text("/retrain")
        await admin.expect(WORDS("retrain-started"))
        await asyncio.sleep(pause)
    assert children() == []
    runner = make_runner(admins=(ADMIN,))
    async with serve(runner):
        told = await admin.expect(lambda message: message.words.startswith("The retraining"), timeout=30)
        assert "is done: " in told.words or told.words.endswith(STOPPED)
        await admin.expect_silence(1.0)
    with Database(runner.database.url).read() as session:
        assert all(run.outcome for run in session.scalars(select(RetrainingRun)))


async def test_whoever_asked_for_one_that_was_killed_with_the_bot_is_told(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, admin: Person
) -> None:
    runner = make_runner(admins=(ADMIN,))
    async with serve(runner):
        await admin.send_text("/help")
        await admin.expect()
        asked = Recipient(admin.chat.id, None, 1, "de")
        with runner.database.write() as session:
            session.add(
                RetrainingRun(
                    started_at=utc_now(), champion_version="old", snapshot={"photos": [], **remembered(asked)}
                )
            )
    async with serve(make_runner(admins=(ADMIN,))):
        told = await admin.expect(catalogue_for("de")("retrained-failed", champion="old"))
        assert "interrupted" in told.words
        await admin.expect_silence(0.5)


# /moderator


async def test_an_appointed_moderator_reviews_at_once_and_a_dismissed_one_no_more(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo
) -> None:
    ben = sandbox.second_asker
    await ben.send_text("/review")
    await ben.expect(WORDS("not-a-moderator"))
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    forwarded = await admin.forward(await ben.send_text("me too"))
    await admin.expect()
    await ben.expect()
    await admin.send_text("/moderator add", reply_to=forwarded)
    await admin.expect("Ben (1002) is a moderator now, and hears of it.")
    await ben.expect(WORDS("appointed"))
    await ben.send_text("/review")
    shown = await ben.expect("#1")
    await admin.send_text("/moderator list")
    assert (await admin.expect()).words == (
        "These people review in the chat:\n- 3001: admin\n- 2001: moderator, from the settings\n"
        "- Ben (1002): moderator, added in the chat"
    )
    await admin.send_text("/moderator remove 1002")
    await admin.expect("Ben (1002) is no longer a moderator.")
    assert (await ben.press(shown, "teddy")).text == WORDS("not-a-moderator")
    with led.database.read() as session:
        assert session.get_one(ReviewItem, 1).lease_token is None, "back in the queue"
    await admin.send_text("/moderator remove 1002")
    await admin.expect("Ben (1002) is no moderator.")
    await ben.expect_silence(0.3)


async def test_moderators_of_the_settings_can_be_removed_and_admins_cannot(
    sandbox: Sandbox, led: Runner, admin: Person
) -> None:
    await admin.send_text(f"/moderator remove {sandbox.moderator.id}")
    await admin.expect("is no longer a moderator")
    await sandbox.moderator.send_text("/queue")
    await sandbox.moderator.expect(WORDS("not-a-moderator"))
    await admin.send_text(f"/moderator add {sandbox.moderator.id}")
    await admin.expect("Mo (2001) is a moderator now")
    await sandbox.moderator.expect(WORDS("appointed"))
    await sandbox.moderator.send_text("/queue")
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    for what in ("add", "remove"):
        await admin.send_text(f"/moderator {what} {ADMIN}")
        await admin.expect("Ada (3001) is an admin")


@pytest.mark.usefixtures("led")
async def test_whom_an_admin_cannot_mean(sandbox: Sandbox, admin: Person) -> None:
    said = await admin.send_text("hello")
    forwarded = await admin.forward(await admin.expect())
    await admin.expect()
    for command, replied, words in (
        ("/moderator", None, "moderator-usage"),
        ("/moderator add", None, "moderator-usage"),
        ("/moderator add", said, "moderator-usage"),
        ("/moderator add 0", None, "moderator-usage"),
        ("/moderator add ²", None, "moderator-usage"),
        (f"/moderator add {'9' * 30}", None, "moderator-usage"),
        ("/moderator add 1001 1002", None, "moderator-usage"),
        ("/moderator fire 1001", None, "moderator-usage"),
        ("/moderator add @ben", None, "moderator-unknown-name"),
        ("/moderator add", forwarded, "moderator-is-a-bot"),
    ):
        await admin.send_text(command, reply_to=replied)
        assert (await admin.expect()).words == WORDS(words), command


async def test_somebody_who_never_wrote_becomes_a_moderator_with_a_name_later(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo
) -> None:
    await admin.send_text("/moderator add 4004")
    await admin.expect("4004 is a moderator now, but has never written to me")
    cleo = sandbox.person("Cleo", user_id=4004)
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    await cleo.send_text("/review")
    await cleo.press(await cleo.expect("#1"), "teddy")
    await cleo.expect("teddy, said Cleo")


# Groups


@pytest.mark.parametrize("command", ["review", "queue", "stats", "model", "retrain", "moderator"])
async def test_in_groups_commands_are_quiet_unless_addressed_and_show_nothing(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo, command: str
) -> None:
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    there = admin.at(sandbox.group("Bears", [admin, sandbox.moderator]))
    await there.send_text(f"/{command}")
    await there.send_text(f"/{command}@another_bot")
    await there.expect_silence(0.5)
    await there.send_text(f"/{command}@{BOT.username}")
    said = await there.expect()
    assert said.words == WORDS("ask-in-private")
    assert not said.content.photo
    await admin.expect_silence(0.3)
    with led.database.read() as session:
        assert session.get_one(ReviewItem, 1).lease_token is None
    assert children() == []


@pytest.mark.usefixtures("runner")
async def test_a_card_that_is_tapped_in_a_group_brings_the_next_in_private(sandbox: Sandbox, photo: Photo) -> None:
    for name in ("none_coffee", "none_polar_bear"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect("A person will look", timeout=60)
    mo = sandbox.moderator
    await mo.send_text("/review")
    shown = await mo.expect("#")
    group = sandbox.group("Bears", [mo, sandbox.second_asker])
    there = mo.at(group)
    forwarded = sandbox.world.post(group, shown.content, keyboard=shown.keyboard)
    await there.expect("#")
    await there.press(forwarded, WORDS("button-skip"))
    assert (await mo.expect("#")).chat.id == mo.chat.id
    await there.expect("Skip, said Mo")
    await there.expect_silence(0.5)
