"""Figures of the queue and its people; how often people agreed with the model, and what the model itself promises."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from model.errors import ModelError
from model.proportion import Proportion
from model.registry import Registry
from model.risk import RiskThreshold
from review.erased_keys import ERASED_ANSWER
from review.policy import Decision, Reason
from review.tables import ItemStatus, PredictionRecord, Reviewer, ReviewItem, Submission, Verdict, VerdictKind

_DOUBTS = frozenset({Reason.LOW_CONFIDENCE, Reason.OUT_OF_DOMAIN})  # for which the model leaves a photo to people


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


@dataclass(frozen=True)
class ModelPromise:
    """Which model answers, and from which confidence on with which promise (`risk`, from its card).

    `version` and `risk` are None as far as they cannot be read; `problem` then says why.
    """

    version: str | None
    risk: RiskThreshold | None
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For `--json`; what is not known is null."""
        return {
            "version": self.version,
            "answer_threshold": self.risk.threshold if self.risk else None,
            "guaranteed": self.risk.guaranteed if self.risk else None,
            "claim": self.risk.claim() if self.risk else None,
            "problem": self.problem,
        }


def promise_of(registry: Registry, version: str | None = None) -> ModelPromise:
    """What the card of `version` (by default the champion) promises. Raises nothing: a broken registry is a finding."""
    try:
        version = version or registry.champion()
        return ModelPromise(version, registry.card(version).risk)
    except (ModelError, OSError) as error:
        return ModelPromise(version, None, str(error))


def gather(session: Session, now: datetime) -> QueueStatistics:
    """Count; reads only."""
    submissions = session.scalar(select(func.count()).select_from(Submission)) or 0
    alone = session.scalar(
        select(func.count()).select_from(PredictionRecord).where(PredictionRecord.route == Decision.ANSWER.value)
    )
    waiting = session.execute(
        select(ReviewItem.reasons, ReviewItem.opened_at).where(ReviewItem.status == ItemStatus.OPEN)
    ).all()
    # What people decided outlives what the model said, which goes when somebody has their data deleted.
    erased_alone = session.scalar(
        select(func.count()).select_from(Submission).where(Submission.source_key.startswith(ERASED_ANSWER))
    )
    settled = session.execute(
        select(ReviewItem.suggested_label, ReviewItem.final_label, ReviewItem.reasons).where(
            ReviewItem.status == ItemStatus.SETTLED
        )
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
        answered_alone=(alone or 0) + (erased_alone or 0),
        open_items=len(waiting),
        open_by_reason=dict(Counter(reason for reasons, _ in waiting for reason in reasons).most_common()),
        oldest_waiting_seconds=(now - oldest).total_seconds() if oldest else None,
        settled_items=len(settled),
        verdicts_by_reviewer={row.name: row[1] for row in reviewers},
        agreement_in_review=_agreement(
            (row.suggested_label, row.final_label) for row in settled if _DOUBTS.intersection(row.reasons)
        ),
        # An answer that its asker disputes comes to people because it may be wrong: it is in no random sample.
        agreement_in_audit=_agreement(
            (row.suggested_label, row.final_label) for row in settled if Reason.AUDIT in row.reasons
        ),
    )


def _agreement(guesses_and_finals: Iterable[tuple[str | None, str | None]]) -> Proportion:
    agreed = [guess == final for guess, final in guesses_and_finals]
    return Proportion.of(sum(agreed), len(agreed))
