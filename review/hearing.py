"""What the askers of a photo hear of a verdict on it: the answer, a correction, or that it stands.

What a chat heard before is told by the outbox, for as long as messages are kept; afterwards by what the item says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select
from sqlalchemy.orm import Session

from review import albums, known_photos, outbox
from review.outbox import OutboxKind, Recipient
from review.people import language_of
from review.policy import Decision, Reason
from review.tables import Claim, Json, OutboxMessage, PredictionRecord, ReviewItem, Submission, Verdict

_BY_PEOPLE = {OutboxKind.KNOWN, OutboxKind.HUMAN_ANSWER, OutboxKind.CORRECTION, OutboxKind.CONFIRMED}
_PROMISES = {OutboxKind.IN_REVIEW, OutboxKind.STILL_IN_REVIEW}
_AT_ONCE = 100  # conditions of one question; SQLite takes a limited number


@dataclass(frozen=True)
class _Heard:
    """The last label that a chat was told of a photo, and by whom; `waits`: since then, that people look at it.

    `message` and `at` are the number and time of what told it; None if nothing did, or it is kept no more.
    """

    label: str | None = None
    by_people: bool = False
    waits: bool = False
    message: int | None = None
    at: datetime | None = None


def tell(session: Session, item: ReviewItem, final: str, cause: Verdict, now: datetime) -> None:
    """The person's answer to everybody who sent this photo, once a chat; a correction if another person had said
    otherwise; nothing if it is no news to somebody who did not disagree. `cause` is the entry that settled the item:
    a verdict, or the undo that made one stand again.
    """
    first = session.get_one(Submission, item.submission_id)
    prediction = session.scalar(select(PredictionRecord).where(PredictionRecord.submission_id == first.id))
    answered = prediction is not None and prediction.route == Decision.ANSWER
    # Of a picture unlike all it knows the model has a guess, but it did not tell the asker.
    withheld = prediction is not None and Reason.OUT_OF_DOMAIN in prediction.reasons
    guess = prediction.label if prediction and not withheld else None
    chats: dict[int, list[Submission]] = {}
    for submission in known_photos.everybody_with(session, first):
        if submission.chat_id is not None:
            chats.setdefault(submission.chat_id, []).append(submission)
    told = _Heard(item.told_label, by_people=True) if item.told_label is not None else None
    unkept = told or _Heard(guess if answered else None)
    # Most photos were sent once, and people say of them what they show for the first time: then nothing is looked up.
    alone = told is None and sum(map(len, chats.values())) == 1
    heard = dict.fromkeys(chats, unkept) if alone else _heard(session, item, chats, unkept)
    for chat_id, sent in chats.items():
        before = heard[chat_id]
        disputed = before.label == final and _disputed_since(session, sent, before)
        message = _message(before, final, guess=guess, disputed=disputed)
        if message is None:
            continue
        kind, parameters = message
        latest = sent[-1]  # whoever sent it several times to one chat is told under the last one
        outbox.enqueue(
            session,
            kind=kind,
            parameters={**parameters, "submission": latest.id},
            recipient=Recipient.under(latest, language_of(session, latest.asker_id)),
            dedupe_key=f"{_prefix(cause.id)}{latest.id}",
            now=now,
        )
        item.told_label = final


def _message(
    before: _Heard, final: str, *, guess: str | None, disputed: bool
) -> tuple[OutboxKind, dict[str, Json]] | None:
    """What a chat is told that heard this before; None: it is no news to anybody there."""
    if before.label == final and disputed:
        return OutboxKind.CONFIRMED, {"label": final}
    if before.label == final and not before.waits:
        return None
    if before.label not in (None, final) and before.by_people:
        return OutboxKind.CORRECTION, {"label": final, "previous_label": before.label}
    told = "answer" if before.label not in (None, final) else "review"
    return OutboxKind.HUMAN_ANSWER, {"label": final, "model_label": guess, "told": told}


def _heard(session: Session, item: ReviewItem, chats: dict[int, list[Submission]], unkept: _Heard) -> dict[int, _Heard]:
    """What each chat heard, by its number; `unkept` of one whose first reply is kept no more."""
    sent = {submission.id: submission for some in chats.values() for submission in some}
    told: list[tuple[int, OutboxMessage, str, dict[str, Any]]] = []
    replied: set[int] = set()
    for row in _replies(session, list(sent.values())):
        for submission_id, kind, parameters in _parts(row, sent):
            told.append((submission_id, row, kind, parameters))
            replied.add(submission_id)
    if item.told_label is not None:
        for row in _told(session, item):
            submission_id = int(row.dedupe_key.rpartition(":")[2])
            if submission_id in sent:
                told.append((submission_id, row, row.kind, row.parameters))
    heard = {chat_id: _Heard() if some[0].id in replied else unkept for chat_id, some in chats.items()}
    # A verdict is told under the last photo of a chat: after the reply to that, and before the reply to a later one.
    for submission_id, row, kind, parameters in sorted(told, key=lambda one: (one[0], one[1].id)):
        chat_id = sent[submission_id].chat_id
        assert chat_id is not None  # it is one of `chats`
        if kind == OutboxKind.ANSWERED or kind in _BY_PEOPLE:
            by_people = kind in _BY_PEOPLE
            heard[chat_id] = _Heard(parameters["label"], by_people, message=row.id, at=row.created_at)
        elif kind in _PROMISES:
            heard[chat_id] = replace(heard[chat_id], waits=True)
    return heard


def _disputed_since(session: Session, sent: Sequence[Submission], heard: _Heard) -> bool:
    """Whether anybody in a chat disagreed, about any copy of the photo that was sent there, after they were told so.

    It goes by the order of messages; by time where a disagreement was answered by none. One of which nothing is kept
    but itself counts: better told twice than never.
    """
    for start in range(0, len(sent), _AT_ONCE):
        disputes = session.execute(
            select(Claim.created_at, OutboxMessage.id)
            .outerjoin(OutboxMessage, OutboxMessage.dedupe_key == literal(outbox.CLAIM) + Claim.source_key)
            .where(Claim.submission_id.in_([one.id for one in sent[start : start + _AT_ONCE]]), ~Claim.agrees)
        )
        for at, noted in disputes:
            if heard.message is None or heard.at is None:
                return True
            if at > heard.at if noted is None else noted > heard.message:
                return True
    return False


def _replies(session: Session, sent: Sequence[Submission]) -> Iterator[OutboxMessage]:
    """What was said at once of these photos; an album's is one message for several."""
    alone = [outbox.reply_key(submission.id) for submission in sent if submission.album is None]
    together = {(one.chat_id, one.album) for one in sent if one.chat_id is not None and one.album is not None}
    for start in range(0, len(alone), _AT_ONCE):
        yield from _rows(session, OutboxMessage.dedupe_key.in_(alone[start : start + _AT_ONCE]))
    for chat_id, album in together:
        yield from _rows(session, albums.is_of(chat_id, album or ""))


