"""The photo that somebody in a chat means, found by the message that they point at."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.outbox import OutboxKind
from review.tables import Asker, OutboxMessage, ReviewItem, Submission


def latest_of(session: Session, telegram_user_id: int) -> Submission | None:
    """The last photo that this person sent."""
    return session.scalar(
        select(Submission)
        .join(Asker, Submission.asker_id == Asker.id)
        .where(Asker.telegram_user_id == telegram_user_id)
        .order_by(Submission.id.desc())
        .limit(1)
    )


def pointed_at(session: Session, chat_id: int, message_id: int) -> Submission | None:
    """The submission that a message of this chat brought, answers or explains. Whose it is, the caller must ask."""
    said = said_in(session, chat_id, message_id)
    if said is not None and said.kind == OutboxKind.EXPLANATION.value:
        return session.get(Submission, said.parameters["submission"])
    photo = message_id if said is None else said.reply_to_message_id
    if photo is None:
        return None
    return session.scalar(
        select(Submission)
        .where(Submission.chat_id == chat_id, Submission.message_id == photo)
        .order_by(Submission.id.desc())
        .limit(1)
    )


def said_in(session: Session, chat_id: int, message_id: int) -> OutboxMessage | None:
    """What the bot said in this message."""
    return session.scalar(
        select(OutboxMessage).where(OutboxMessage.chat_id == chat_id, OutboxMessage.sent_message_id == message_id)
    )


def answered_in_album(parameters: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(number in the album from 1, submission) of the photos that an album's message gives an answer to."""
    return [
        (number, part["parameters"]["submission"])
        for number, part in enumerate(parameters["parts"], start=1)
        if "submission" in part["parameters"]
    ]


def of_item(session: Session, item_id: int) -> Submission | None:
    """The submission that a review item is about."""
    return session.scalar(
        select(Submission).join(ReviewItem, ReviewItem.submission_id == Submission.id).where(ReviewItem.id == item_id)
    )


def is_by(session: Session, submission: Submission, telegram_user_id: int) -> bool:
    """Whether this person sent it; nobody did once their data was deleted."""
    asker = session.get(Asker, submission.asker_id) if submission.asker_id is not None else None
    return asker is not None and asker.telegram_user_id == telegram_user_id
