"""/start, /help and the menu of commands. Neither is a gate: a photo is answered without them."""

import asyncio
import logging
from collections.abc import Mapping

from telegram import BotCommand, BotCommandScope, BotCommandScopeChat, BotCommandScopeDefault, Update
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot import messages
from bot.context import BotContext
from bot.settings import BotSettings

_log = logging.getLogger(__name__)


async def start(update: Update, context: BotContext) -> None:
    """/start"""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await message.reply_text(messages.start(labels))
    if user is not None and context.caller.role is not None:
        await _set_commands(context.bot, messages.MODERATOR_MENU, BotCommandScopeChat(user.id))


async def help_command(update: Update, context: BotContext) -> None:
    """/help, and any text that is no command."""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    moderator = user is not None and context.caller.role is not None
    await message.reply_text(messages.help_text(labels, moderator=moderator))


async def unsupported(update: Update, context: BotContext) -> None:
    """Videos, voice messages, stickers: one clear sentence."""
    assert update.effective_message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await update.effective_message.reply_text(messages.not_a_picture(labels))


async def set_menu(bot: ExtBot[None], settings: BotSettings) -> None:
    """Tell Telegram the commands that it offers while typing, to moderators also theirs."""
    await _set_commands(bot, messages.MENU, BotCommandScopeDefault())
    for user_id in {*settings.moderators, *settings.admins}:
        # Who never wrote to the bot has no chat yet: their menu comes with their /start.
        await _set_commands(bot, messages.MODERATOR_MENU, BotCommandScopeChat(user_id))


async def _set_commands(bot: ExtBot[None], menu: Mapping[str, str], scope: BotCommandScope) -> None:
    """A convenience: a failure is logged and never fatal."""
    try:
        await bot.set_my_commands([BotCommand(name, text) for name, text in menu.items()], scope=scope)
    except TelegramError as error:
        _log.debug("a menu of commands could not be set: %s", error)
