"""/model: which model answers, for moderators; admins let another one answer, or the previous one again.

The registry is the one truth: each move goes through its own promote and rollback, and so into its ledger, and names
the version that it replaces.
"""

import asyncio
import logging

from telegram import CallbackQuery, InlineKeyboardMarkup, Update
from telegram.error import TelegramError

from bot import model_words
from bot.context import BotContext, Services
from bot.model_keyboard import ModelTap, Move, confirm_keyboard, key_of, moves_keyboard, named
from bot.taps import acknowledge
from model.errors import ChampionChanged, ModelError, NoChampion
from review.clock import utc_now
from review.people import really, telegram_identity
from review.tables import Role
from review.versions import Standing, standing

_log = logging.getLogger(__name__)


async def model(update: Update, context: BotContext) -> None:
    """/model"""
    message = update.effective_message
    assert message is not None
    if context.caller.role is None:
        await message.reply_text(context.words("not-a-moderator"))
        return
    text, keyboard = await _overview(context)
    await message.reply_text(text, reply_markup=keyboard)


async def pressed(update: Update, context: BotContext) -> None:
    """A tap under /model. Whoever is no admin (any more) moves nothing, whatever buttons they see."""
    query = update.callback_query
    assert query is not None
    words = context.words
    if context.caller.role is not Role.ADMIN:
        await acknowledge(query, words("not-an-admin"))
        return
    tap = ModelTap.parse(query.data)
    found = await asyncio.to_thread(_standing, context.services)
    if tap is None or found is None:
        await acknowledge(query, words("outdated-button" if tap is None else "model-unreadable"))
        return
    version = named(tap.version, [found.champion.name, *(other.name for other in found.others)])
    if tap.move is Move.CANCEL:
        await acknowledge(query)
        await _edit(query, *await _overview(context))
    elif tap.move.confirmed and version == found.champion.name:  # the same tap again, after a crash
        await acknowledge(query)
        await _edit(query, words("model-moved", version=version))
    elif version is None or tap.champion != key_of(found.champion.name) or _leads_elsewhere(tap.move, version, found):
        await _changed(query, context)
    elif tap.move.confirmed:
        await _move(query, context, tap.move, version, found.champion.name)
    else:
        await _ask(query, context, tap.move, version, found)


def _leads_elsewhere(move: Move, version: str, found: Standing) -> bool:
    return move in (Move.ROLL_BACK, Move.ROLL_BACK_CONFIRMED) and version != found.previous


async def _ask(query: CallbackQuery, context: BotContext, move: Move, version: str, found: Standing) -> None:
    chosen = found.find(version)
    if chosen is None or chosen.card is None:
        await _changed(query, context)
        return
    await acknowledge(query)
    text = model_words.question(context.words, chosen, found.champion)
    await _edit(query, text, confirm_keyboard(context.words, move, version, found.champion.name))


async def _move(query: CallbackQuery, context: BotContext, move: Move, version: str, champion: str) -> None:
    words = context.words
    try:
        await asyncio.to_thread(_moved, context, query, move, version, champion)
    except ChampionChanged:
        await _changed(query, context)
    except (ModelError, OSError) as error:  # its text may tell of folders of this machine
        _log.error("an admin's choice of model came to nothing: %s", error)
        await acknowledge(query, words("model-not-moved", version=version))
        await _edit(query, *await _overview(context))
    else:
        await acknowledge(query)
        await _edit(query, words("model-moved", version=version))


async def _changed(query: CallbackQuery, context: BotContext) -> None:
    """What the admin saw is no longer so: nothing moves, and they see what is."""
    await acknowledge(query, context.words("model-changed"))
    await _edit(query, *await _overview(context))


def _moved(context: BotContext, query: CallbackQuery, move: Move, version: str, champion: str) -> None:
    """Move the champion. Raises `ChampionChanged` if it is no longer `champion`, other `ModelError`s for a bad version.

    The ledger is no place for people's names or numbers; whose number there is the reviewer's is in the database.
    """
    services, user = context.services, query.from_user
    with services.database.write() as session:
        # The settings alone say who is an admin: one who may review no more is one, too.
        reviewer = really(
            session, telegram_identity(session, user.id, name=user.full_name, role=Role.ADMIN, now=utc_now())
        )
    reason = f"by reviewer {reviewer.id}, in the chat"
    if move is Move.PROMOTE_CONFIRMED:
        services.registry.promote(version, reason=reason, replacing=champion)
    else:
        services.registry.rollback(reason=reason, replacing=champion)


async def _overview(context: BotContext) -> tuple[str, InlineKeyboardMarkup | None]:
    found = await asyncio.to_thread(_standing, context.services)
    if found is None:
        none_yet = await asyncio.to_thread(_is_without_champion, context.services)
        return context.words("model-none" if none_yet else "model-unreadable"), None
    text = model_words.model(context.words, found)
    if context.caller.role is not Role.ADMIN:
        return text, None
    shown = [other for other in found.others[: model_words.SHOWN] if other.card is not None]
    promotable = [other.name for other in shown if other.name != found.previous]
    previous = next((one.name for one in found.others if one.name == found.previous and one.card is not None), None)
    return text, moves_keyboard(context.words, found.champion.name, promotable, previous)


def _standing(services: Services) -> Standing | None:
    """None if the registry cannot be read; `Champion` logs why."""
    try:
        with services.database.read() as session:
            return standing(session, services.registry)
    except (ModelError, OSError):
        return None


def _is_without_champion(services: Services) -> bool:
    try:
        services.registry.champion()
    except NoChampion:
        return True
    except (ModelError, OSError):
        return False
    return False


async def _edit(query: CallbackQuery, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    try:
        await query.edit_message_text(text, reply_markup=keyboard)
    except TelegramError as error:  # it says so already, was deleted, or is too old
        _log.info("a message about the model could not be edited: %s", type(error).__name__)
