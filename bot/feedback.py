"""What askers tap under an answer: "Right", "Wrong", what it shows instead. A claim is evidence, never a verdict."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from telegram import CallbackQuery, InlineKeyboardMarkup, Update
from telegram.error import TelegramError

from bot.answer_keyboard import AnswerTap, Say, instead, right_or_wrong, wrong_ones
from bot.catalogue import Catalogue
from bot.context import BotContext, Services
from bot.keyboards import labels_on_buttons
from review import claims, known_photos, submissions
from review.claims import Effect
from review.clock import utc_now
from review.outbox import OutboxKind
from review.quorum import Quorum
from review.tables import NONE_OF_THESE, Claim, PredictionRecord, Submission

_log = logging.getLogger(__name__)

_TOASTS = {
    Effect.THANKED: "claim-thanked",
    Effect.OPENED: "claim-opened",
    Effect.ADDED: "claim-opened",
    Effect.SETTLED: "claim-settled",
    Effect.REPEATED: "claim-repeated",
}


@dataclass(frozen=True)
class _Outcome:
    """What the tapper reads, and the buttons from now on; `changes_buttons` False: they stay as they are."""

    toast: str | None
    buttons: InlineKeyboardMarkup | None = None
    changes_buttons: bool = True


async def pressed(update: Update, context: BotContext) -> None:
    """A tap under an answer; only who sent the photo has a say."""
    query = update.callback_query
    assert query is not None
    outcome = await asyncio.to_thread(_act, context.services, query, context.words)
    if outcome.changes_buttons:
        try:
            await query.edit_message_reply_markup(outcome.buttons)
        except TelegramError as error:  # the message is gone, or shows these buttons already
            _log.info("the buttons under an answer could not be changed: %s", type(error).__name__)
    try:
        await query.answer(outcome.toast)  # last: then the buttons are those that belong to it
    except TelegramError as error:  # too late for that (the bot was away): it took effect all the same
        _log.info("a tap could not be acknowledged: %s", type(error).__name__)
    context.services.wake_delivery()


def _act(services: Services, query: CallbackQuery, words: Catalogue) -> _Outcome:
    tap = AnswerTap.parse(query.data)
    labels = services.labels()
    outdated = _Outcome(words("outdated-answer-button"), changes_buttons=False)
    if tap is None or query.message is None or (tap.say is Say.LABEL and tap.label not in labels):
        return outdated
    chat_id, message_id = query.message.chat.id, query.message.message_id
    with services.database.write() as session:
        submission = session.get(Submission, tap.submission_id)
        if submission is None or submission.chat_id != chat_id:
            return outdated
        if not submissions.is_by(session, submission, query.from_user.id):
            return _Outcome(words("not-your-answer"), changes_buttons=False)
        if tap.say is Say.WRONG:
            told = _told(session, submission)
            others = labels_on_buttons([label for label in labels if label != told], _judged(session, submission))
            return _Outcome(None, instead(words, submission.id, others))
        toast = None
        if tap.say is not Say.BACK:
            quorum = services.review_settings.quorum
            toast = words(_TOASTS[_claim(session, submission, tap, f"callback:{query.id}", quorum)])
        return _Outcome(toast, _buttons_left(session, words, submission, message_id))


def _claim(session: Session, submission: Submission, tap: AnswerTap, source_key: str, quorum: Quorum) -> Effect:
    now = utc_now()
    if tap.say is Say.RIGHT:
        return claims.agree(session, submission, source_key=source_key, now=now)
    label = NONE_OF_THESE if tap.say is Say.NONE else tap.label
    return claims.dispute(session, submission, label=label, source_key=source_key, quorum=quorum, now=now)


def _told(session: Session, submission: Submission) -> str | None:
    """The label that its sender was told last."""
    item = known_photos.item_of(session, submission)
    if item is not None and item.told_label is not None:
        return item.told_label
    return session.scalar(select(PredictionRecord.label).where(PredictionRecord.submission_id == submission.id))


def _judged(session: Session, submission: Submission) -> dict[str, float] | None:
    """What the model gave each label."""
    return session.scalar(select(PredictionRecord.probabilities).where(PredictionRecord.submission_id == submission.id))


def _buttons_left(
    session: Session, words: Catalogue, submission: Submission, message_id: int
) -> InlineKeyboardMarkup | None:
    """Under an answer, or under an album's: of the photos of which its sender said nothing yet."""
    assert submission.chat_id is not None
    said = submissions.said_in(session, submission.chat_id, message_id)
    if said is not None and said.kind == OutboxKind.ALBUM.value:
        numbered = [
            (number, answered)
            for number, answered in submissions.answered_in_album(said.parameters)
            if not _has_claim(session, answered, said.sent_at)
        ]
        return wrong_ones(words, numbered)
    has_claim = _has_claim(session, submission.id, said.sent_at if said is not None else None)
    return None if has_claim else right_or_wrong(words, submission.id)


def _has_claim(session: Session, submission_id: int, since: datetime | None) -> bool:
    """Whether its sender said something of this answer; what they said of one before it does not count."""
    of_this = () if since is None else (Claim.created_at >= since,)
    return bool(session.scalar(select(exists().where(Claim.submission_id == submission_id, *of_this))))
