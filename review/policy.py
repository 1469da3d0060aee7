"""Answer alone or ask a person: the rule, pure, with its reasons; and what a person should look at first."""

import hmac
import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """Who answers the asker."""

    ANSWER = "answer"
    REVIEW = "review"


class Reason(StrEnum):
    """Why a person looks at a photo; stored by value."""

    LOW_CONFIDENCE = "low_confidence"
    OUT_OF_DOMAIN = "out_of_domain"
    AUDIT = "audit"
    DISPUTED = "disputed"
    NO_MODEL = "no_model"


@dataclass(frozen=True)
class Routing:
    """Where a photo goes. `inclusion_probability` (0..1) is the chance with which a person comes to see it.

    An audited photo is answered and seen by a person: its decision is `ANSWER`, its reason `AUDIT`.
    """

    decision: Decision
    reasons: tuple[Reason, ...]
    inclusion_probability: float

    @property
    def reviewed(self) -> bool:
        """Whether a person looks at it."""
        return bool(self.reasons)


WITHOUT_MODEL = Routing(Decision.REVIEW, (Reason.NO_MODEL,), 1.0)

# What comes first in the queue. Somebody who disputes an answer was let down already; what the model has never seen the
# like of teaches it most; then what it doubts. Without a model nothing is known of a photo, but its asker waits. Askers
# of audited photos have their answer.
_WEIGHTS = {
    Reason.DISPUTED: 50.0,
    Reason.OUT_OF_DOMAIN: 40.0,
    Reason.LOW_CONFIDENCE: 30.0,
    Reason.NO_MODEL: 20.0,
    Reason.AUDIT: 10.0,
}

_NOVELTY_WEIGHT = 0.1  # beside uncertainty; see `tests/benchmarks/ranking.py`


def route(
    *,
    confidence: float,
    in_domain: bool,
    answer_threshold: float,
    audit_rate: float = 0.0,
    audit_draw: float = 1.0,
) -> Routing:
    """Route one photo.

    The model answers alone if the photo is in its domain and its calibrated `confidence` (0..1) reaches
    `answer_threshold`; a threshold above 1 lets it answer nothing, and a confidence that is no number is none. Of what
    it answers, the share `audit_rate` (0..1) is looked at as well: those whose `audit_draw` (0..1) is below it.
    """
    reasons = []
    if not in_domain:
        reasons.append(Reason.OUT_OF_DOMAIN)
    if not confidence >= answer_threshold:  # written so that NaN asks a person
        reasons.append(Reason.LOW_CONFIDENCE)
    if reasons:
        return Routing(Decision.REVIEW, tuple(reasons), 1.0)
    audited = audit_draw < audit_rate
    return Routing(Decision.ANSWER, (Reason.AUDIT,) if audited else (), audit_rate)


def draw(source_key: str, secret: bytes) -> float:
    """A number in [0, 1), uniform over keys and always the same for one: a photo that comes again goes the same way.

    Without the `secret` (`review.secret_keys`) nobody can tell which answers will be looked at: HMAC-SHA256.
    """
    digest = hmac.digest(secret, source_key.encode(), "sha256")
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def weightiest(reasons: Collection[Reason]) -> Reason:
    """The reason that an item is counted and ordered by; raises `ValueError` for none."""
    return max(reasons, key=_WEIGHTS.__getitem__)


def uncertainty_of(probabilities: Collection[float]) -> float | None:
    """How little the best label leads the next one, 0..1 (1 - margin; Scheffer et al. 2001); None: nobody knows."""
    if not len(probabilities) or not all(map(math.isfinite, probabilities)):
        return None
    best, second, *_ = [*sorted(map(float, probabilities), reverse=True), 0.0]
    return min(max(1.0 - (best - second), 0.0), 1.0)


def priority(reasons: Collection[Reason], *, uncertainty: float | None, novelty: float | None) -> float:
    """The place in the queue, higher first: the weightiest reason, then the `value` of an answer.

    The key never depends on the present time, so it is stored once; equals are served oldest first.
    """
    return max((_WEIGHTS[reason] for reason in reasons), default=0.0) + value(uncertainty, novelty)


def value(uncertainty: float | None, novelty: float | None) -> float:
    """What people's answer is likely to teach, 0..1.

    `uncertainty` (0..1) of the model weighs more than `novelty` (0..1, how far from what it learnt). What is not known
    counts as wholly uncertain and wholly novel: missing scores hide nothing.
    """
    return (1.0 - _NOVELTY_WEIGHT) * _share(uncertainty) + _NOVELTY_WEIGHT * _share(novelty)


def _share(score: float | None) -> float:
    return 1.0 if score is None or math.isnan(score) else min(max(score, 0.0), 1.0)
