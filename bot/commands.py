"""/start, /help and the menu of commands. Neither is a gate: a photo is answered without them."""

import asyncio
import logging
from collections.abc import Sequence

from telegram import BotCommand, BotCommandScope, BotCommandScopeChat, BotCommandScopeDefault, Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot import messages
from bot.catalogue import Catalogue, catalogue_for
from bot.context import BotContext
from bot.settings import BotSettings

_log = logging.getLogger(__name__)


async def start(update: Update, context: BotContext) -> None:
    """/start"""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await message.reply_text(messages.start(context.words, labels))
    if user is not None and context.caller.role is not None:
        await _set_commands(context.bot, context.words, messages.MODERATOR_MENU, BotCommandScopeChat(user.id))


async def help_command(update: Update, context: BotContext) -> None:
    """/help, and any text that is no command."""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    moderator = user is not None and context.caller.role is not None
    await message.reply_text(messages.help_text(context.words, labels, moderator=moderator))


async def unsupported(update: Update, context: BotContext) -> None:
    """Videos, voice messages, stickers: one clear sentence."""
    assert update.effective_message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await update.effective_message.reply_text(messages.not_a_picture(context.words, labels))


async def set_menu(bot: ExtBot[None], settings: BotSettings) -> None:
    """Tell Telegram the commands that it offers while typing, to moderators also theirs."""
    words = catalogue_for(None)
    await _set_commands(bot, words, messages.MENU, BotCommandScopeDefault())
    for user_id in {*settings.moderators, *settings.admins}:
        # Who never wrote to the bot has no chat yet: their menu comes with their /start.
        await _set_commands(bot, words, messages.MODERATOR_MENU, BotCommandScopeChat(user_id))


async def _set_commands(bot: ExtBot[None], words: Catalogue, menu: Sequence[str], scope: BotCommandScope) -> None:
    """A convenience: a failure is logged and never fatal."""
    try:
        await bot.set_my_commands([BotCommand(name, words(f"menu-{name}")) for name in menu], scope=scope)
    except TelegramError as error:
        _log.debug("a menu of commands could not be set: %s", error)
