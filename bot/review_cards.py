"""Review cards: an item as it is shown to a moderator in the chat, with its photo, and what a card turns into."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from PIL import Image, ImageOps
from sqlalchemy.orm import Session
from telegram import CallbackQuery, Message, User
from telegram.error import BadRequest, TelegramError

from bot import messages, removal
from bot.context import BotContext, Services
from bot.keyboards import labels_on_buttons, result_keyboard, review_keyboard
from bot.work import until_done
from model.errors import ImageError
from model.images import decode, encode
from review import items, near_duplicates, queue, showings, standing_verdicts
from review.clock import utc_now
from review.errors import NotFound
from review.items import ItemView
from review.outbox import Recipient
from review.people import reviewer_for_telegram
from review.queue import Claim
from review.tables import Channel, Reviewer, Role

_log = logging.getLogger(__name__)

_PREVIEW_SIDE = 1280  # pixels: what Telegram makes of a photo anyway
_LARGEST_RATIO = 15  # Telegram refuses photos from 20 on
_MOST_IN_STRIP = 6  # thumbnails of near-duplicates below a photo
_SMALLEST_THUMBNAIL, _GAP = 96, 6  # pixels


@dataclass(frozen=True)
class Card:
    """What a moderator is shown: the item, how many wait besides, and the verdict that "Undo" would take back."""

    item: ItemView
    token: str
    left: int
    undoable: int | None
    group: tuple[str, ...] = ()  # the photos (sha256) of its near-duplicates: one answer is for all of them
    said: tuple[tuple[str, str], ...] = ()  # who said what, if reviewers disagree; "none" for none of these


async def bring_next(chat_id: int, user: User, role: Role, context: BotContext) -> None:
    """Claim the next item for this moderator and show it; or tell that nothing waits."""
    card = await asyncio.to_thread(_claim_next, context.services, user, role)
    if card is None:
        await context.bot.send_message(chat_id, context.words("nothing-waits"))
    else:
        await show(chat_id, card, context)


def card_of(session: Session, claim: Claim, reviewer: Reviewer) -> Card:
    """What to show of an item that was just claimed."""
    last = standing_verdicts.last(session, reviewer)
    left = max(0, items.count_open(session) - 1)  # of an item that measures its reviewer, too: it looks open
    group = near_duplicates.members(session, claim.item_id)[1:]
    return Card(
        items.view(session, claim.item_id, as_open=True),
        claim.token,
        left,
        last.id if last else None,
        tuple(member.image_sha256 for member in group if member.image_sha256 is not None),
        standing_verdicts.disagreement(session, claim.item_id),
    )


async def show(chat_id: int, card: Card, context: BotContext) -> None:
    """Send a card: the photo with its caption and buttons; without the photo if it cannot be shown."""
    labels, photo = await asyncio.to_thread(_labels_and_photo, context.services, card)
    probabilities = None if card.item.blind else card.item.probabilities
    text = messages.review_card(
        context.words,
        item_id=card.item.id,
        reasons=card.item.reasons,
        probabilities=probabilities,
        claimed=() if card.item.blind else card.item.claimed_labels,
        waiting_seconds=(utc_now() - card.item.submitted_at).total_seconds(),
        left=card.left,
        blind=card.item.blind,
        near_duplicates=len(card.group),
        said=card.said,
    )
    keyboard = review_keyboard(
        context.words,
        card.item.id,
        card.token,
        labels_on_buttons(labels, probabilities),
        undoable=card.undoable,
        group=bool(card.group),
    )
    shown = None
    if photo is not None:
        try:
            shown = await context.bot.send_photo(chat_id, photo, caption=text, reply_markup=keyboard)
        except BadRequest as error:  # one photo that Telegram does not take must not hold up the queue
            _log.warning("the photo of item %d could not be sent: %s", card.item.id, error)
    if shown is None:
        text = f"{context.words('photo-gone')}\n{text}"
        shown = await context.bot.send_message(chat_id, text, reply_markup=keyboard)
    await until_done(partial(_note, context, card.item.id, chat_id, shown.message_id))


async def turn(query: CallbackQuery, context: BotContext, text: str, *, item_id: int, undoable: int | None) -> None:
    """Turn the card under a tap into its result, with an "Undo" if there is something to take back.

    The card may be deleted, too old, or turned already.
    """
    keyboard = result_keyboard(context.words, item_id, undoable) if undoable is not None else None
    try:
        if isinstance(query.message, Message) and query.message.photo:
            await query.edit_message_caption(text, reply_markup=keyboard)
        else:
            await query.edit_message_text(text, reply_markup=keyboard)
    except TelegramError as error:
        _log.info("a review card could not be edited: %s", type(error).__name__)


async def take_away(query: CallbackQuery, context: BotContext) -> None:
    """Delete the card under a tap: its photo was deleted, so it is not to stay in the chat either."""
    if query.message is None:
        return
    instead = context.words("photo-deleted")
    try:
        await removal.take_away(context.bot, query.message.chat.id, query.message.message_id, instead=instead)
    except TelegramError as error:
        _log.info("a review card could not be deleted: %s", type(error).__name__)


def _note(context: BotContext, item_id: int, chat_id: int, message_id: int) -> None:
    """Remember where the photo is seen, also while the bot is stopping."""
    with context.services.database.write() as session:
        recipient = Recipient(chat_id, language=context.language)
        showings.note_card(session, item_id, recipient, message_id, utc_now())


def _claim_next(services: Services, user: User, role: Role) -> Card | None:
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        claim = queue.claim_next(
            session,
            reviewer,
            lease=lease_of(services),
            now=now,
            first=services.slate.order(),
            gold_rate=services.review_settings.gold_rate,
            at=Channel.CHAT,
        )
        return None if claim is None else card_of(session, claim, reviewer)


def lease_of(services: Services) -> timedelta:
    """How long a card stays with whom it was shown."""
    return timedelta(seconds=services.review_settings.lease_seconds)


def _labels_and_photo(services: Services, card: Card) -> tuple[tuple[str, ...], bytes | None]:
    shown = card.item.image_sha256
    picture = _picture(services, shown) if shown else None
    strip = [one for sha256 in card.group[:_MOST_IN_STRIP] if (one := _picture(services, sha256)) is not None]
    return services.labels(), _preview(picture, strip) if picture is not None else None


def _picture(services: Services, sha256: str) -> Image.Image | None:
    """None for what cannot be shown: one photo must not hold up the queue."""
    try:
        return decode(services.images.get(sha256))
    except (NotFound, ImageError):
        return None


def _preview(picture: Image.Image, strip: Sequence[Image.Image]) -> bytes:
    """A photo as `sendPhoto` takes it: not too large, and not twenty times as long as high; with a strip below it."""
    picture.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    if strip:
        side = max(picture.width // _MOST_IN_STRIP, _SMALLEST_THUMBNAIL)
        sheet = Image.new("RGB", (max(picture.width, side * len(strip)), picture.height + _GAP + side), "white")
        sheet.paste(picture)
        for place, one in enumerate(strip):
            sheet.paste(ImageOps.pad(one, (side - _GAP, side), color="white"), (place * side, picture.height + _GAP))
        picture = sheet
    narrowest = max(picture.size) // _LARGEST_RATIO + 1
    size = (max(picture.width, narrowest), max(picture.height, narrowest))
    return encode(ImageOps.pad(picture, size) if size != picture.size else picture)
