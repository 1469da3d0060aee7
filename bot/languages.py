"""/language: people choose in which language the bot writes to them, or leave it to their Telegram."""

import asyncio
import logging

from telegram import CallbackQuery, Update
from telegram.error import TelegramError

from bot import menus
from bot.catalogue import Catalogue
from bot.context import BotContext
from bot.keyboards import LanguageTap, language_keyboard
from bot.taps import acknowledge
from review.clock import utc_now
from review.people import choose_language

_log = logging.getLogger(__name__)


async def choose(update: Update, context: BotContext) -> None:
    """/language"""
    message = update.effective_message
    assert message is not None
    await message.reply_text(context.words("choose-language"), reply_markup=language_keyboard(context.words))


async def pressed(update: Update, context: BotContext) -> None:
    """A tap on a language. The same tap once more comes to the same."""
    query = update.callback_query
    assert query is not None
    tap = LanguageTap.parse(query.data)
    if tap is None:
        await acknowledge(query, context.words("outdated-button"))
        return
    user = query.from_user
    await asyncio.to_thread(_choose, context, user.id, user.language_code, tap.language)
    language = tap.language or user.language_code
    words = context.services.catalogues.of(language)
    await acknowledge(query)
    await _turn(query, words("language-of-telegram") if tap.language is None else words("language-chosen"), words)
    if tap.language is None and context.caller.role is None:
        await menus.reset_for(context.bot, user.id)
    else:
        await menus.set_for(context.bot, user.id, context.caller.role, language)


def _choose(context: BotContext, user_id: int, telegram_language: str | None, chosen: str | None) -> None:
    with context.services.database.write() as session:
        choose_language(session, user_id, chosen, telegram_language=telegram_language, now=utc_now())


async def _turn(query: CallbackQuery, text: str, words: Catalogue) -> None:
    """The question becomes its answer, in the language that was chosen, and keeps its buttons for a change of mind."""
    try:
        await query.edit_message_text(text, reply_markup=language_keyboard(words))
    except TelegramError as error:  # it says so already, was deleted, or is too old
        _log.info("the answer to a choice of language could not be shown: %s", type(error).__name__)
