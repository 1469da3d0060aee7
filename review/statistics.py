"""Figures of the queue and its people; how often people agreed with the model, and what the model itself promises."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from model.errors import ModelError
from model.proportion import Proportion
from model.registry import Registry
from model.risk import RiskThreshold
from review.erased_keys import count_erased_answers
from review.pace import names
from review.policy import Decision, Reason
from review.tables import VOTES, ItemStatus, PredictionRecord, ReviewItem, Submission, Verdict
from review.waiting import open_by_reason

_DOUBTS = frozenset({Reason.LOW_CONFIDENCE, Reason.OUT_OF_DOMAIN})  # for which the model leaves a photo to people


@dataclass(frozen=True)
class QueueStatistics:
    """`open_by_reason` counts each item by its weightiest reason.

    `agreement_*` are shares of settled items whose final label was the model's best guess. Items are not a random
    sample of what is asked: those of `agreement_in_review` were doubted by the model. `agreement_in_audit` counts
    random checks of what the model answered alone, all alike; what they say of its answers is in `review.production`.
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
    """Count, in the database and over indexes: no item is read; reads only."""
    submissions = session.scalar(select(func.count()).select_from(Submission)) or 0
    alone = session.scalar(
        select(func.count()).select_from(PredictionRecord).where(PredictionRecord.route == Decision.ANSWER.value)
    )
    # What people decided outlives what the model said, which goes when somebody has their data deleted.
    erased_alone = count_erased_answers(session)
    by_reason = open_by_reason(session)
    oldest = session.scalar(select(func.min(ReviewItem.opened_at)).where(ReviewItem.status == ItemStatus.OPEN))
    settled = _settled(session)
    return QueueStatistics(
        submissions=submissions,
        answered_alone=(alone or 0) + erased_alone,
        open_items=sum(by_reason.values()),
        open_by_reason={reason.value: items for reason, items in by_reason.items()},
        oldest_waiting_seconds=(now - oldest).total_seconds() if oldest else None,
        settled_items=sum(items for items, *_ in settled),
        verdicts_by_reviewer=_verdicts_by_reviewer(session),
        agreement_in_review=_agreement((items, agreed) for items, agreed, doubted, _ in settled if doubted),
        # An answer that its asker disputes comes to people because it may be wrong: it is in no random sample.
        agreement_in_audit=_agreement((items, agreed) for items, agreed, _, audited in settled if audited),
    )


def _settled(session: Session) -> list[tuple[int, bool, bool, bool]]:
    """How many items, whether people agreed with the model, whether it doubted them, whether they were drawn."""
    settled = ReviewItem.final_label.is_not(None)
    labels = (ReviewItem.suggested_label, ReviewItem.final_label)
    rows = session.execute(
        select(ReviewItem.reason, *labels, func.count()).where(settled).group_by(ReviewItem.reason, *labels)
    )
    # What was disputed may be here for another reason as well, and only that.
    disputed = ReviewItem.reason == Reason.DISPUTED.value
    every = cast(ReviewItem.reasons, Text).label("every")
    several = session.execute(
        select(every, *labels, func.count()).where(settled, disputed).group_by("every", *labels)
    ).all()
    found = [((reason,), said, final, items) for reason, said, final, items in rows if reason != Reason.DISPUTED]
    found += [(tuple(json.loads(reasons)), said, final, items) for reasons, said, final, items in several]
    return [
        (items, said == final, bool(_DOUBTS.intersection(reasons)), Reason.AUDIT in reasons)
        for reasons, said, final, items in found
    ]


def _verdicts_by_reviewer(session: Session) -> dict[str, int]:
    """Labels and "none of these" that stand, the most first; what settled near-duplicates, too, is one verdict."""
    said = session.execute(
        select(Verdict.reviewer_id, func.count())
        .with_hint(Verdict, "INDEXED BY ix_verdicts_said", "sqlite")  # by itself it reads all verdicts
        .where(Verdict.kind.in_(VOTES), Verdict.with_id.is_(None))
        .group_by(Verdict.reviewer_id)
    )
    undone = aliased(Verdict)
    taken_back = session.execute(
        select(undone.reviewer_id, func.count())
        .join(Verdict, Verdict.undoes_id == undone.id)
        .where(Verdict.undoes_id.is_not(None), undone.kind.in_(VOTES), undone.with_id.is_(None))
        .group_by(undone.reviewer_id)
    )
    named = names(session)
    counts: Counter[str] = Counter()
    for reviewer, number in said:
        counts[named[reviewer]] += number
    for reviewer, number in taken_back:
        counts[named[reviewer]] -= number
    return dict(sorted(((n, c) for n, c in counts.items() if c), key=lambda pair: (-pair[1], pair[0])))


def _agreement(counts: Iterable[tuple[int, bool]]) -> Proportion:
    counted = list(counts)
    return Proportion.of(sum(items for items, agreed in counted if agreed), sum(items for items, _ in counted))
