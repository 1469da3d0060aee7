"""Everything that is kept about a person, as a zip for themselves: data.json and their photos; nothing of anybody else.

Written to disk piece by piece, so that memory stays flat however much there is.
"""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Executable, and_, func, or_, select
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.storage import ImageStore
from review.tables import (
    Asker,
    Claim,
    Image,
    InboxUpdate,
    OutboxMessage,
    PredictionRecord,
    Reviewer,
    ReviewItem,
    Submission,
    Verdict,
)

MAX_BYTES = 45_000_000  # of photos: Telegram takes files of 50 MB, and data.json comes with the first

_AT_ONCE = 200


@dataclass(frozen=True)
class Export:
    """What was written: part `part` (from 1) of `parts`. No parts: nothing is kept about this person."""

    part: int
    parts: int


def write_export(
    session: Session,
    images: ImageStore,
    telegram_user_id: int,
    file: IO[bytes],
    *,
    part: int = 1,
    max_bytes: int = MAX_BYTES,
) -> Export:
    """Write one part. The first holds data.json; photos are in the order in which they came, so that a part stays
    the same when more photos come. A part that there is not is empty but for its number.
    """
    asker = session.scalar(select(Asker).where(Asker.telegram_user_id == telegram_user_id))
    reviewer = session.scalar(select(Reviewer).where(Reviewer.telegram_user_id == telegram_user_id))
    if asker is None and reviewer is None and not _knows(session, telegram_user_id):
        return Export(part, 0)
    parts = 1
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        if part == 1:
            with archive.open("data.json", "w", force_zip64=True) as data:
                _write_json(data, _sections(session, telegram_user_id, asker, reviewer))
        for number, submission, sha256 in _photos(session, asker, max_bytes):
            parts = number
            if number != part:
                continue
            try:
                # JPEGs do not become smaller; they are only stored.
                archive.writestr(f"photos/{submission}.jpg", images.get(sha256), zipfile.ZIP_STORED)
            except NotFound:
                archive.writestr(f"photos/{submission}-is-missing.txt", "This photo is not in the store any more.\n")
    return Export(part, parts)


def _knows(session: Session, telegram_user_id: int) -> bool:
    told = select(OutboxMessage.id).where(OutboxMessage.chat_id == telegram_user_id, OutboxMessage.sent_at.is_not(None))
    return session.scalar(told.limit(1)) is not None


def _photos(session: Session, asker: Asker | None, max_bytes: int) -> Iterator[tuple[int, int, str]]:
    """(part, submission, sha256) of each photo, once however often it was sent."""
    if asker is None:
        return
    rows = session.execute(
        select(func.min(Submission.id).label("first"), Submission.image_sha256, Image.byte_size)
        .join(Image, Image.sha256 == Submission.image_sha256)
        .where(Submission.asker_id == asker.id)
        .group_by(Submission.image_sha256, Image.byte_size)
        .order_by("first")
    ).yield_per(_AT_ONCE)
    part, filled = 1, 0
    for submission, sha256, size in rows:
        assert sha256 is not None  # it was joined with
        if filled and filled + size > max_bytes:
            part, filled = part + 1, 0
        filled += size
        yield part, submission, sha256


Rows = Iterable[dict[str, Any]]


def _sections(
    session: Session, telegram_user_id: int, asker: Asker | None, reviewer: Reviewer | None
) -> Iterator[tuple[str, dict[str, Any] | Rows | None]]:
    yield (
        "you",
        {
            "telegram_user_id": telegram_user_id,
            "language": asker.language if asker else None,
            "chosen_language": asker.chosen_language if asker else None,
            "admitted_at": asker.admitted_at if asker else None,
            "blocked_at": asker.blocked_at if asker else None,
            "known_since": asker.created_at if asker else None,
        },
    )
    yield "photos", _submissions(session, asker)
    yield "what_you_said_of_answers", _claims(session, asker)
    yield "what_you_were_told", _messages(session, telegram_user_id, asker)
    yield "messages_in_work", _updates(session, telegram_user_id)
    if reviewer is not None:
        yield (
            "you_as_a_reviewer",
            {"name": reviewer.name, "role": reviewer.role.value, "known_since": reviewer.created_at},
        )
        yield "what_you_decided", _verdicts(session, reviewer)


