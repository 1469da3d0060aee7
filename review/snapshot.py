"""What people have settled, as a retraining takes it in."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from model.pipeline import ReviewedPhoto
from review.policy import Decision
from review.tables import NONE_OF_THESE, ItemStatus, PredictionRecord, ReviewItem, Submission

# Of a traffic sample. What people cannot agree on, or have not come to yet, is not like the rest.
_MISSING_AT_MOST = 0.02


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
        """How many photos show none of the labels, said people."""
        return len(self.photos) - self.labelled - self.foreign_labels


def take_snapshot(session: Session, labels: tuple[str, ...]) -> Snapshot:
    """The settled items, each photo once; a photo that people settled in two ways teaches nothing.

    One that they gave a label which the model does not have shows none of the labels, as far as the model goes.
    """
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
    agreed = {sha256: next(iter(found)) for sha256, found in verdicts.items() if len(found) == 1}
    sample = _traffic_sample(session, agreed.keys())
    photos: dict[str, ReviewedPhoto] = {}
    for sha256, label, group in settled:
        if sha256 in agreed:
            # Photos of one sender stay on one side of every split: they show the same bear at the same waterhole.
            shown = label if label in labels else None
            photos.setdefault(sha256, ReviewedPhoto(sha256, shown, group, sha256 in sample))
    return Snapshot(
        photos=tuple(photos.values()),
        contradictory=len(verdicts) - len(agreed),
        foreign_labels=sum(label != NONE_OF_THESE and label not in labels for label in agreed.values()),
    )


def _traffic_sample(session: Session, judged: Collection[str]) -> frozenset[str]:
    """Photos that are a uniform sample of all that arrived, whoever answered; none if there is no such sample.

    An answer is audited when its draw is below the audit rate; a photo that went to people anyway has a draw as well.
    So the photos whose draw (that of their first submission) is below the lowest rate since audits last were off are
    that sample. Those of them that people have not `judged`, or not alike, are missing from it: not many may be.
    """
    answered = PredictionRecord.route == Decision.ANSWER.value
    off = select(func.max(PredictionRecord.submission_id)).where(answered, PredictionRecord.inclusion_probability <= 0)
    since = session.scalar(off) or 0
    lowest = select(func.min(PredictionRecord.inclusion_probability)).where(
        answered, PredictionRecord.submission_id > since
    )
    rate = session.scalar(lowest) or 0.0
    first: dict[str, float | None] = {}
    for sha256, drawn_at in session.execute(
        select(Submission.image_sha256, PredictionRecord.audit_draw)
        .join(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .where(Submission.id > since, Submission.image_sha256.is_not(None))
        .order_by(Submission.id)
    ):
        if sha256 is not None:
            first.setdefault(sha256, drawn_at)
    drawn = {sha256 for sha256, drawn_at in first.items() if drawn_at is not None and drawn_at < rate}
    missing = len(drawn) - len(drawn & set(judged))
    return frozenset(drawn & set(judged)) if missing <= _MISSING_AT_MOST * len(drawn) else frozenset()
