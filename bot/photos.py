"""Photos, image files and stickers: from Telegram into the intake. The answer goes through the outbox."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from telegram import Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError
from telegram.ext import ExtBot

from bot.context import BotContext
from model.errors import ImageError, ImageProblem
from model.images import DEFAULT_LIMITS, SUFFIXES
from review import outbox
from review.arrival import ReceivedPhoto
from review.clock import utc_now
from review.outbox import OutboxKind, Recipient

_log = logging.getLogger(__name__)

_DOWNLOAD_SECONDS = 300.0
_BUSY_AFTER = 1.0  # seconds: most answers come sooner, and need no sign that somebody works on them


@dataclass(frozen=True)
class File:
    """What is to be fetched; Telegram does not always tell the size."""

    file_id: str
    file_unique_id: str
    size: int | None


async def photo(update: Update, context: BotContext) -> None:
    """A photo, a file or a sticker, sent to the bot alone."""
    message = update.effective_message
    assert message is not None
    file = file_in(message)
    if file is None:
        await not_a_picture(update, context)
    else:
        await take_in(update.update_id, message, message, file, context)


async def not_a_picture(update: Update, context: BotContext) -> None:
    """Videos, animations, voice messages: one clear sentence, one for all that were sent together."""
    message = update.effective_message
    assert message is not None
    together = message.media_group_id or f"message {message.message_id}"
    recipient = Recipient(message.chat_id, topic_of(message), message.message_id, context.language)

    def tell() -> None:
        with context.services.database.write() as session:
            outbox.enqueue(
                session,
                kind=OutboxKind.NOT_A_PICTURE,
                parameters={"labels": list(context.services.labels())},
                recipient=recipient,
                dedupe_key=f"not a picture:{message.chat_id}:{together}",
                now=utc_now(),
            )

    await asyncio.to_thread(tell)
    context.services.wake_delivery()


async def take_in(update_id: int, asking: Message, pictured: Message, file: File, context: BotContext) -> None:
    """Have the picture of one message judged for who wrote the other (the same, unless somebody asks in a group).

    What is too large is refused before it is fetched, and what is known is not fetched at all.
    """

    async def fetch() -> bytes:
        if file.size is not None and file.size > DEFAULT_LIMITS.max_bytes:
            raise ImageError(ImageProblem.TOO_MANY_BYTES, f"the file has {file.size:,} bytes, as Telegram says")
        return await _fetched(context.bot, file)

    # Who speaks for a group or channel is nobody in person; limits hold for the group or channel then.
    asker = asking.from_user if asking.sender_chat is None else None
    asker_id = asking.sender_chat.id if asking.sender_chat is not None else asker.id if asker is not None else None
    async with _showing_busy(asking):
        await context.services.intake.receive(
            ReceivedPhoto(
                source_key=f"telegram:{asking.chat_id}:{asking.message_id}",
                source="telegram",
                data=fetch,
                recipient=Recipient(asking.chat_id, topic_of(asking), pictured.message_id, context.language),
                telegram_user_id=asker_id,
                language=asker.language_code if asker else None,
                file_unique_id=file.file_unique_id,
                album=asking.media_group_id,
                sent_at=asking.date,
                update_id=update_id,
            )
        )
    context.services.wake_delivery()


def file_in(message: Message) -> File | None:
    """The picture that a message brings, if it brings one: a photo, an image file, or a sticker that does not move."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return File(largest.file_id, largest.file_unique_id, largest.file_size)
    sticker = message.sticker
    if sticker is not None and not sticker.is_animated and not sticker.is_video:
        return File(sticker.file_id, sticker.file_unique_id, sticker.file_size)
    document = message.document
    if document is None or message.animation is not None:
        return None
    named_like_one = PurePosixPath(document.file_name or "").suffix.lower() in SUFFIXES
    if named_like_one or (document.mime_type or "").startswith("image/"):
        return File(document.file_id, document.file_unique_id, document.file_size)
    return None


def topic_of(message: Message) -> int | None:
    """The forum topic of a message. In other groups a message in reply has a thread, too, where nobody may write."""
    return message.message_thread_id if message.is_topic_message else None


async def _fetched(bot: ExtBot[None], file: File) -> bytes:
    """The file's bytes; raises `ImageError` if the server finds it too large, whatever it said of its size before.

    `NetworkError` if it forbids to fetch it (a proxy before it, say): that is no word of who sent the photo.
    """
    try:
        async with asyncio.timeout(_DOWNLOAD_SECONDS):  # one that trickles must not hold a place for ever
            return bytes(await (await bot.get_file(file.file_id)).download_as_bytearray())
    except BadRequest as error:
        if "too big" in error.message.lower():
            raise ImageError(ImageProblem.TOO_MANY_BYTES, "the server does not give files of this size") from error
        raise
    except Forbidden as error:
        raise NetworkError("the server forbids to fetch a file") from error


@asynccontextmanager
async def _showing_busy(message: Message) -> AsyncIterator[None]:
    """Show in the chat that somebody works on it, if it takes long."""

    async def show() -> None:
        await asyncio.sleep(_BUSY_AFTER)
        try:
            await message.reply_chat_action(ChatAction.TYPING)
        except TelegramError as error:  # it only looks nice
            _log.info("could not show that the bot is busy: %s", type(error).__name__)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
