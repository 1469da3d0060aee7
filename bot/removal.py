"""Messages that show a photo which was deleted leave the chat."""

import logging
from functools import cache

from PIL import Image
from telegram import Bot, InputMediaPhoto
from telegram.error import BadRequest

from model.images import encode

_log = logging.getLogger(__name__)

_GONE = ("not found", "message_id_invalid")  # as Telegram describes messages that are there no more
_UNCHANGED = "not modified"


async def take_away(bot: Bot, chat_id: int, message_id: int, *, instead: str) -> None:
    """Delete a message of the bot's. One that is older than Telegram lets bots delete (48 hours) loses its picture and
    buttons, and says `instead`; one that is gone already is fine, however often.

    Raises `TelegramError` if neither can be done (now).
    """
    try:
        await bot.delete_message(chat_id, message_id)
        return
    except BadRequest as error:
        if _says(error, *_GONE):
            return
        _log.info("a message cannot be deleted, so it is emptied: %s", error)
    try:
        empty = InputMediaPhoto(_blank(), caption=instead)
        await bot.edit_message_media(empty, chat_id, message_id)  # which takes its buttons, too
    except BadRequest as error:
        if not _says(error, *_GONE, _UNCHANGED):
            raise


def _says(error: BadRequest, *parts: str) -> bool:
    return any(part in str(error).lower() for part in parts)


@cache
def _blank() -> bytes:
    """A picture of nothing: Telegram lets a picture be replaced, but not taken out."""
    return encode(Image.new("RGB", (320, 90), "#e2e8f0"))
