"""/why: how the model came to an answer, as a picture. The outbox brings it; here is found which photo is meant."""

import asyncio
import logging

from sqlalchemy.orm import Session
from telegram import Message, Update, User
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import inbox, messages
from bot.context import BotContext
from review import outbox, submissions
from review.clock import utc_now
from review.outbox import OutboxKind, Recipient
from review.tables import ItemStatus, ReviewItem, Submission

_log = logging.getLogger(__name__)


async def why(update: Update, context: BotContext) -> None:
    """/why, in reply to an answer, to one's own photo or to a review card (moderators); else of one's latest photo."""
    message, user = update.effective_message, update.effective_user
    assert message is not None
    assert user is not None  # private chats have nobody else
    item = _item_on(message.reply_to_message, context.bot.id)
    refusal = await asyncio.to_thread(_ask, context, message, user, item)
    if refusal is not None:
        await message.reply_text(refusal)
        return
    try:
        await message.reply_chat_action(ChatAction.UPLOAD_PHOTO)  # drawing takes seconds
    except TelegramError as error:  # it only looks nice
        _log.info("could not show that the bot is busy: %s", type(error).__name__)
    context.services.wake_delivery()


def _item_on(replied: Message | None, bot_id: int) -> int | None:
    """The item of a review card; only what the bot itself wrote is believed."""
    if replied is None or replied.from_user is None or replied.from_user.id != bot_id:
        return None
    return messages.item_on_card(replied.caption or replied.text or "")


def _ask(context: BotContext, message: Message, user: User, item: int | None) -> str | None:
    """Have the explanation sent; or the sentence that says why not. Askers are told of their own photos only."""
    moderator = context.caller.role is not None
    if item is not None and not moderator:
        return context.words("not-a-moderator")
    replied = message.reply_to_message
    with context.services.database.write() as session:
        if item is not None:
            if _is_judged_blind(session, item):
                return context.words("card-blind")
            submission = submissions.of_item(session, item)
        elif replied is not None:
            submission = submissions.pointed_at(session, message.chat_id, replied.message_id)
        elif inbox.waits(session, message.chat_id):  # photos wait in lines of their own: the latest is yet to come
            return context.words("still-looking")
        else:
            submission = submissions.latest_of(session, user.id)
        if submission is None and replied is None:
            return context.words("no-photo-yet")
        if submission is None or not (moderator or submissions.is_by(session, submission, user.id)):
            return context.words("not-your-photo")
        outbox.enqueue(
            session,
            kind=OutboxKind.EXPLANATION,
            parameters={"submission": submission.id},
            recipient=Recipient(message.chat_id, None, _quoted(message, submission), context.language),
            dedupe_key=f"why:{message.chat_id}:{message.message_id}",
            now=utc_now(),
        )
    return None


def _is_judged_blind(session: Session, item_id: int) -> bool:
    """Whether what the model thinks would lead who may still judge it, or is measured by it as if they might."""
    item = session.get(ReviewItem, item_id)
    if item is None or item.verdicts_needed < 2 or item.needs_adjudicator:
        return False
    return item.status is ItemStatus.OPEN or item.gold_at is not None


def _quoted(message: Message, submission: Submission) -> int:
    """The message under which the explanation stands: the photo itself where it was sent, else what was pointed at."""
    if submission.chat_id == message.chat_id and submission.message_id is not None:
        return submission.message_id
    replied = message.reply_to_message
    return (replied or message).message_id
