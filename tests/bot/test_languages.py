"""The bot writes to people in their language, or in the one that they chose; menus follow."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot import menus
from bot.catalogue import LANGUAGES, catalogue_for
from bot.keyboards import LanguageTap, language_keyboard
from bot.runner import Runner
from bot.sandbox.events import CallbackAnswer
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review.tables import Asker, Role

pytestmark = pytest.mark.anyio

GERMAN = catalogue_for("de")


def chosen(runner: Runner) -> list[tuple[str | None, str | None]]:
    """What is known of everybody's language: chosen, of Telegram."""
    with runner.database.read() as session:
        return [(asker.chosen_language, asker.language) for asker in session.scalars(select(Asker).order_by(Asker.id))]


def menu(sandbox: Sandbox, person: Person) -> dict[str, str]:
    return {line.command: line.description for line in sandbox.world.menu(person.chat, person.user)}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize(
    ("language", "greeting"),
    [("de-AT", "Hallo!"), ("es", "¡Hola!"), ("zh-hans", "你好"), ("en", "Hello!"), ("pt-br", "Hello!")],
)
async def test_people_are_written_to_in_the_language_of_their_telegram(
    sandbox: Sandbox, language: str, greeting: str
) -> None:
    person = sandbox.person("Lena", language=language)
    await person.send_text("/start")
    await person.expect(greeting)


async def test_a_german_photo_is_answered_and_corrected_in_german(
    sandbox: Sandbox, runner: Runner, photo: Callable[[str], bytes]
) -> None:
    lena = sandbox.person("Lena", language="de")
    await lena.send_photo(photo("none_coffee"))
    await lena.expect("Diese Art von Bild kenne ich nicht", timeout=60)
    await sandbox.moderator.send_text("/review")
    card = await sandbox.moderator.expect("unlike the photos it learnt from")
    await sandbox.moderator.press(card, "grizzly")
    await lena.expect("Ein Mensch hat sich dein Foto angesehen. Zu sehen ist: ein Grizzly.")


async def asked(person: Person) -> Message:
    await person.send_text("/language")
    return await person.expect(lambda message: message.keyboard is not None)


async def test_a_choice_holds_until_it_is_taken_back(sandbox: Sandbox, runner: Runner) -> None:
    ana = sandbox.asker
    question = await asked(ana)
    assert question.words == "Which language shall I write in?"
    assert question.keyboard is not None
    names = [button.text for row in question.keyboard.rows for button in row]
    assert names == [*LANGUAGES.values(), "As in my Telegram"]
    answer = await ana.press(question, "Deutsch")
    assert not answer.show_alert
    turned = await ana.expect("Ab jetzt schreibe ich Deutsch.")
    assert turned.message_id == question.message_id
    assert chosen(runner) == [("de", "en")]
    await until(lambda: menu(sandbox, ana).get("help") == GERMAN("menu-help"))
    await ana.send_text("/help")
    await ana.expect("Schick mir ein Foto")
    await ana.press(turned, "Wie in meinem Telegram")
    await ana.expect("From now on I write in the language of your Telegram")
    assert chosen(runner) == [(None, "en")]
    await until(lambda: menu(sandbox, ana).get("help") == "How to use it")
    await ana.send_text("/help")
    await ana.expect("Send a photo")


async def test_a_choice_outlives_a_start_anew(sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Any) -> None:
    async with serve(make_runner()):
        await sandbox.asker.press(await asked(sandbox.asker), "Español")
        await sandbox.asker.expect("A partir de ahora")
        await sandbox.moderator.press(await asked(sandbox.moderator), "中文")
        await sandbox.moderator.expect("从现在起")
    async with serve(make_runner()):
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect("Envíame una foto")
        await until(lambda: menu(sandbox, sandbox.moderator).get("review") == catalogue_for("zh")("menu-review"))


async def answer_to(sandbox: Sandbox, person: Person, message: Message, data: str) -> CallbackAnswer:
    with sandbox.world.events.listen() as events:
        query = sandbox.world.press(person.user, message, data)
        async with asyncio.timeout(10):
            while (event := await events.get()).answer is None or event.answer.query_id != query:
                pass
        return event.answer


@pytest.mark.parametrize("data", ["l:fr", "l:", "l:de:x", "l:DE", "nonsense", "x:1", "l"])
async def test_old_or_forged_buttons_get_an_answer_and_change_nothing(
    sandbox: Sandbox, runner: Runner, data: str
) -> None:
    question = await asked(sandbox.asker)
    answer = await answer_to(sandbox, sandbox.asker, question, data)
    assert answer.text == "This button is out of date."
    assert chosen(runner) == []
    await sandbox.asker.expect_silence(0.2)


async def test_a_tap_that_is_handled_twice_comes_to_the_same(sandbox: Sandbox, runner: Runner) -> None:
    question = await asked(sandbox.asker)
    for _ in range(2):
        await answer_to(sandbox, sandbox.asker, question, LanguageTap("zh").data())
    assert chosen(runner) == [("zh", "en")]


@pytest.mark.usefixtures("runner")
async def test_everybody_has_the_menu_of_their_role_in_their_language(sandbox: Sandbox) -> None:
    lena, mo = sandbox.person("Lena", language="de"), sandbox.moderator
    await until(lambda: menu(sandbox, lena).get("help") == GERMAN("menu-help"))
    assert tuple(menu(sandbox, lena)) == tuple(menu(sandbox, sandbox.asker)) == menus.EVERYBODY
    assert menu(sandbox, sandbox.asker)["help"] == "How to use it"
    await mo.send_text("/start")  # only now may the bot set what it offers to them
    await until(lambda: "review" in menu(sandbox, mo))
    assert tuple(menu(sandbox, mo)) == menus.BY_ROLE[Role.MODERATOR]
    group = sandbox.group("Bears", [lena, mo])
    assert [line.command for line in sandbox.world.menu(group, lena.user)] == ["bear"]


async def test_a_role_of_somebody_who_has_not_written_yet_is_no_failure(
    make_runner: Callable[[], Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.menus")
    async with serve(make_runner()):
        await until(lambda: "has not written to the bot yet gets their menu with their /start" in caplog.text)
    assert "could not be set" not in caplog.text


async def test_a_start_asks_telegram_little(sandbox: Sandbox, runner: Runner) -> None:
    def asked_for() -> int:
        return sum(request.method == "setMyCommands" for request in sandbox.requests)

    await until(lambda: asked_for() == 2 * len(LANGUAGES) + 1)  # private chats, groups, and the one moderator
    await asyncio.sleep(0.2)
    assert asked_for() == 2 * len(LANGUAGES) + 1


@given(st.sampled_from([None, *LANGUAGES]))
def test_data_comes_back(language: str | None) -> None:
    assert LanguageTap.parse(LanguageTap(language).data()) == LanguageTap(language)


@given(st.none() | st.text(max_size=70) | st.text(max_size=5).map("l:{}".format))
def test_foreign_data_is_nothing_or_a_language_that_there_is(data: str | None) -> None:
    tap = LanguageTap.parse(data)
    assert tap is None or tap.language in (None, *LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_are_offered_by_their_own_names(language: str) -> None:
    rows = language_keyboard(catalogue_for(language)).inline_keyboard
    assert [button.text for row in rows[:-1] for button in row] == list(LANGUAGES.values())
