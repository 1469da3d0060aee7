"""Reviewing in the chat: /review brings a card; a tap answers it and brings the next; "Undo" takes that back."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from sqlalchemy.orm import Session
from telegram import CallbackQuery, Update, User
from telegram.error import TelegramError

from bot import messages, review_cards
from bot.context import BotContext, Services
from bot.keyboards import Choice, Tap, UndoTap
from bot.review_cards import Card
from bot.taps import acknowledge
from review import gold, items, judging, near_duplicates, queue, standing_verdicts
from review.clock import utc_now
from review.errors import AlreadySettled, LeaseLost, MayNotReview, NotFound, NothingToUndo, NotYours, PhotoDeleted
from review.judging import Circumstances
from review.people import identities, reviewer_for_telegram
from review.tables import Channel, Reviewer, ReviewItem, Role, Verdict, VerdictKind

Handler = Callable[[Update, BotContext], Coroutine[Any, Any, None]]

_log = logging.getLogger(__name__)

_KINDS = {Choice.NONE: VerdictKind.NONE, Choice.CANT_TELL: VerdictKind.CANT_TELL, Choice.SKIP: VerdictKind.SKIP}


@dataclass(frozen=True)
class _Settled:
    """Whose verdict it is and which; `repeated` if it was recorded before; `holds` if its reviewer has another item."""

    reviewer: str
    verdict: int
    repeated: bool = False
    holds: bool = False


@dataclass(frozen=True)
class _TakenBack:
    """By whom, of which item, and the item's card; None, and why, if they cannot have it again."""

    reviewer: str
    item_id: int
    card: Card | None
    refusal: AlreadySettled | LeaseLost | NotFound | None = None


def _for_reviewers(handler: Handler) -> Handler:
    """Whoever an operator removed is told so, also one whom the settings name: trying again would not help."""

    @wraps(handler)
    async def wrapped(update: Update, context: BotContext) -> None:
        try:
            await handler(update, context)
        except MayNotReview:
            if update.callback_query is not None:
                await acknowledge(update.callback_query, context.words("removed-reviewer"))
            elif update.effective_message is not None:
                await update.effective_message.reply_text(context.words("removed-reviewer"))

    return wrapped


@_for_reviewers
async def review(update: Update, context: BotContext) -> None:
    """/review"""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    role = context.caller.role
    if user is None or role is None:
        await message.reply_text(context.words("not-a-moderator"))
        return
    await review_cards.bring_next(message.chat_id, user, role, context)


@_for_reviewers
async def pressed(update: Update, context: BotContext) -> None:
    """A tap on a review card. Roles are checked again: who was a moderator yesterday may not be one now."""
    query = update.callback_query
    assert query is not None
    role, words = context.caller.role, context.words
    tap = Tap.parse(query.data)
    labels = await asyncio.to_thread(context.services.labels)
    if role is None:
        await acknowledge(query, words("not-a-moderator"))
        return
    if tap is None or (tap.choice not in labels and tap.choice not in list(Choice)):
        await acknowledge(query, words("outdated-review-button"))
        return
    if tap.choice == Choice.SPLIT:
        await _split_pressed(query, tap, role, context)
        return
    holds = False
    try:
        settled = await asyncio.to_thread(_settle, context.services, tap, query.from_user, role)
    except (AlreadySettled, LeaseLost, NotFound, NotYours) as error:  # others are tried again: no verdict is lost
        await _refuse(query, context, error, tap.item_id)
    else:
        await acknowledge(query)
        kind, label = _verdict_of(tap)
        reviewer = settled.reviewer
        result = messages.review_result(words, item_id=tap.item_id, kind=kind, label=label, reviewer=reviewer)
        await review_cards.turn(query, context, result, item_id=tap.item_id, undoable=settled.verdict)
        context.services.wake_delivery()
        holds = settled.repeated and settled.holds
    if not holds:  # of who taps twice, the first tap brought the next already
        await _bring_next(query.from_user, role, context)


async def _split_pressed(query: CallbackQuery, tap: Tap, role: Role, context: BotContext) -> None:
    """The card is put back in favour of one for its photo alone."""
    try:
        card = await asyncio.to_thread(_split, context.services, tap, query.from_user, role)
    except (LeaseLost, NotFound) as error:
        await _refuse(query, context, error, tap.item_id)
        return
    await acknowledge(query)
    await review_cards.turn(
        query, context, messages.review_put_back(context.words, item_id=tap.item_id), item_id=tap.item_id, undoable=None
    )
    await review_cards.show(query.from_user.id, card, context)


@_for_reviewers
async def undo_pressed(update: Update, context: BotContext) -> None:
    """A tap on "Undo": this very verdict is taken back, once, and its item shown again."""
    query = update.callback_query
    assert query is not None
    role, words = context.caller.role, context.words
    if role is None:
        await acknowledge(query, words("not-a-moderator"))
        return
    tap = UndoTap.parse(query.data)
    if tap is None:
        await acknowledge(query, words("outdated-review-button"))
        return
    try:
        taken = await asyncio.to_thread(_take_back, context.services, tap, query.from_user, role)
    except NothingToUndo:
        await acknowledge(query, words("nothing-to-undo"))
        return
    except PhotoDeleted as error:
        await acknowledge(query, messages.refused_tap(words, error, error.item_id))
        if error.item_id == tap.card_id:
            await review_cards.take_away(query, context)
        return
    except NotFound:
        await acknowledge(query, words("outdated-review-button"))
        return
    await acknowledge(query, messages.refused_tap(words, taken.refusal, taken.item_id) if taken.refusal else None)
    if taken.item_id == tap.card_id:
        text = messages.review_undone(words, item_id=taken.item_id, reviewer=taken.reviewer)
    else:
        text = messages.review_put_back(words, item_id=tap.card_id)
    await review_cards.turn(query, context, text, item_id=tap.card_id, undoable=None)
    try:
        if taken.card is not None:
            await review_cards.show(query.from_user.id, taken.card, context)
    except TelegramError as error:  # it is taken back and in this reviewer's hands; /review brings it, too
        _log.warning("the card of an item that was taken back could not be sent: %s", type(error).__name__)
    if taken.card is None:
        await _bring_next(query.from_user, role, context)


