"""Groups: the bot answers when it is asked, and is quiet otherwise."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from telegram import Message, MessageEntity, Update

from bot import inbox, photos
from bot.context import BotContext
from review import albums
from review.clock import utc_now
from review.tables import Submission

_STILL_COMING = timedelta(seconds=2)  # messages tell their time in whole seconds
PRIVATE_COMMANDS = ("review", "queue", "stats", "model", "retrain", "moderator", "invite", "block", "unblock")


async def asked(update: Update, context: BotContext) -> None:
    """/bear (or what BOT_GROUP_COMMAND says) in reply to a photo: what does it show?"""
    message = update.effective_message
    assert message is not None
    await _about_the_replied(update.update_id, message, context)


async def private_only(update: Update, context: BotContext) -> None:
    """A command of moderators: askers' photos and figures never go to a group, and nobody there need know of them."""
    message = update.effective_message
    assert message is not None
    if is_named(message, context):
        await message.reply_text(context.words("ask-in-private"))


async def in_group(update: Update, context: BotContext) -> None:
    """Whatever else is said in a group: a photo with our name under it or in reply to us, our name in reply to one."""
    message = update.effective_message
    assert message is not None
    if message.is_automatic_forward:  # a channel's post in its discussion group: nobody asked
        return
    file = photos.file_in(message)
    if file is not None:
        if _asks(message, context) or await _album_asks(message, context):
            await photos.take_in(update.update_id, message, message, file, context)
    elif is_named(message, context):
        await _about_the_replied(update.update_id, message, context)


async def _about_the_replied(update_id: int, message: Message, context: BotContext) -> None:
    pictured = message.reply_to_message
    file = photos.file_in(pictured) if pictured is not None else None
    if pictured is None or file is None:
        await message.reply_text(context.words("group-help", command=context.services.settings.group_command))
    else:
        await photos.take_in(update_id, message, pictured, file, context)


def is_named(message: Message, context: BotContext) -> bool:
    """Whether a text or caption mentions the bot, or gives it a command by its name or that is only its own."""
    bot, command = context.bot, f"/{context.services.settings.group_command}"
    ours = f"@{bot.username}".casefold()
    for kind, words, user_id in _entities(message):
        text = words.casefold()
        if kind == MessageEntity.MENTION and text == ours:
            return True
        if kind == MessageEntity.BOT_COMMAND and (text.endswith(ours) or text == command):
            return True
        if kind == MessageEntity.TEXT_MENTION and user_id == bot.id:
            return True
    return False


def _entities(message: Message) -> Iterable[tuple[str, str, int | None]]:
    """Kind, words and user of what is marked in the text or caption."""
    for entity, words in {**message.parse_entities(), **message.parse_caption_entities()}.items():
        yield entity.type, words, entity.user.id if entity.user else None


def _asks(message: Message, context: BotContext) -> bool:
    """Whether this very photo is for us: our name is under it, or it replies to us."""
    replied = message.reply_to_message
    to_us = replied is not None and replied.from_user is not None and replied.from_user.id == context.bot.id
    return to_us or is_named(message, context)


async def _album_asks(message: Message, context: BotContext) -> bool:
    """Only one photo of an album carries its words, any of them; it may come last, or be to be tried again."""
    if message.media_group_id is None:
        return False
    if await asyncio.to_thread(_album_was_asked_for, context, message.chat_id, message.media_group_id):
        return True
    if utc_now() - message.date > _STILL_COMING:
        return False
    await asyncio.sleep(albums.PAUSE.total_seconds())
    return await asyncio.to_thread(_album_was_asked_for, context, message.chat_id, message.media_group_id)


def _album_was_asked_for(context: BotContext, chat_id: int, album: str) -> bool:
    with context.services.database.read() as session:
        found = select(Submission.id).where(Submission.album == album, Submission.chat_id == chat_id).limit(1)
        if session.scalar(found) is not None or albums.tells(session, chat_id, album):
            return True
        payloads = inbox.payloads_of_album(session, chat_id, album)
    waiting = [Update.de_json(payload, context.bot).message for payload in payloads]
    return any(message is not None and _asks(message, context) for message in waiting)
