"""How good a model is on photos it was not trained on, with the uncertainty of every figure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import expected_calibration_error, negative_log_likelihood, softmax


@dataclass(frozen=True)
class Proportion:
    """`count` of `total`, with a 95 % Wilson interval; of nothing there is no `value`, and the interval is 0..1."""

    count: int
    total: int
    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int) -> "Proportion":
        if total == 0:
            return cls(0, 0, None, 0.0, 1.0)
        from scipy.stats import binomtest  # not at the top: printing a card needs no scipy

        interval = binomtest(count, total).proportion_ci(method="wilson")
        return cls(count, total, count / total, float(interval.low), float(interval.high))

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%}, {self.count} of {self.total})"


@dataclass(frozen=True)
class EvaluationReport:
    """Figures on one test set. `answered` counts photos that would be answered without a person."""

    photos: int
    accuracy: Proportion
    per_label: Mapping[str, Proportion]
    negative_log_likelihood: float
    expected_calibration_error: float
    confusion: tuple[tuple[int, ...], ...]  # row: truth, column: answer
    answered: Proportion
    wrong_among_answered: Proportion

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def evaluate(
    logits: NDArray[np.float64],
    labels: NDArray[np.int64],
    *,
    temperature: float,
    vocabulary: Sequence[str],
    answer_threshold: float,
    in_domain: NDArray[np.bool_],
) -> EvaluationReport:
    """Logits (N, K), true labels (N,) and the detector's view (N,) -> figures."""
    probabilities = softmax(logits / temperature)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct = predicted == labels
    confusion = np.zeros((len(vocabulary), len(vocabulary)), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    answered = (confidence >= answer_threshold) & in_domain
    return EvaluationReport(
        photos=len(labels),
        accuracy=Proportion.of(int(correct.sum()), len(labels)),
        per_label={
            label: Proportion.of(int(correct[labels == i].sum()), int((labels == i).sum()))
            for i, label in enumerate(vocabulary)
        },
        negative_log_likelihood=negative_log_likelihood(probabilities, labels),
        expected_calibration_error=expected_calibration_error(confidence, correct),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        answered=Proportion.of(int(answered.sum()), len(labels)),
        wrong_among_answered=Proportion.of(int((answered & ~correct).sum()), int(answered.sum())),
    )
