"""Where moderators were shown a photo in their chats, so that it leaves them when it is deleted.

Functions take a session and never commit. That a card was shown is a row of the outbox that was sent from the
beginning; it stays as long as the photo. When that goes, a row that has the bot take the message away stands in its
place, written in the transaction that deletes the photo.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, Recipient
from review.tables import Asker, OutboxMessage, ReviewItem, Submission

_SHEETS = ("why:", "why:~")  # keys of explanations lie between these


def note_card(session: Session, item_id: int, recipient: Recipient, message_id: int, now: datetime) -> None:
    """A card of this item, as a message of this chat; if the photo was deleted while it was sent, it goes at once."""
    key = f"{_prefix(item_id)}{recipient.chat_id}:{message_id}"
    card = session.scalar(select(OutboxMessage).where(OutboxMessage.dedupe_key == key))
    if card is None:  # a sandbox counts its messages from 1 each time
        card = OutboxMessage(
            dedupe_key=key,
            kind=OutboxKind.REVIEW_CARD.value,
            parameters={"item": item_id},
            chat_id=recipient.chat_id,
            language=recipient.language,
            created_at=now,
            next_attempt_at=now,
            sent_at=now,
            sent_message_id=message_id,
        )
        session.add(card)
        session.flush()
    photo = (
        select(Submission.image_sha256)
        .join(ReviewItem, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.id == item_id)
    )
    if session.scalar(photo) is None:
        _take_away(session, [card], now)


def note_sheet(session: Session, outbox_id: int, now: datetime) -> None:
    """An explanation was sent: if the photo was deleted while it was, it goes at once."""
    sheet = session.get(OutboxMessage, outbox_id)  # none: its reader had everything deleted, and keeps their own chat
    if sheet is None or sheet.sent_message_id is None:
        return
    kept = select(Submission.image_sha256).where(Submission.id == sheet.parameters["submission"])
    if session.scalar(kept) is None:
        _take_away(session, [sheet], now)


def take_away(session: Session, submissions: Collection[int], now: datetime) -> None:
    """Have every message go that showed a moderator the photo of one of these; their askers' own chats are theirs."""
    items = session.scalars(select(ReviewItem.id).where(ReviewItem.submission_id.in_(submissions))).all()
    # One by one: each follows the index of the keys, where one statement for all would read the whole outbox.
    for item in items:
        _take_away(session, session.scalars(select(OutboxMessage).where(_is_card_of(item))).all(), now)
    sheets = select(OutboxMessage).where(
        OutboxMessage.dedupe_key.between(*_SHEETS),
        OutboxMessage.parameters["submission"].as_integer().in_(submissions),
        OutboxMessage.sent_message_id.is_not(None),
        _is_sheet_of_another(),
    )
    _take_away(session, session.scalars(sheets).all(), now)


def outlive_their_reader() -> ColumnElement[bool]:
    """Rows of a chat that do not go with the data of whose chat it is: they are about what others sent."""
    return or_(OutboxMessage.kind == OutboxKind.REMOVAL.value, stands())


def stands() -> ColumnElement[bool]:
    """Rows that say where moderators see a photo that is still kept."""
    kept = exists().where(
        Submission.id == OutboxMessage.parameters["submission"].as_integer(), Submission.image_sha256.is_not(None)
    )
    return or_(
        OutboxMessage.kind == OutboxKind.REVIEW_CARD.value,
        and_(
            OutboxMessage.kind == OutboxKind.EXPLANATION.value,
            OutboxMessage.sent_message_id.is_not(None),
            kept,
            _is_sheet_of_another(),
        ),
    )


def _is_sheet_of_another() -> ColumnElement[bool]:
    """Whether an explanation is in the chat of somebody who did not send the photo."""
    return ~exists().where(
        Submission.id == OutboxMessage.parameters["submission"].as_integer(),
        Submission.asker_id == Asker.id,
        Asker.telegram_user_id == OutboxMessage.chat_id,
    )


def _is_card_of(item_id: int) -> ColumnElement[bool]:
    prefix = _prefix(item_id)
    return OutboxMessage.dedupe_key.between(prefix, f"{prefix}~")


def _prefix(item_id: int) -> str:
    return f"card:{item_id}:"


def _take_away(session: Session, shown: Collection[OutboxMessage], now: datetime) -> None:
    for message in shown:
        outbox.enqueue(
            session,
            kind=OutboxKind.REMOVAL,
            parameters={"message": message.sent_message_id},
            recipient=Recipient(message.chat_id, language=message.language),
            dedupe_key=f"removal:{message.id}",
            now=now,
        )
        session.delete(message)
    session.flush()
