"""How good a model is on photos it was not trained on, with the uncertainty of every figure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import (
    brier_score,
    calibration_error_by_chance,
    expected_calibration_error,
    negative_log_likelihood,
    softmax,
)
from model.proportion import Proportion
from model.separation import Separation


@dataclass(frozen=True)
class OutlierReport:
    """Figures on test outliers of one kind against the test photos.

    `passed` counts those that the cut lets through, `answered` those that would even be answered: all errors.
    """

    separation: Separation
    passed: Proportion
    answered: Proportion


@dataclass(frozen=True)
class EvaluationReport:
    """Figures on one test set. `answered` counts photos that would be answered without a person.

    `views`: right answers where the same photos are changed (black and white, thumbnails). `outliers`: by kind.
    `wrong_among_answered_mixed`: the photos and all outliers together, an answer to an outlier being an error.
    `cross_fitted`: right answers among the training photos, each by a head that was trained without it; None if there
    was no such head.
    """

    photos: int
    accuracy: Proportion
    per_label: Mapping[str, Proportion]
    negative_log_likelihood: float
    brier_score: float
    expected_calibration_error: float
    calibration_error_by_chance: float
    calibration_error_by_chance_95: float
    confusion: tuple[tuple[int, ...], ...]  # row: truth, column: answer
    answered: Proportion
    wrong_among_answered: Proportion
    wrong_among_answered_mixed: Proportion
    views: Mapping[str, Proportion]
    outliers: Mapping[str, OutlierReport]
    cross_fitted: Proportion | None

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model makes of test photos or outliers (N) of one kind: logits (N, K) and out-of-domain scores (N,)."""

    logits: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """What of a model decides over an answer: the temperature, the threshold of the confidence, the cut."""

    temperature: float
    answer_threshold: float
    cut: float

    def answers(self, judged: Measured) -> NDArray[np.bool_]:
        """(N,): which photos would be answered without a person."""
        confidence = softmax(judged.logits / self.temperature).max(axis=1, initial=0.0)
        result: NDArray[np.bool_] = (confidence >= self.answer_threshold) & (judged.scores <= self.cut)
        return result


def evaluate(
    test: Measured,
    labels: NDArray[np.int64],
    *,
    rule: Rule,
    vocabulary: Sequence[str],
    views: Mapping[str, NDArray[np.float64]],
    outliers: Mapping[str, Measured],
    cross_fitted: Proportion | None = None,
) -> EvaluationReport:
    """Test photos with true labels (N,), logits (N, K) of their `views`, and test outliers by kind -> figures."""
    probabilities = softmax(test.logits / rule.temperature)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct = predicted == labels
    confusion = np.zeros((len(vocabulary), len(vocabulary)), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    answered = rule.answers(test)
    strangers = {kind: rule.answers(judged) for kind, judged in outliers.items()}
    strangers_answered = sum(int(found.sum()) for found in strangers.values())
    wrong, total = int((answered & ~correct).sum()), int(answered.sum())
    chance = calibration_error_by_chance(confidence)
    return EvaluationReport(
        photos=len(labels),
        accuracy=Proportion.of(int(correct.sum()), len(labels)),
        per_label={
            label: Proportion.of(int(correct[labels == i].sum()), int((labels == i).sum()))
            for i, label in enumerate(vocabulary)
        },
        negative_log_likelihood=negative_log_likelihood(probabilities, labels),
        brier_score=brier_score(probabilities, labels),
        expected_calibration_error=expected_calibration_error(confidence, correct),
        calibration_error_by_chance=chance.mean,
        calibration_error_by_chance_95=chance.quantile_95,
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        answered=Proportion.of(total, len(labels)),
        wrong_among_answered=Proportion.of(wrong, total),
        wrong_among_answered_mixed=Proportion.of(wrong + strangers_answered, total + strangers_answered),
        views={
            name: Proportion.of(int((logits.argmax(axis=1) == labels).sum()), len(labels))
            for name, logits in views.items()
        },
        outliers={
            kind: OutlierReport(
                Separation.of(test.scores, judged.scores),
                Proportion.of(int((judged.scores <= rule.cut).sum()), len(judged.scores)),
                Proportion.of(int(strangers[kind].sum()), len(judged.scores)),
            )
            for kind, judged in outliers.items()
        },
        cross_fitted=cross_fitted,
    )