def _parts(row: OutboxMessage, sent: dict[int, Submission]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Of which of these submissions it tells what, as (number, kind, parameters)."""
    if row.kind != OutboxKind.ALBUM:
        yield int(row.dedupe_key.rpartition(":")[2]), row.kind, row.parameters
        return
    of_message = {(one.chat_id, one.message_id): one.id for one in sent.values() if one.album is not None}
    for part in row.parameters["parts"]:
        number = of_message.get((row.chat_id, part["message"]))
        if number is not None:
            yield number, part["kind"], part["parameters"]


def _told(session: Session, item: ReviewItem) -> Iterator[OutboxMessage]:
    """What was said of verdicts on this item."""
    ids = session.scalars(select(Verdict.id).where(Verdict.item_id == item.id)).all()
    prefixes = [_prefix(number) for number in ids]
    for start in range(0, len(prefixes), _AT_ONCE):
        some = prefixes[start : start + _AT_ONCE]
        yield from _rows(session, or_(*(OutboxMessage.dedupe_key.between(one, f"{one}~") for one in some)))


def _rows(session: Session, which: ColumnElement[bool]) -> Sequence[OutboxMessage]:
    return session.scalars(select(OutboxMessage).where(which)).all()


def _prefix(entry: int) -> str:
    """What the `dedupe_key`s of all that is told of one entry begin with; the submission's number follows."""
    return f"verdict:{entry}:"
