"""/start and /help, which are no gate: a photo is answered without them; and buttons that nobody knows."""

import asyncio

from telegram import Update

from bot import menus, messages
from bot.context import BotContext
from bot.taps import acknowledge


async def start(update: Update, context: BotContext) -> None:
    """/start"""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await message.reply_text(messages.start(context.words, labels))
    if user is not None and context.caller.role is not None:
        await menus.set_for(context.bot, user.id, context.caller.role, context.language)


async def help_command(update: Update, context: BotContext) -> None:
    """/help, and any text that is no command."""
    message = update.effective_message
    assert message is not None
    labels = await asyncio.to_thread(context.services.labels)
    await message.reply_text(messages.help_text(context.words, labels, context.caller.role))


async def unknown_button(update: Update, context: BotContext) -> None:
    """A tap on a button that this program never made, or no longer makes."""
    assert update.callback_query is not None
    await acknowledge(update.callback_query, context.words("outdated-button"))
