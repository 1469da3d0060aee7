"""What people have settled, as a retraining takes it in."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.pipeline import ReviewedPhoto
from review.tables import NONE_OF_THESE, ItemStatus, ReviewItem, Submission


@dataclass(frozen=True)
class Snapshot:
    """What people have settled: photos to learn from, and how many there are of what cannot be learnt from (yet)."""

    photos: tuple[ReviewedPhoto, ...]
    none_of_these: int
    contradictory: int
    foreign_labels: int


def take_snapshot(session: Session, labels: tuple[str, ...]) -> Snapshot:
    """The settled items, each photo once; a photo that people settled in two ways teaches nothing."""
    rows = session.execute(
        select(Submission.image_sha256, ReviewItem.final_label, Submission.asker_id, Submission.id)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.status == ItemStatus.SETTLED)
        .order_by(ReviewItem.id)
    ).all()
    # A photo that was deleted has no key any more, and an item that is settled has a label.
    settled = [
        (sha256, label, f"submission-{submission}" if asker is None else f"asker-{asker}")
        for sha256, label, asker, submission in rows
        if sha256 is not None and label is not None
    ]
    verdicts: dict[str, set[str]] = {}
    for sha256, label, _ in settled:
        verdicts.setdefault(sha256, set()).add(label)
    photos: dict[str, ReviewedPhoto] = {}
    for sha256, label, group in settled:
        if len(verdicts[sha256]) == 1 and label in labels:
            # Photos of one sender stay on one side of every split: they show the same bear at the same waterhole.
            photos.setdefault(sha256, ReviewedPhoto(sha256, label, group))
    agreed = [next(iter(found)) for found in verdicts.values() if len(found) == 1]
    return Snapshot(
        photos=tuple(photos.values()),
        none_of_these=agreed.count(NONE_OF_THESE),
        contradictory=len(verdicts) - len(agreed),
        foreign_labels=sum(label != NONE_OF_THESE and label not in labels for label in agreed),
    )