def _submissions(session: Session, asker: Asker | None) -> Rows:
    first = func.coalesce(Submission.repeats_id, Submission.id)
    query = (
        select(Submission, Image, PredictionRecord, ReviewItem)
        .outerjoin(Image, Image.sha256 == Submission.image_sha256)
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .outerjoin(ReviewItem, ReviewItem.submission_id == first)
        .where(Submission.asker_id == _number(asker))
        .order_by(Submission.id)
    )
    for submission, image, prediction, item in _each(session, query):
        yield {
            "number": submission.id,
            "sent_at": submission.submitted_at,
            "source": submission.source,
            "key": submission.source_key,
            "chat_id": submission.chat_id,
            "message_id": submission.message_id,
            "topic_id": submission.thread_id,
            "album": submission.album,
            "telegram_file": submission.file_unique_id,
            "same_photo_as_before": submission.repeats_id is not None,
            "photo": {"sha256": image.sha256, "width": image.width, "height": image.height, "bytes": image.byte_size}
            if image
            else None,
            "model": {
                "version": prediction.model_version,
                "label": prediction.label,
                "confidence": prediction.confidence,
                "probabilities": prediction.probabilities,
                "out_of_domain_score": prediction.out_of_domain_score,
                "route": prediction.route,
                "reasons": prediction.reasons,
                "at": prediction.created_at,
            }
            if prediction
            else None,
            "people": {
                "status": item.status.value,
                "opened_at": item.opened_at,
                "label": item.final_label,
                "settled_at": item.settled_at,
            }
            if item
            else None,
        }


def _claims(session: Session, asker: Asker | None) -> Rows:
    query = (
        select(Claim)
        .join(Submission, Submission.id == Claim.submission_id)
        .where(Submission.asker_id == _number(asker))
        .order_by(Claim.id)
    )
    for (claim,) in _each(session, query):
        yield {"photo": claim.submission_id, "right": claim.agrees, "label": claim.label, "at": claim.created_at}


def _messages(session: Session, telegram_user_id: int, asker: Asker | None) -> Rows:
    """What was told in the private chat, and in groups about their photos; nothing of others' private chats."""
    of_theirs = select(Submission.id).where(Submission.asker_id == _number(asker))
    query = (
        select(OutboxMessage)
        .where(
            or_(
                OutboxMessage.chat_id == telegram_user_id,
                # Groups have negative numbers. What a moderator looked up about a photo is that one's affair.
                and_(OutboxMessage.chat_id < 0, OutboxMessage.parameters["submission"].as_integer().in_(of_theirs)),
            )
        )
        .order_by(OutboxMessage.id)
    )
    for (message,) in _each(session, query):
        yield {
            "chat_id": message.chat_id,
            "kind": message.kind,
            "parameters": message.parameters,
            "language": message.language,
            "written_at": message.created_at,
            "sent_at": message.sent_at,
            "given_up_at": message.abandoned_at,
        }


def _updates(session: Session, telegram_user_id: int) -> Rows:
    """What came and when; the words are gone once it was handled."""
    query = select(InboxUpdate).where(InboxUpdate.user_id == telegram_user_id).order_by(InboxUpdate.update_id)
    for (update,) in _each(session, query):
        yield {
            "update": update.update_id,
            "chat_id": update.chat_id,
            "received_at": update.received_at,
            "handled_at": update.handled_at,
        }


def _verdicts(session: Session, reviewer: Reviewer) -> Rows:
    query = select(Verdict).where(Verdict.reviewer_id == reviewer.id).order_by(Verdict.id)
    for (verdict,) in _each(session, query):
        yield {"item": verdict.item_id, "kind": verdict.kind.value, "label": verdict.label, "at": verdict.created_at}


def _number(asker: Asker | None) -> int:
    """Of nobody it is -1: with NULL a statement would find what was sent without a name."""
    return asker.id if asker is not None else -1


def _each(session: Session, query: Executable) -> Iterator[Any]:
    """Rows, few in memory at a time: a session holds on to none that it has not changed."""
    yield from session.execute(query.execution_options(yield_per=_AT_ONCE))


def _write_json(file: IO[bytes], sections: Iterable[tuple[str, dict[str, Any] | Rows | None]]) -> None:
    """One object, a section after the other, a row a line."""

    def dump(value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, default=_in_iso).encode()

    write: Callable[[bytes], int] = file.write
    write(b"{\n")
    for number, (name, content) in enumerate(sections):
        write(b",\n" if number else b"")
        write(dump(name) + b": ")
        if isinstance(content, dict):
            write(dump(content))
            continue
        write(b"[")
        for index, row in enumerate(content or ()):
            write((b",\n  " if index else b"\n  ") + dump(row))
        write(b"\n]")
    write(b"\n}\n")


def _in_iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")
