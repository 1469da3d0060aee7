"""Figures of the queue and of the people in it; and how often people agreed with the model, with its uncertainty."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from model.proportion import Proportion
from review.policy import Decision
from review.tables import ItemStatus, PredictionRecord, Reviewer, ReviewItem, Submission, Verdict, VerdictKind


@dataclass(frozen=True)
class QueueStatistics:
    """`agreement_*` are shares of settled items whose final label was the model's best guess.

    Items are not a random sample of what is asked: those of `agreement_in_review` were doubted by the model. Only
    `agreement_in_audit`, random checks of what the model answered alone, speaks for its answers.
    """

    submissions: int
    answered_alone: int
    open_items: int
    open_by_reason: dict[str, int]
    oldest_waiting_seconds: float | None
    settled_items: int
    verdicts_by_reviewer: dict[str, int]
    agreement_in_review: Proportion
    agreement_in_audit: Proportion

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def gather(session: Session, now: datetime) -> QueueStatistics:
    """Count; reads only."""
    submissions = session.scalar(select(func.count()).select_from(Submission)) or 0
    alone = session.scalar(
        select(func.count()).select_from(PredictionRecord).where(PredictionRecord.route == Decision.ANSWER.value)
    )
    waiting = session.execute(
        select(ReviewItem.reasons, ReviewItem.opened_at).where(ReviewItem.status == ItemStatus.OPEN)
    ).all()
    settled = session.execute(
        select(PredictionRecord.route, PredictionRecord.label, ReviewItem.final_label)
        .join(PredictionRecord, PredictionRecord.submission_id == ReviewItem.submission_id, isouter=True)
        .where(ReviewItem.status == ItemStatus.SETTLED)
    ).all()
    undoing = aliased(Verdict)
    reviewers = session.execute(
        select(Reviewer.name, func.count())
        .join(Verdict, Verdict.reviewer_id == Reviewer.id)
        .where(
            Verdict.kind.in_((VerdictKind.LABEL, VerdictKind.NONE)),
            ~exists().where(undoing.undoes_id == Verdict.id),
        )
        .group_by(Reviewer.name)
        .order_by(func.count().desc(), Reviewer.name)
    ).all()
    oldest = min((opened for _, opened in waiting), default=None)
    return QueueStatistics(
        submissions=submissions,
        answered_alone=alone or 0,
        open_items=len(waiting),
        open_by_reason=dict(Counter(reason for reasons, _ in waiting for reason in reasons).most_common()),
        oldest_waiting_seconds=(now - oldest).total_seconds() if oldest else None,
        settled_items=len(settled),
        verdicts_by_reviewer={row.name: row[1] for row in reviewers},
        agreement_in_review=_agreement(settled, Decision.REVIEW),
        agreement_in_audit=_agreement(settled, Decision.ANSWER),
    )


def _agreement(settled: Any, route: Decision) -> Proportion:
    pairs = [(guess, final) for found, guess, final in settled if found == route]
    return Proportion.of(sum(guess == final for guess, final in pairs), len(pairs))
