"""What people have settled, as a retraining takes it in."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.pipeline import ReviewedPhoto
from review.policy import Reason, draw
from review.tables import NONE_OF_THESE, ItemStatus, PredictionRecord, ReviewItem, Submission


@dataclass(frozen=True)
class Snapshot:
    """What people have settled: photos to learn from, and how many there are of what cannot be learnt from (yet).

    Photos that show none of the labels are among `photos`, without a label: they teach what to leave to people.
    """

    photos: tuple[ReviewedPhoto, ...]
    contradictory: int
    foreign_labels: int

    @property
    def labelled(self) -> int:
        """How many photos carry a label."""
        return sum(photo.label is not None for photo in self.photos)

    @property
    def none_of_these(self) -> int:
        """How many photos show none of the labels."""
        return len(self.photos) - self.labelled


def take_snapshot(session: Session, labels: tuple[str, ...]) -> Snapshot:
    """The settled items, each photo once; a photo that people settled in two ways teaches nothing."""
    rows = session.execute(
        select(
            Submission.image_sha256,
            ReviewItem.final_label,
            Submission.asker_id,
            Submission.id,
            Submission.source_key,
            PredictionRecord.reasons,
            PredictionRecord.inclusion_probability,
        )
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .join(PredictionRecord, PredictionRecord.submission_id == Submission.id, isouter=True)
        .where(ReviewItem.status == ItemStatus.SETTLED)
        .order_by(ReviewItem.id)
    ).all()
    rate = _sampling_rate((row.reasons, row.inclusion_probability) for row in rows)
    # A photo that was deleted has no key any more, and an item that is settled has a label.
    settled = [
        (
            row.image_sha256,
            row.final_label,
            f"submission-{row.id}" if row.asker_id is None else f"asker-{row.asker_id}",
            draw(row.source_key) < rate,
        )
        for row in rows
        if row.image_sha256 is not None and row.final_label is not None
    ]
    verdicts: dict[str, set[str]] = {}
    sampled: set[str] = set()
    for sha256, label, _, in_sample in settled:
        verdicts.setdefault(sha256, set()).add(label)
        if in_sample:
            sampled.add(sha256)
    photos: dict[str, ReviewedPhoto] = {}
    for sha256, label, group, _ in settled:
        if len(verdicts[sha256]) == 1 and (label in labels or label == NONE_OF_THESE):
            # Photos of one sender stay on one side of every split: they show the same bear at the same waterhole.
            shown = None if label == NONE_OF_THESE else label
            photos.setdefault(sha256, ReviewedPhoto(sha256, shown, group, sha256 in sampled))
    agreed = [next(iter(found)) for found in verdicts.values() if len(found) == 1]
    return Snapshot(
        photos=tuple(photos.values()),
        contradictory=len(verdicts) - len(agreed),
        foreign_labels=sum(label != NONE_OF_THESE and label not in labels for label in agreed),
    )


def _sampling_rate(settled: Iterable[tuple[list[str] | None, float | None]]) -> float:
    """The share of all that arrived which is a uniform sample of it, whoever answered.

    An answer is audited when its draw is below the audit rate; a photo that went to people anyway has a draw as well.
    So all whose draw is below the lowest rate that was ever used are that sample. 0 when nothing was audited.
    """
    rates = [probability for reasons, probability in settled if probability and Reason.AUDIT.value in (reasons or ())]
    return min(rates, default=0.0)
