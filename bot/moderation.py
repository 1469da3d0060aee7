"""Reviewing in the chat: /review brings a card with buttons; a tap answers it and brings the next."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from PIL import ImageOps
from telegram import CallbackQuery, Message, Update, User
from telegram.error import BadRequest, TelegramError

from bot import messages
from bot.context import BotContext, Services
from bot.keyboards import Choice, Tap, review_keyboard
from model.errors import ImageError
from model.images import decode, encode
from review import items, queue
from review.clock import utc_now
from review.errors import AlreadySettled, LeaseLost, NotFound
from review.items import ItemView
from review.people import reviewer_for_telegram
from review.tables import Role, VerdictKind

_log = logging.getLogger(__name__)

_PREVIEW_SIDE = 1280  # pixels: what Telegram makes of a photo anyway
_LARGEST_RATIO = 15  # Telegram refuses photos from 20 on

_KINDS = {Choice.NONE: VerdictKind.NONE, Choice.CANT_TELL: VerdictKind.CANT_TELL, Choice.SKIP: VerdictKind.SKIP}


@dataclass(frozen=True)
class _Card:
    """What a moderator is shown: the item, its photo (None if it is gone) and how many wait besides."""

    item: ItemView
    token: str
    photo: bytes | None
    left: int


async def review(update: Update, context: BotContext) -> None:
    """/review"""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    role = context.caller.role
    if user is None or role is None:
        await message.reply_text(context.words("not-a-moderator"))
        return
    await _bring_next(message.chat_id, user, role, context)


async def pressed(update: Update, context: BotContext) -> None:
    """A tap on any button. Roles are checked again: who was a moderator yesterday may not be one now."""
    query = update.callback_query
    assert query is not None
    role, words = context.caller.role, context.words
    tap = Tap.parse(query.data)
    labels = await asyncio.to_thread(context.services.labels)
    if role is None:
        await _answer(query, words("not-a-moderator"))
        return
    if tap is None or (tap.choice not in labels and tap.choice not in list(Choice)):
        await _answer(query, words("outdated-review-button"))
        return
    choice = words(f"button-{tap.choice}") if tap.choice in list(Choice) else words.label(tap.choice)
    try:
        name = await asyncio.to_thread(_settle, context.services, tap, query.from_user, role)
    except (AlreadySettled, LeaseLost, NotFound) as error:  # any other failure is tried again: no verdict is lost
        refusal = messages.refused_tap(words, error, tap.item_id)
        await _answer(query, refusal)
        await _edit(query, refusal)
    else:
        await _answer(query, None)
        await _edit(query, messages.review_result(words, item_id=tap.item_id, choice=choice, reviewer=name))
        context.services.wake_delivery()
    try:
        await _bring_next(query.from_user.id, query.from_user, role, context)
    except TelegramError as error:  # the verdict is recorded and must not be recorded again; /review brings it, too
        _log.warning("the next review card could not be sent: %s", type(error).__name__)


async def _bring_next(chat_id: int, user: User, role: Role, context: BotContext) -> None:
    labels = await asyncio.to_thread(context.services.labels)
    card = await asyncio.to_thread(_claim_next, context.services, user, role)
    if card is None:
        await context.bot.send_message(chat_id, context.words("nothing-waits"))
        return
    item = card.item
    text = messages.review_card(
        context.words,
        item_id=item.id,
        reasons=item.reasons,
        probabilities=item.probabilities,
        waiting_seconds=(utc_now() - item.submitted_at).total_seconds(),
        left=card.left,
    )
    keyboard = review_keyboard(context.words, item.id, card.token, labels)
    if card.photo is not None:
        try:
            await context.bot.send_photo(chat_id, card.photo, caption=text, reply_markup=keyboard)
            return
        except BadRequest as error:  # one photo that Telegram does not take must not hold up the queue
            _log.warning("the photo of item %d could not be sent: %s", item.id, error)
    await context.bot.send_message(chat_id, f"{context.words('photo-gone')}\n{text}", reply_markup=keyboard)


def _claim_next(services: Services, user: User, role: Role) -> _Card | None:
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        lease = timedelta(seconds=services.review_settings.lease_seconds)
        claim = queue.claim_next(session, reviewer, lease=lease, now=now)
        if claim is None:
            return None
        item, left = items.view(session, claim.item_id), items.count_open(session) - 1
    try:
        photo = _preview(services.images.get(item.image_sha256)) if item.image_sha256 else None
    except (NotFound, ImageError):
        photo = None
    return _Card(item, claim.token, photo, left)


def _preview(data: bytes) -> bytes:
    """A photo as `sendPhoto` takes it: not too large, and not twenty times as long as high."""
    picture = decode(data)
    picture.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    narrowest = max(picture.size) // _LARGEST_RATIO + 1
    size = (max(picture.width, narrowest), max(picture.height, narrowest))
    return encode(ImageOps.pad(picture, size) if size != picture.size else picture)


def _settle(services: Services, tap: Tap, user: User, role: Role) -> str:
    """Record the verdict; returns the reviewer's name."""
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        kind = _KINDS[Choice(tap.choice)] if tap.choice in list(Choice) else VerdictKind.LABEL
        label = tap.choice if kind is VerdictKind.LABEL else None
        try:
            queue.settle(session, tap.item_id, reviewer, kind=kind, label=label, token=tap.token, now=now)
        except AlreadySettled as error:
            if (error.reviewer, error.label) != (reviewer.name, tap.choice):
                raise
            # The same tap again, after a crash between recording it and answering it: go on from there.
        return reviewer.name


async def _answer(query: CallbackQuery, text: str | None) -> None:
    """Stop the button's waiting. A tap that came too late for that (the bot was away) is acted upon all the same."""
    try:
        await query.answer(text, show_alert=text is not None)
    except TelegramError as error:
        _log.info("a tap could not be acknowledged: %s", type(error).__name__)


async def _edit(query: CallbackQuery, text: str) -> None:
    """Turn the card into its result; an edit that names no buttons takes them away.

    The card may be deleted, too old, or turned already.
    """
    try:
        if isinstance(query.message, Message) and query.message.photo:
            await query.edit_message_caption(text)
        else:
            await query.edit_message_text(text)
    except TelegramError as error:
        _log.info("a review card could not be edited: %s", type(error).__name__)
