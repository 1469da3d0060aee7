"""Taps on buttons are answered, or the button goes on waiting."""

import logging

from telegram import CallbackQuery
from telegram.error import TelegramError

_log = logging.getLogger(__name__)


async def acknowledge(query: CallbackQuery, text: str | None = None) -> None:
    """Stop the button's waiting, with a `text` (up to 200 characters) to be read and closed.

    A tap that came too late for that (the bot was away) is acted upon all the same.
    """
    try:
        await query.answer(text, show_alert=text is not None)
    except TelegramError as error:
        _log.info("a tap could not be acknowledged: %s", type(error).__name__)
