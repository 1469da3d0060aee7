"""Review items as reviewers see them; reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from review.errors import NotFound
from review.tables import ItemStatus, PredictionRecord, Reviewer, ReviewItem, Submission


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


def view(session: Session, item_id: int) -> ItemView:
    """One item; raises `NotFound`."""
    found = list_items(session, only=ReviewItem.id == item_id)
    if not found:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return found[0]


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
        )
        for item, submission, prediction, held_by, settled_by in session.execute(query)
    ]


def count_open(session: Session) -> int:
    """How many items wait, those in somebody's hands included."""
    return session.scalar(select(func.count()).select_from(ReviewItem).where(ReviewItem.status == ItemStatus.OPEN)) or 0
