"""For admins: /retrain, and /moderator add, remove and list. What they decide takes effect at once."""

import asyncio
from enum import StrEnum

from telegram import Message, MessageEntity, MessageOriginUser, Update, User
from telegram.error import BadRequest, Forbidden
from telegram.ext import ExtBot

from bot import menus
from bot.context import BotContext, Services
from review import moderators
from review.clock import utc_now
from review.moderators import Person
from review.outbox import Recipient
from review.people import acquaintance
from review.tables import ChatAccess, Role

_LARGEST_ID = 2**52  # Telegram's ids have at most 52 bits


class _Unknown(StrEnum):
    """Why it is not known whom an admin means; the sentences are `moderator-...`."""

    USAGE = "usage"
    NAME = "unknown-name"
    HIDDEN = "hidden"
    BOT = "is-a-bot"


async def retrain(update: Update, context: BotContext) -> None:
    """/retrain"""
    message = update.effective_message
    assert message is not None
    if context.caller.role is not Role.ADMIN:
        await message.reply_text(context.words("not-an-admin"))
        return
    recipient = Recipient(message.chat_id, None, message.message_id, context.language)
    started = await context.services.retrainer.start(recipient)
    await message.reply_text(context.words("retrain-started" if started else "retrain-running"))


async def moderator(update: Update, context: BotContext) -> None:
    """/moderator add|remove|list"""
    message, words = update.effective_message, context.words
    assert message is not None
    if context.caller.role is not Role.ADMIN:
        await message.reply_text(words("not-an-admin"))
        return
    what, *rest = [text.casefold() for text in context.args or ()] or [""]
    if what == "list" and not rest:
        await message.reply_text(await asyncio.to_thread(_list, context))
        return
    if what not in ("add", "remove") or (len(rest) > 1 and _mentioned(message) is None):
        await message.reply_text(words("moderator-usage"))
        return
    meant = await _meant(message, rest[0] if rest else None, context.bot)
    if isinstance(meant, _Unknown):
        await message.reply_text(words(f"moderator-{meant}"))
    elif meant.telegram_user_id in context.services.settings.admins:
        await message.reply_text(words("moderator-is-admin", name=_called(meant)))
    elif what == "add":
        await _add(message, meant, context)
    else:
        await _remove(message, meant, context)


async def _add(message: Message, person: Person, context: BotContext) -> None:
    reachable, language = await asyncio.to_thread(_appoint, context.services, person, message)
    if reachable:
        context.services.wake_delivery()
        await menus.set_for(context.bot, person.telegram_user_id, Role.MODERATOR, language)
        await message.reply_text(context.words("moderator-added", name=_called(person)))
    else:
        await message.reply_text(context.words("moderator-added-unseen", name=_called(person)))


async def _remove(message: Message, person: Person, context: BotContext) -> None:
    was_one = await asyncio.to_thread(_dismiss, context.services, person)
    await menus.reset_for(context.bot, person.telegram_user_id)
    said = "moderator-removed" if was_one else "moderator-not-one"
    await message.reply_text(context.words(said, name=_called(person)))


async def _meant(message: Message, argument: str | None, bot: ExtBot[None]) -> Person | _Unknown:
    """Whom an admin names: by a mention that carries the person, by number, or by the message that is replied to."""
    mentioned = _mentioned(message)
    if mentioned is not None:
        return _person(mentioned)
    if argument is None:
        return _behind(message.reply_to_message)
    if argument.startswith("@"):
        return _Unknown.NAME  # Telegram tells bots of channels by their names, not of people
    if not (argument.isascii() and argument.isdigit() and 0 < int(argument[:20]) < _LARGEST_ID):
        return _Unknown.USAGE
    try:
        found = await bot.get_chat(int(argument))
    except (BadRequest, Forbidden):  # somebody who never wrote to the bot
        return Person(int(argument))
    return Person(int(argument), found.full_name or "")


def _mentioned(message: Message) -> User | None:
    """People without a @name are mentioned by what they are called, and then Telegram tells who they are."""
    return next((entity.user for entity in message.parse_entities([MessageEntity.TEXT_MENTION])), None)


def _behind(replied: Message | None) -> Person | _Unknown:
    """Who wrote a message that was forwarded, or whose contact it is."""
    if replied is None:
        return _Unknown.USAGE
    if replied.contact is not None and replied.contact.user_id is not None:
        contact = replied.contact
        return Person(replied.contact.user_id, " ".join(filter(None, (contact.first_name, contact.last_name))))
    if isinstance(replied.forward_origin, MessageOriginUser):
        return _person(replied.forward_origin.sender_user)
    return _Unknown.USAGE if replied.forward_origin is None else _Unknown.HIDDEN


def _person(user: User) -> Person | _Unknown:
    return _Unknown.BOT if user.is_bot else Person(user.id, user.full_name)


def _called(person: Person) -> str:
    return f"{person.name} ({person.telegram_user_id})" if person.name else str(person.telegram_user_id)


def _appoint(services: Services, person: Person, message: Message) -> tuple[bool, str | None]:
    """Whether they can be told, and in which language."""
    with services.database.write() as session:
        source_key = f"{message.chat_id}:{message.message_id}"
        reachable = moderators.appoint(session, person, source_key=source_key, now=utc_now())
        return reachable, acquaintance(session, person.telegram_user_id).language


def _dismiss(services: Services, person: Person) -> bool:
    """Whether they were a moderator."""
    with services.database.write() as session:
        access = acquaintance(session, person.telegram_user_id).chat_access
        was_one = services.settings.role_of(person.telegram_user_id, access) is not None
        if was_one:
            moderators.dismiss(session, person, utc_now())
        return was_one


def _list(context: BotContext) -> str:
    """Everybody who may review in the chat: admins first, then those of the settings, then those appointed."""
    services, words = context.services, context.words
    with services.database.read() as session:
        known = moderators.decided(session)
    lines = []
    for user_id in dict.fromkeys([*services.settings.admins, *services.settings.moderators, *known]):
        name, access = known.get(user_id, ("", None))
        role = services.settings.role_of(user_id, access)
        if role is not None:
            by = "admin" if role is Role.ADMIN else "appointed" if access is ChatAccess.GRANTED else "settings"
            lines.append(f"- {_called(Person(user_id, name))}: {words(f'moderator-by-{by}')}")
    return "\n".join([words("moderator-list"), *lines])
