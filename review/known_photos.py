"""The same photo again, by whomever: what is known of it is said at once, and people look at it once."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from review.tables import Image, ItemStatus, PredictionRecord, ReviewItem, Submission


@dataclass(frozen=True)
class KnownPhoto:
    """A photo that was taken in before; `prediction` and `item` are None where there is none."""

    first: Submission
    prediction: PredictionRecord | None
    item: ReviewItem | None

    @property
    def final_label(self) -> str | None:
        """What people settled: a label, or "none"; None if they did not (yet)."""
        return self.item.final_label if self.item else None

    @property
    def in_review(self) -> bool:
        """Whether it waits for people."""
        return self.item is not None and self.item.status is ItemStatus.OPEN

    def answers(self, model_version: str | None) -> bool:
        """Whether what is known can be said: people settled it or are about to, or the present model judged it."""
        if self.final_label is not None or self.in_review:
            return True
        return self.prediction is not None and self.prediction.model_version == model_version


# Asked of every photo, most of which are new: two looks into indexes, before rows are put together.
_SEEN = (
    select(literal(1))
    .where(Submission.file_unique_id == bindparam("file_unique_id"), Submission.image_sha256.is_not(None))
    .union_all(select(literal(1)).where(Image.received_sha256 == bindparam("received_sha256")))
    .limit(1)
)


def is_seen(session: Session, *, file_unique_id: str | None, received_sha256: str | None) -> bool:
    """Whether a photo with this id of Telegram's, or of these bytes, may have been here before."""
    found = session.execute(_SEEN, {"file_unique_id": file_unique_id, "received_sha256": received_sha256})
    return found.first() is not None


def by_file(session: Session, file_unique_id: str) -> KnownPhoto | None:
    """The photo that Telegram gives this id, whoever sent it."""
    return _latest(session, Submission.file_unique_id == file_unique_id)


def by_bytes(session: Session, received_sha256: str) -> KnownPhoto | None:
    """The photo that came as exactly these bytes."""
    images = select(Image.sha256).where(Image.received_sha256 == received_sha256)
    return _latest(session, Submission.image_sha256.in_(images))


def item_of(session: Session, submission: Submission) -> ReviewItem | None:
    """The review item of a submission's photo, which may be that of the first who sent it."""
    first = submission.repeats_id or submission.id
    return session.scalar(select(ReviewItem).where(ReviewItem.submission_id == first))


def everybody_with(session: Session, submission: Submission) -> list[Submission]:
    """All submissions of this photo, the first first."""
    first = submission.repeats_id or submission.id
    return list(
        session.scalars(
            select(Submission)
            .where(or_(Submission.id == first, Submission.repeats_id == first))
            .order_by(Submission.id)
        )
    )


def _latest(session: Session, found: ColumnElement[bool]) -> KnownPhoto | None:
    """What was judged anew by a later model counts; a photo that was deleted is not known any more."""
    first = aliased(Submission)
    row = session.execute(
        select(first, PredictionRecord, ReviewItem)
        .select_from(Submission)
        .join(first, first.id == func.coalesce(Submission.repeats_id, Submission.id))
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == first.id)
        .outerjoin(ReviewItem, ReviewItem.submission_id == first.id)
        .where(found, Submission.image_sha256.is_not(None), first.image_sha256.is_not(None))
        .order_by(first.id.desc())
        .limit(1)
    ).first()
    return KnownPhoto(*row) if row else None