async def _bring_next(user: User, role: Role, context: BotContext) -> None:
    try:
        await review_cards.bring_next(user.id, user, role, context)
    except TelegramError as error:  # the verdict is recorded and must not be recorded again; /review brings it, too
        _log.warning("the next review card could not be sent: %s", type(error).__name__)


async def _refuse(
    query: CallbackQuery, context: BotContext, error: AlreadySettled | LeaseLost | NotFound | NotYours, item_id: int
) -> None:
    refusal = messages.refused_tap(context.words, error, item_id)
    await acknowledge(query, refusal)
    if isinstance(error, NotFound):
        await review_cards.take_away(query, context)
    else:
        await review_cards.turn(query, context, refusal, item_id=item_id, undoable=None)


def _verdict_of(tap: Tap) -> tuple[VerdictKind, str | None]:
    """Its kind, and its label if it has one."""
    if tap.choice in list(Choice):
        return _KINDS[Choice(tap.choice)], None
    return VerdictKind.LABEL, tap.choice


def _settle(services: Services, tap: Tap, user: User, role: Role) -> _Settled:
    """Record the verdict; the same tap again (after a crash between recording and answering it) finds it recorded."""
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        kind, label = _verdict_of(tap)
        repeated = False
        items.require_photo(session, tap.item_id)
        try:
            how = _circumstances(session, services, tap.item_id, reviewer, now)
            judging.settle(session, tap.item_id, reviewer, kind=kind, label=label, token=tap.token, how=how, now=now)
        except AlreadySettled as error:
            if (error.reviewer, error.label) != (reviewer.name, tap.choice):
                raise
            repeated = True
        except LeaseLost:
            # Skipping leaves an item open, and so does the first of several verdicts; it is in nobody's hands then.
            last = standing_verdicts.last(session, reviewer, item_id=tap.item_id)
            if last is None or (last.kind, last.label) != (kind, label):
                raise
            repeated = True
        verdict = standing_verdicts.last(session, reviewer, item_id=tap.item_id)
        assert verdict is not None
        holds = queue.held(session, reviewer, now, at=Channel.CHAT) is not None
        return _Settled(reviewer.name, verdict.id, repeated, holds)


def _circumstances(
    session: Session, services: Services, item_id: int, reviewer: Reviewer, now: datetime
) -> Circumstances:
    """How long the card was there, and whether the model's answer stood on it."""
    item = session.get(ReviewItem, item_id)
    check = gold.given(session, item_id, reviewer)
    until = check.expires_at if check is not None else item.lease_expires_at if item is not None else None
    seconds = (review_cards.lease_of(services) - (until - now)).total_seconds() if until is not None else None
    blind = item is not None and item.verdicts_needed > 1 and not item.needs_adjudicator
    answered = item is not None and item.suggested_label is not None
    return Circumstances(
        Channel.CHAT,
        seconds=seconds if seconds is not None and seconds >= 0 else None,  # the setting was another then
        answer_shown=answered and not blind,
    )


def _split(services: Services, tap: Tap, user: User, role: Role) -> Card:
    """The near-duplicates are looked at by themselves; the card's item stays in this reviewer's hands."""
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        claim = queue.renew(session, tap.item_id, tap.token, lease=review_cards.lease_of(services), now=now)
        near_duplicates.split(session, tap.item_id)
        return review_cards.card_of(session, claim, reviewer)


def _take_back(services: Services, tap: UndoTap, user: User, role: Role) -> _TakenBack:
    """Take the verdict back and the item into this reviewer's hands, in place of what they hold.

    Raises `NotFound` for a verdict that is not theirs; `PhotoDeleted`: it stays, as nobody could give another;
    `NothingToUndo` if it was taken back before, and they have moved on since.
    """
    now = utc_now()
    with services.database.write() as session:
        reviewer = reviewer_for_telegram(session, user.id, name=user.full_name, role=role, now=now)
        verdict = session.get(Verdict, tap.verdict_id)
        if (
            verdict is None
            or verdict.reviewer_id not in identities(session, reviewer)
            or verdict.kind is VerdictKind.UNDO
        ):
            raise NotFound(f"{reviewer.name} gave no verdict {tap.verdict_id}")
        item_id = verdict.item_id
        items.require_photo(session, item_id)
        try:
            judging.undo(session, reviewer, verdict_id=verdict.id, now=now)
        except NothingToUndo:
            held = queue.held(session, reviewer, now, at=Channel.CHAT)
            if held is None or held.item_id != item_id:
                raise
            # The same tap once more, after a crash maybe: whether its card was shown then is not known.
            return _TakenBack(reviewer.name, item_id, review_cards.card_of(session, held, reviewer))
        queue.release_all(session, reviewer, besides=[item_id], at=Channel.CHAT)
        try:
            lease = review_cards.lease_of(services)
            claim = queue.claim(session, item_id, reviewer, lease=lease, now=now, at=Channel.CHAT)
        except (AlreadySettled, LeaseLost, NotFound) as error:
            return _TakenBack(reviewer.name, item_id, None, error)
        return _TakenBack(reviewer.name, item_id, review_cards.card_of(session, claim, reviewer))
