"""Taking back what a person gave: photos, what was said of them, and every thread that leads to the person.

What people decided stays without any of it: items, final labels and verdicts, so that figures survive. Functions take
a session and never commit. Files go after the commit: the row of an image that no submission refers to says that they
are still to be removed (`remove_photos`), whatever happens in between. Versions of a model that learnt from a photo
keep its sha256, its label and the number of who sent it here (`asker-5`, which then leads to nobody), and what they
learnt; its features were never in them.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from model.features import FeatureStore
from review import learnt_photos, near_duplicates, showings
from review.clock import utc_now
from review.database import Database
from review.erased_keys import ERASED, erased_key
from review.policy import Decision
from review.scrubbing import note_deletion
from review.storage import ImageStore
from review.tables import (
    Asker,
    Claim,
    Image,
    InboxUpdate,
    ItemStatus,
    OutboxMessage,
    PredictionRecord,
    ReviewItem,
    Submission,
)

_AT_ONCE = 500  # SQLite takes a limited number of parameters

_REPLY = re.compile(r"(?:reply|overdue):([0-9]+)")  # keys that name the submission that they are about

T = TypeVar("T")


@dataclass(frozen=True)
class Erased:
    """What went: how many submissions, and the photos (sha256) that nobody else sent, for `remove_photos`."""

    submissions: int
    photos: tuple[str, ...]


def erase_person(session: Session, telegram_user_id: int, *, besides_update: int | None = None) -> Erased:
    """Everything of a Telegram user, except who they are as a reviewer; nothing happens if nothing is there.

    Updates of theirs that wait are dropped, and one that is being handled finds its row finished. `besides_update` is
    the one that asked for this: it stays until it is handled, see `forget_update`. Who is blocked stays so: of them the
    number is kept.
    """
    asker = session.scalar(select(Asker).where(Asker.telegram_user_id == telegram_user_id))
    rows = (
        session.execute(
            select(Submission.id, Submission.chat_id, Submission.message_id).where(Submission.asker_id == asker.id)
        ).all()
        if asker is not None
        else []
    )
    _drop_messages(session, telegram_user_id, {row.id: (row.chat_id, row.message_id) for row in rows})
    _drop_updates(session, telegram_user_id, besides_update)
    erased = erase_submissions(session, [row.id for row in rows])
    if asker is not None:
        learnt_photos.forget_group(session, f"asker-{asker.id}")
        if asker.blocked_at is None:
            session.delete(asker)
        else:
            asker.language = asker.chosen_language = asker.admitted_at = None
            asker.created_at = asker.blocked_at
    session.flush()
    note_deletion(session)
    return erased


def erase_submissions(session: Session, ids: Sequence[int]) -> Erased:
    """These submissions, whoever sent them; what others sent as well passes on to the oldest of those.

    What showed the photos to moderators leaves their chats.
    """
    going = frozenset(ids)
    photos: set[str] = set()
    for some in _chunks(ids):
        passed_on = _pass_on(session, some, going)
        showings.take_away(session, some, utc_now())
        photos |= _blank(session, some, passed_on)
    gone = _without_sender(session, photos)
    learnt_photos.forget_photos(session, frozenset(gone))
    session.expire_all()  # these statements went past the rows in memory
    if ids:
        note_deletion(session)
    return Erased(len(going), tuple(sorted(gone)))


def forget_update(session: Session, update_id: int, now: datetime) -> None:
    """The update that asked for an erasure is handled: its row stays, so that it is not taken in again, nameless."""
    session.execute(update(InboxUpdate).where(InboxUpdate.update_id == update_id).values(**_nameless(now)))


def is_given_up(session: Session, update_id: int) -> bool:
    """Whether an update that is being handled was finished by others meanwhile: its sender is gone, or an operator
    dropped it. Nothing of it may be recorded then.
    """
    handled_at = session.scalar(select(InboxUpdate.handled_at).where(InboxUpdate.update_id == update_id))
    return handled_at is not None


def remove_photos(database: Database, images: ImageStore, features: FeatureStore, photos: Collection[str]) -> None:
    """The files of photos, with their features, then their rows; not of one that somebody sent again meanwhile.

    Nobody can record a photo at that instant: one that is on its way finds its file gone, and comes again.
    """
    for sha256 in photos:
        with database.write() as session:
            if session.scalar(select(Submission.id).where(Submission.image_sha256 == sha256).limit(1)) is None:
                images.delete(sha256)
                features.delete(sha256)
                session.execute(delete(Image).where(Image.sha256 == sha256))


def photos_to_remove(session: Session, limit: int | None) -> Sequence[str]:
    """Of whose photos nobody is left: what an erasure was to remove before it was cut short; None: all of them."""
    referred = exists().where(Submission.image_sha256 == Image.sha256)
    return session.scalars(select(Image.sha256).where(~referred).limit(limit)).all()


def _pass_on(session: Session, firsts: Collection[int], going: frozenset[int]) -> Collection[int]:
    """The first place among the same photos, and the item that stands for all of them, to the oldest that stays.

    Returns whose place it was.
    """
    heirs: dict[int, int] = {}
    repeats = session.execute(
        select(Submission.id, Submission.repeats_id).where(Submission.repeats_id.in_(firsts)).order_by(Submission.id)
    ).all()
    for repeat, first in repeats:
        if repeat not in going and first is not None:
            heirs.setdefault(first, repeat)
    for first, heir in heirs.items():
        session.execute(update(Submission).where(Submission.repeats_id == first).values(repeats_id=heir))
        session.execute(update(Submission).where(Submission.id == heir).values(repeats_id=None))
        if session.scalar(select(ReviewItem.id).where(ReviewItem.submission_id == heir)) is None:
            session.execute(update(ReviewItem).where(ReviewItem.submission_id == first).values(submission_id=heir))
    return heirs.keys()


def _blank(session: Session, ids: Collection[int], passed_on: Collection[int]) -> set[str]:
    """Nothing but the row and its time stays of a submission; returns the photos that they had."""
    rows = session.execute(
        select(
            Submission.id,
            Submission.image_sha256,
            Submission.repeats_id,
            PredictionRecord.route,
            PredictionRecord.inclusion_probability,
        )
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .where(Submission.id.in_(ids), ~Submission.source_key.startswith(ERASED))
    ).all()
    session.execute(delete(Claim).where(Claim.submission_id.in_(ids)))
    session.execute(delete(PredictionRecord).where(PredictionRecord.submission_id.in_(ids)))
    withdrawn = session.scalars(
        update(ReviewItem)
        .where(ReviewItem.submission_id.in_(ids), ReviewItem.status == ItemStatus.OPEN)
        .values(status=ItemStatus.WITHDRAWN, lease_token=None, lease_reviewer_id=None, lease_expires_at=None)
        .returning(ReviewItem.id)
    ).all()
    session.execute(update(ReviewItem).where(ReviewItem.submission_id.in_(ids)).values(gold_at=None))
    near_duplicates.promote(session, withdrawn)
    session.execute(update(Submission).where(Submission.repeats_id.in_(ids)).values(repeats_id=None))
    for row in rows:
        decision = Decision(row.route or Decision.REVIEW)
        chance = 1.0 if row.inclusion_probability is None else row.inclusion_probability
        further = row.repeats_id is not None or row.id in passed_on
        session.execute(
            update(Submission)
            .where(Submission.id == row.id)
            .values(
                source_key=erased_key(decision, None if further else chance),
                asker_id=None,
                chat_id=None,
                message_id=None,
                thread_id=None,
                file_unique_id=None,
                album=None,
                repeats_id=None,
                image_sha256=None,
            )
        )
    return {row.image_sha256 for row in rows if row.image_sha256 is not None}


def _without_sender(session: Session, photos: Collection[str]) -> set[str]:
    """Of these photos those that no submission refers to any more."""
    gone: set[str] = set()
    for some in _chunks(sorted(photos)):
        kept = set(session.scalars(select(Submission.image_sha256).where(Submission.image_sha256.in_(some))))
        gone |= set(some) - kept
    return gone


def _drop_messages(session: Session, telegram_user_id: int, places: dict[int, tuple[int | None, int | None]]) -> None:
    """What was or is to be told to them: all of the private chat, and what is about their photos in groups.

    A moderator's chat shows photos of others: that it does is remembered until those go.
    """
    session.execute(
        delete(OutboxMessage).where(OutboxMessage.chat_id == telegram_user_id, ~showings.outlive_their_reader())
    )
    groups = {chat for chat, _ in places.values() if chat is not None}
    messages = {(chat, message) for chat, message in places.values() if chat is not None and message is not None}
    found = [
        row.id
        for (row,) in session.execute(select(OutboxMessage).where(OutboxMessage.chat_id.in_(groups))).yield_per(
            _AT_ONCE
        )
        if _is_about(row, places, messages)
    ]
    for some in _chunks(found):
        session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(some)))


def _is_about(message: OutboxMessage, submissions: Collection[int], photos: Collection[tuple[int, int]]) -> bool:
    """Whether it is about one of these submissions; if it does not say about which, whether it quotes their photos.

    Two people may ask about the same photo of a group.
    """
    reply = _REPLY.fullmatch(message.dedupe_key)
    about = int(reply[1]) if reply else message.parameters.get("submission")
    if about is not None:
        return about in submissions
    quoted = (message.reply_to_message_id, *(part["message"] for part in message.parameters.get("parts", ())))
    return any((message.chat_id, quote) in photos for quote in quoted)


def _drop_updates(session: Session, telegram_user_id: int, besides: int | None) -> None:
    """Their numbers stay, so that Telegram cannot bring them again; who, where and what goes.

    What could not be handled waits with all its words, and may quote this person.
    """
    theirs = or_(InboxUpdate.user_id == telegram_user_id, InboxUpdate.chat_id == telegram_user_id)
    quoted = and_(
        InboxUpdate.set_aside_at.is_not(None),
        or_(*(InboxUpdate.payload.contains(f'"id": {telegram_user_id}{end}', autoescape=True) for end in ",}")),
    )
    session.execute(
        update(InboxUpdate)
        .where(or_(theirs, quoted), InboxUpdate.update_id != (besides if besides is not None else -1))
        .values(**_nameless(func.coalesce(InboxUpdate.handled_at, InboxUpdate.received_at)))
    )


def _nameless(handled_at: object) -> dict[str, object]:
    return {
        "handled_at": handled_at,
        "chat_id": 0,
        "user_id": None,
        "album": None,
        "payload": "{}",
        "set_aside_at": None,
        "error": None,
    }


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
