"""/model: moderators see the champion; admins move it, asked once more, and never past what they saw."""

from dataclasses import replace
from typing import Any

import pytest

from bot.catalogue import catalogue_for
from bot.model_keyboard import ModelTap, Move, key_of
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review.clock import utc_now
from review.people import reviewer_for_telegram
from review.tables import RetrainingOutcome, RetrainingRun

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")


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


async def test_an_admin_who_may_review_no_more_moves_the_model(sandbox: Sandbox, led: Runner, admin: Person) -> None:
    with led.database.write() as session:
        reviewer_for_telegram(session, admin.user.id, name="Ada", now=utc_now()).removed_at = utc_now()
    registered(led, "other")
    await admin.press(await asked_about_the_model(admin), "Let other answer")
    await admin.press(await admin.expect("Shall other answer"), "Yes")
    await admin.expect("other answers from now on.")
    assert led.registry.champion() == "other"


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
