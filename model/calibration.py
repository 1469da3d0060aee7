"""Probabilities that mean what they say: one temperature, and how far off it leaves us."""

import numpy as np
from numpy.typing import NDArray


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


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature in 0.05..20 that minimises the negative log-likelihood of held-out logits (N, K).

    Guo et al. 2017, "On calibration of modern neural networks", section 4.2.
    """
    from scipy.optimize import minimize_scalar  # not at the top: serving needs no scipy

    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(softmax(logits / np.exp(log_t)), labels),
        bounds=(np.log(0.05), np.log(20.0)),
        method="bounded",
    )
    return float(np.exp(found.x))


def expected_calibration_error(confidences: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Equal-mass expected calibration error in 0..1: mean |accuracy - confidence| over bins of equal size.

    Nixon et al. 2019, "Measuring calibration in deep learning" (adaptive bins).
    """
    order = np.argsort(confidences, kind="stable")
    groups = np.array_split(order, max(1, min(bins, len(order))))
    gaps = [abs(correct[group].mean() - confidences[group].mean()) * len(group) for group in groups if len(group)]
    return float(np.sum(gaps) / max(len(order), 1))
