"""Photos and image files: from Telegram into the intake. The answer goes through the outbox."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import PurePosixPath

from telegram import Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot import messages
from bot.context import BotContext
from model.errors import ImageError, ImageProblem
from model.images import DEFAULT_LIMITS, SUFFIXES
from review.arrival import ReceivedPhoto
from review.outbox import Recipient

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _File:
    """What is to be fetched; Telegram does not always tell the size."""

    file_id: str
    file_unique_id: str
    size: int | None


async def photo(update: Update, context: BotContext) -> None:
    """A photo, or a file: fetched, judged and recorded; what is too large is refused before it is fetched."""
    message = update.effective_message
    assert message is not None
    file = _file_in(message)
    if file is None:
        await message.reply_text(
            messages.not_a_picture(context.words, await asyncio.to_thread(context.services.labels))
        )
        return
    services = context.services
    source_key = f"telegram:{message.chat_id}:{message.message_id}"
    recipient = Recipient(message.chat_id, message.message_thread_id, message.message_id)

    async def fetch() -> bytes:
        if file.size is not None and file.size > DEFAULT_LIMITS.max_bytes:
            raise ImageError(ImageProblem.TOO_MANY_BYTES, "too large")
        await _show_busy(message)
        data = await _fetched(context.bot, file)
        if data is None:
            raise ImageError(ImageProblem.TOO_MANY_BYTES, "too large")
        return data

    user = update.effective_user
    await services.intake.receive(
        ReceivedPhoto(
            source_key=source_key,
            source="telegram",
            data=fetch,
            recipient=recipient,
            telegram_user_id=user.id if user else None,
            language=user.language_code if user else None,
            file_unique_id=file.file_unique_id,
        )
    )
    services.wake_delivery()


async def _fetched(bot: ExtBot[None], file: _File) -> bytes | None:
    """The file's bytes; None if the server finds it too large to be fetched, whatever it said of its size before."""
    try:
        return bytes(await (await bot.get_file(file.file_id)).download_as_bytearray())
    except BadRequest as error:
        if "too big" in error.message.lower():
            return None
        raise


def _file_in(message: Message) -> _File | None:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return _File(largest.file_id, largest.file_unique_id, largest.file_size)
    document = message.document
    if document is None or message.animation is not None:
        return None
    named_like_one = PurePosixPath(document.file_name or "").suffix.lower() in SUFFIXES
    if named_like_one or (document.mime_type or "").startswith("image/"):
        return _File(document.file_id, document.file_unique_id, document.file_size)
    return None


async def _show_busy(message: Message) -> None:
    try:
        await message.reply_chat_action(ChatAction.TYPING)
    except TelegramError as error:  # it only looks nice
        _log.info("could not show that the bot is busy: %s", type(error).__name__)
