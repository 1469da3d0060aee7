"""Probabilities that mean what they say: one temperature, and how far off it leaves us."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2000  # of the calibration error by chance: its 95 % quantile is then good to about 2 % of itself


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits (N, K) -> probabilities (N, K), each row summing to 1."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    result: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def negative_log_likelihood(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean of -log p(true label) in nats; lower is better."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean over photos of the squared distance to the truth, summed over labels, in 0..2; lower is better.

    Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    truth = np.eye(probabilities.shape[1])[labels]  # (N, K)
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature in 0.05..20 that minimises the negative log-likelihood of held-out logits (N, K).

    Guo et al. 2017, "On calibration of modern neural networks", section 4.2; with the targets of Platt 1999,
    "Probabilistic outputs for support vector machines", section 2.2: the truth counts (N + 1) / (N + K), every other
    label 1 / (N + K). Without that, photos that happen to be all right would claim that errors are impossible.
    """
    from scipy.optimize import minimize_scalar  # not at the top: serving needs no scipy

    photos, classes = logits.shape
    targets = np.full((photos, classes), 1.0 / (photos + classes))
    targets[np.arange(photos), labels] = (photos + 1.0) / (photos + classes)

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        return float(-(targets * np.log(np.clip(probabilities, 1e-12, 1.0))).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def expected_calibration_error(confidences: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Equal-mass expected calibration error in 0..1: mean |accuracy - confidence| over bins of equal size.

    Nixon et al. 2019, "Measuring calibration in deep learning" (adaptive bins).
    """
    order = np.argsort(confidences, kind="stable")
    groups = np.array_split(order, max(1, min(bins, len(order))))
    gaps = [abs(correct[group].mean() - confidences[group].mean()) * len(group) for group in groups if len(group)]
    return float(np.sum(gaps) / max(len(order), 1))


@dataclass(frozen=True)
class ChanceCalibration:
    """What the calibration error of photos with these confidences would be if they meant exactly what they say.

    Even then it is above 0, since a bin of 40 photos is seldom exactly as right as it says. `mean` and the quantile
    that 95 % of such samples stay below, both in 0..1.
    """

    mean: float
    quantile_95: float


def calibration_error_by_chance(confidences: NDArray[np.float64], bins: int = 10, seed: int = 0) -> ChanceCalibration:
    """Draw right and wrong from confidences (N,) and measure; the consistency check of Bröcker & Smith 2007.

    "Increasing the reliability of reliability diagrams", section 3.
    """
    if not len(confidences):
        return ChanceCalibration(0.0, 0.0)
    random = np.random.default_rng(seed)
    drawn = random.random((_DRAWS, len(confidences))) < confidences
    errors = [expected_calibration_error(confidences, correct, bins) for correct in drawn]
    return ChanceCalibration(float(np.mean(errors)), float(np.quantile(errors, 0.95)))
