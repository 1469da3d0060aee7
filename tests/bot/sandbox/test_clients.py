"""Two independent clients, python-telegram-bot and aiogram, take the sandbox for Telegram."""

import asyncio
import io
from collections.abc import Callable

import aiogram
import pytest
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import BufferedInputFile, ReplyParameters
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, MessageHandler, filters

from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio


def telegram_bot(sandbox: Sandbox, token: str | None = None) -> telegram.Bot:
    return telegram.Bot(token or sandbox.token, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot")


def aiogram_bot(sandbox: Sandbox, token: str | None = None) -> aiogram.Bot:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.url))
    return aiogram.Bot(token or sandbox.token, session=session)


async def test_python_telegram_bot_sends_edits_and_fetches(sandbox: Sandbox, picture: Callable[..., bytes]) -> None:
    data = picture((640, 480))
    sent = await sandbox.asker.send_photo(data, "Which one?")
    async with telegram_bot(sandbox) as bot:
        assert (await bot.get_me()).username == "bearbot_sandbox_bot"
        (update,) = await bot.get_updates()
        assert update.message is not None
        assert update.message.message_id == sent.message_id
        file = await update.message.photo[-1].get_file()
        assert bytes(await file.download_as_bytearray()).startswith(b"\xff\xd8")
        yes = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Yes", callback_data="y")]])
        reply = await update.message.reply_html("<b>grizzly</b> 🐻 <i>sure</i>", reply_markup=yes, do_quote=True)
        assert reply.reply_to_message is not None
        assert {entity.type: reply.parse_entity(entity) for entity in reply.entities} == {
            "bold": "grizzly",
            "italic": "sure",
        }
        edited = await reply.edit_text("black", entities=[telegram.MessageEntity("bold", 0, 5)])
        assert isinstance(edited, telegram.Message)
        assert edited.reply_markup is None
        photo = await bot.send_photo(1001, data, caption="back")
        await photo.edit_caption("back again")
        await photo.edit_media(telegram.InputMediaDocument(b"12345", filename="notes.txt"))
        await bot.send_document(1001, io.BytesIO(b"12345"), filename="notes.txt")
        album = await bot.send_media_group(
            1001, [telegram.InputMediaPhoto(data), telegram.InputMediaPhoto(picture(colour="tan"))], caption="album"
        )
        assert len({message.media_group_id for message in album}) == 1
        await bot.send_chat_action(1001, "typing")
        await bot.delete_message(1001, photo.message_id)
        assert (await bot.get_chat(1001)).first_name == "Ana"
        assert (await bot.get_chat_member(1001, 1001)).status == "member"
        await bot.set_my_commands([("help", "what I can do")], scope=telegram.BotCommandScopeAllPrivateChats())
        commands = await bot.get_my_commands(scope=telegram.BotCommandScopeAllPrivateChats())
        assert [command.command for command in commands] == ["help"]
        assert (await bot.get_webhook_info()).url == ""


async def test_python_telegram_bot_understands_the_refusals(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it RetryAfter warns that its seconds become a timedelta
    await sandbox.asker.send_text("/start")
    async with telegram_bot(sandbox) as bot:
        with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
            await bot.send_message(5, "x")
        sandbox.faults.add(Fault("sendMessage", status=429, retry_after=7))
        with pytest.raises(telegram.error.RetryAfter):
            await bot.send_message(1001, "x")
        sandbox.asker.block()
        with pytest.raises(telegram.error.Forbidden, match="blocked by the user"):
            await bot.send_message(1001, "x")
        poll = asyncio.create_task(bot.get_updates(offset=2**40, timeout=10))
        await asyncio.sleep(0.2)
        async with telegram_bot(sandbox) as second:
            await second.get_updates()
        with pytest.raises(telegram.error.Conflict):
            await poll
    stranger = telegram_bot(sandbox, "1:wrong")
    with pytest.raises(telegram.error.InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_a_polling_application_talks_to_people(sandbox: Sandbox) -> None:
    yes = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Yes", callback_data="y")]])

    async def echo(update: telegram.Update, _: object) -> None:
        assert update.message is not None
        await update.message.reply_text(f"You said {update.message.text}", reply_markup=yes)

    async def confirm(update: telegram.Update, _: object) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Noted")
        await update.callback_query.edit_message_text("Confirmed")

    application = (
        ApplicationBuilder()
        .token(sandbox.token)
        .base_url(f"{sandbox.url}/bot")
        .base_file_url(f"{sandbox.url}/file/bot")
        .build()
    )
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_handler(CallbackQueryHandler(confirm))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(drop_pending_updates=True)
        people = [sandbox.asker, sandbox.second_asker, sandbox.moderator]
        await asyncio.gather(*(person.send_text(f"I am {person.name}") for person in people))
        for person in people:
            reply = await person.expect(f"You said I am {person.name}")
            assert (await person.press(reply, "Yes")).text == "Noted"
            await person.expect("Confirmed")
        await application.updater.stop()
        await application.stop()


async def test_aiogram_sends_edits_and_fetches(sandbox: Sandbox, picture: Callable[..., bytes]) -> None:
    sent = await sandbox.asker.send_photo(picture((640, 480)), "Which one?")
    async with aiogram_bot(sandbox) as bot:
        assert (await bot.me()).is_bot
        (update,) = await bot.get_updates(timeout=1)
        assert update.message is not None
        assert update.message.photo is not None
        buffer = await bot.download(update.message.photo[-1])
        assert buffer is not None
        assert buffer.read(2) == b"\xff\xd8"
        reply = await bot.send_message(
            1001, "<b>grizzly</b>", parse_mode="HTML", reply_parameters=ReplyParameters(message_id=sent.message_id)
        )
        assert reply.html_text == "<b>grizzly</b>"
        assert reply.reply_to_message is not None
        assert reply.reply_to_message.caption == "Which one?"
        await reply.edit_text("black")
        photo = await bot.send_photo(1001, BufferedInputFile(picture(), "bear.jpg"), caption="back")
        assert photo.photo is not None
        again = await bot.send_photo(1001, photo.photo[-1].file_id)
        assert again.photo == photo.photo
        await bot.set_my_description("I know bears")
        assert (await bot.get_my_description()).description == "I know bears"
        assert (await bot.get_chat(1001)).full_name == "Ana"
    assert [message.words for message in sandbox.asker.messages] == ["black", "back", ""]


async def test_aiogram_understands_the_refusals(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/start")
    async with aiogram_bot(sandbox) as bot:
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await bot.edit_message_text("x", chat_id=1001, message_id=99)
        sandbox.faults.add(Fault("sendMessage", status=429, retry_after=7))
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(1001, "x")
        assert caught.value.retry_after == 7
        poll = asyncio.create_task(bot.get_updates(offset=2**40, timeout=10))
        await asyncio.sleep(0.2)
        await bot.get_updates()
        with pytest.raises(TelegramConflictError):
            await poll
    async with aiogram_bot(sandbox, "1:wrong") as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()
