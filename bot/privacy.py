"""/privacy, /my_data, /delete_my_data: what is kept about people, and how they get it or get rid of it."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from telegram import CallbackQuery, Update
from telegram.error import TelegramError

from bot import menus
from bot.context import BotContext, Services
from bot.privacy_keyboard import PrivacyTap, Wish, question_keyboard
from bot.taps import acknowledge
from review import erasure, outbox
from review.admission import Access
from review.clock import utc_now
from review.errors import DatabaseError
from review.outbox import OutboxKind, Recipient
from review.scrubbing import fold_log
from review.tables import InboxUpdate

_log = logging.getLogger(__name__)

_PATIENCE = timedelta(minutes=15)  # then nobody remembers what was asked


async def privacy(update: Update, context: BotContext) -> None:
    """/privacy"""
    message = update.effective_message
    assert message is not None
    settings = context.services.review_settings
    await message.reply_text(
        context.words(
            "privacy",
            retention=settings.retention_days,
            messages=settings.messages_days,
            backups=settings.backups_kept,
        )
    )


async def in_group(update: Update, context: BotContext) -> None:
    """What is between the bot and one person is not for a group to read."""
    message = update.effective_message
    assert message is not None
    await message.reply_text(context.words("ask-in-private"))


async def my_data(update: Update, context: BotContext) -> None:
    """/my_data"""
    user = update.effective_user
    if user is not None:
        await asyncio.to_thread(_ask_for_part, context, user.id, 1, update.update_id)
        context.services.wake_delivery()


async def delete_my_data(update: Update, context: BotContext) -> None:
    """/delete_my_data: says what goes and what stays, and asks."""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    if user is None:
        return
    words, caller, settings = context.words, context.caller, context.services.settings
    until = int((utc_now() + _PATIENCE).timestamp())
    invited = settings.access is Access.INVITATION and caller.known.admitted and caller.role is None
    await message.reply_text(
        words(
            "delete-question",
            blocked=int(caller.known.blocked),
            reviews=int(caller.role is not None),
            invited=int(invited and user.id not in settings.allowed_askers),
        ),
        reply_markup=question_keyboard(words, user.id, until),
    )


async def pressed(update: Update, context: BotContext) -> None:
    """A tap on one of these buttons; nobody else's tap counts."""
    query, words = update.callback_query, context.words
    assert query is not None
    tap = PrivacyTap.parse(query.data)
    if tap is None or tap.user_id != query.from_user.id:
        await acknowledge(query, words("outdated-button"))
        return
    if tap.wish is Wish.PART:
        await asyncio.to_thread(_ask_for_part, context, tap.user_id, tap.number, update.update_id)
        await acknowledge(query)
        context.services.wake_delivery()
        return
    await acknowledge(query)
    if tap.wish is Wish.KEEP:
        await _turn(query, words("not-deleted"))
        return
    holds_until = datetime.fromtimestamp(tap.number, UTC)
    if not await asyncio.to_thread(_erase, context.services, tap.user_id, update.update_id, holds_until):
        await _turn(query, words("delete-question-outdated"))
        return
    if context.caller.role is None:
        await menus.reset_for(context.bot, tap.user_id)
    await _turn(query, words("deleted"))
    await asyncio.to_thread(_forget_update, context.services, update.update_id)


def _erase(services: Services, user_id: int, update_id: int, holds_until: datetime) -> bool:
    """Delete everything; False if the question was asked too long ago. The same tap again deletes what is left.

    It counts when the tap came, not when it is handled: the bot may have been away, or killed halfway.
    """
    with services.database.write() as session:
        update = session.get(InboxUpdate, update_id)
        if (update.received_at if update is not None else utc_now()) > holds_until:
            return False
        erased = erasure.erase_person(session, user_id, besides_update=update_id)
    erasure.remove_photos(services.database, services.images, services.registry.feature_store, erased.photos)
    _log.info("somebody had their data deleted", extra={"count": erased.submissions})
    try:
        fold_log(services.database)
    except DatabaseError as error:  # everything is deleted; the upkeep folds the log in, too
        _log.warning("the log of the database could not be emptied yet: %s", error)
    return True


def _forget_update(services: Services, update_id: int) -> None:
    """Last, because a kill before has the tap handled anew: then the person hears that it is done."""
    with services.database.write() as session:
        erasure.forget_update(session, update_id, utc_now())


def _ask_for_part(context: BotContext, user_id: int, part: int, update_id: int) -> None:
    with context.services.database.write() as session:
        outbox.enqueue(
            session,
            kind=OutboxKind.MY_DATA,
            parameters={"part": part},
            recipient=Recipient(user_id, language=context.language),  # a private chat has the number of its person
            dedupe_key=f"my_data:{update_id}",
            now=utc_now(),
        )


async def _turn(query: CallbackQuery, text: str) -> None:
    """The question becomes its answer, without buttons."""
    try:
        await query.edit_message_text(text)
    except TelegramError as error:  # it says so already, was deleted, or is too old
        _log.info("the answer to a wish could not be shown: %s", type(error).__name__)
