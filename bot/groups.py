"""Groups: the bot answers when it is asked, and is quiet otherwise."""

import asyncio
from collections.abc import Iterable

from sqlalchemy import select
from telegram import Message, MessageEntity, Update
from telegram.ext import ExtBot

from bot import photos
from bot.context import BotContext, Services
from review.tables import Submission

COMMAND = "bear"
PRIVATE_COMMANDS = ("review", "queue", "stats", "model", "retrain", "moderator", "invite", "block", "unblock")


async def bear(update: Update, context: BotContext) -> None:
    """/bear in reply to a photo: what does it show?"""
    message = update.effective_message
    assert message is not None
    await _about_the_replied(update.update_id, message, context)


async def private_only(update: Update, context: BotContext) -> None:
    """A command of moderators: askers' photos and figures never go to a group, and nobody there need know of them."""
    message = update.effective_message
    assert message is not None
    if is_named(message, context.bot):
        await message.reply_text(context.words("ask-in-private"))


async def in_group(update: Update, context: BotContext) -> None:
    """Whatever else is said in a group: a photo with our name under it or in reply to us, our name in reply to one."""
    message = update.effective_message
    assert message is not None
    if message.is_automatic_forward:  # a channel's post in its discussion group: nobody asked
        return
    named = is_named(message, context.bot)
    file = photos.file_in(message)
    if file is not None:
        together = message.media_group_id is not None and await asyncio.to_thread(
            _album_was_asked_for, context.services, message.chat_id, message.media_group_id
        )
        if named or together or _replies_to(message, context.bot.id):
            await photos.take_in(update.update_id, message, message, file, context)
    elif named:
        await _about_the_replied(update.update_id, message, context)


async def _about_the_replied(update_id: int, message: Message, context: BotContext) -> None:
    pictured = message.reply_to_message
    file = photos.file_in(pictured) if pictured is not None else None
    if pictured is None or file is None:
        await message.reply_text(context.words("group-help"))
    else:
        await photos.take_in(update_id, message, pictured, file, context)


def is_named(message: Message, bot: ExtBot[None]) -> bool:
    """Whether a text or caption mentions the bot, or gives it a command by its name or that is only its own."""
    ours = f"@{bot.username}".casefold()
    for kind, words, user_id in _entities(message):
        text = words.casefold()
        if kind == MessageEntity.MENTION and text == ours:
            return True
        if kind == MessageEntity.BOT_COMMAND and (text.endswith(ours) or text == f"/{COMMAND}"):
            return True
        if kind == MessageEntity.TEXT_MENTION and user_id == bot.id:
            return True
    return False


def _entities(message: Message) -> Iterable[tuple[str, str, int | None]]:
    """Kind, words and user of what is marked in the text or caption."""
    for entity, words in {**message.parse_entities(), **message.parse_caption_entities()}.items():
        yield entity.type, words, entity.user.id if entity.user else None


def _replies_to(message: Message, bot_id: int) -> bool:
    replied = message.reply_to_message
    return replied is not None and replied.from_user is not None and replied.from_user.id == bot_id


def _album_was_asked_for(services: Services, chat_id: int, album: str) -> bool:
    """Only one photo of an album carries its words; of the others is known that it was taken in."""
    with services.database.read() as session:
        found = select(Submission.id).where(Submission.album == album, Submission.chat_id == chat_id).limit(1)
        return session.scalar(found) is not None
