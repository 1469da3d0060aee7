"""Review items as reviewers see them; reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from review.errors import NotFound, PhotoDeleted
from review.policy import Reason
from review.tables import Claim, ItemStatus, PredictionRecord, Reviewer, ReviewItem, Submission

_ASKED_BY_NUMBER = 500


@dataclass(frozen=True)
class ItemView:
    """An item as reviewers see it; `probabilities` is None when no model judged the photo."""

    id: int
    submission: int
    status: ItemStatus
    reasons: tuple[str, ...]
    suggested_label: str | None
    confidence: float | None
    probabilities: dict[str, float] | None
    out_of_domain_score: float | None
    model_version: str | None
    image_sha256: str | None  # None: the photo was deleted
    submitted_at: datetime
    final_label: str | None
    settled_at: datetime | None
    settled_by: str | None
    held_by: str | None
    held_until: datetime | None
    claimed_labels: tuple[str, ...]  # what askers who disagree say it shows, the latest last; "none" for none of these
    blind: bool  # several judge it, each without seeing what the model, the others or the askers say


def view(session: Session, item_id: int) -> ItemView:
    """One item; raises `NotFound`."""
    found = list_items(session, only=ReviewItem.id == item_id)
    if not found:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return found[0]


def require_photo(session: Session, item_id: int) -> None:
    """Raises `PhotoDeleted` if the photo of this item is gone, whatever became of the item; `NotFound` without one."""
    if view(session, item_id).image_sha256 is None:
        raise PhotoDeleted(item_id)


def list_items(
    session: Session, *, everything: bool = False, only: ColumnElement[bool] | None = None
) -> list[ItemView]:
    """Open items (or all) in the order of the queue, oldest first among equals."""
    holder, settler = aliased(Reviewer), aliased(Reviewer)
    query = (
        select(ReviewItem, Submission, PredictionRecord, holder.name, settler.name)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .outerjoin(holder, holder.id == ReviewItem.lease_reviewer_id)
        .outerjoin(settler, settler.id == ReviewItem.settled_by_id)
        .order_by(ReviewItem.status, ReviewItem.priority.desc(), ReviewItem.id)
    )
    if only is not None:
        query = query.where(only)
    elif not everything:
        query = query.where(ReviewItem.status == ItemStatus.OPEN)
    rows = session.execute(query).all()
    claimed = _claimed_labels(session, [item.submission_id for item, *_ in rows if Reason.DISPUTED in item.reasons])
    return [
        ItemView(
            id=item.id,
            submission=submission.id,
            status=item.status,
            reasons=tuple(item.reasons),
            suggested_label=item.suggested_label,
            confidence=item.confidence,
            probabilities=prediction.probabilities if prediction else None,
            out_of_domain_score=prediction.out_of_domain_score if prediction else None,
            model_version=prediction.model_version if prediction else None,
            image_sha256=submission.image_sha256,
            submitted_at=submission.submitted_at,
            final_label=item.final_label,
            settled_at=item.settled_at,
            settled_by=settled_by,
            held_by=held_by,
            held_until=item.lease_expires_at,
            claimed_labels=tuple(claimed.get(submission.id, ())),
            blind=item.verdicts_needed > 1 and not item.needs_adjudicator,
        )
        for item, submission, prediction, held_by, settled_by in rows
    ]


def _claimed_labels(session: Session, submissions: Sequence[int]) -> dict[int, list[str]]:
    """By first submission of a photo, from all who sent it; each label once."""
    if not submissions:
        return {}
    first = func.coalesce(Submission.repeats_id, Submission.id)
    said = (
        select(first, Claim.label)
        .join(Claim, Claim.submission_id == Submission.id)
        .where(~Claim.agrees, Claim.label.is_not(None))
        .order_by(Claim.id)
    )
    if len(submissions) <= _ASKED_BY_NUMBER:  # SQLite takes a limited number of parameters
        said = said.where(first.in_(submissions))
    found: dict[int, dict[str, None]] = {}
    for submission, label in session.execute(said):
        assert label is not None
        found.setdefault(submission, {})[label] = None
    return {submission: list(labels) for submission, labels in found.items()}


def count_open(session: Session) -> int:
    """How many items wait, those in somebody's hands included."""
    return session.scalar(select(func.count()).select_from(ReviewItem).where(ReviewItem.status == ItemStatus.OPEN)) or 0
