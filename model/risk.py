"""The confidence from which the model may answer: a bound on its errors, or an honest "no guarantee"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# At most five, fixed before any data is seen, tested strictest first (Learn then Test's fixed sequence): each test may
# then use the whole error probability delta.
PRESET_THRESHOLDS = (0.99, 0.97, 0.95, 0.90, 0.80)
# Without enough calibration photos: answer only what the model is almost sure of, and claim nothing.
CONSERVATIVE_THRESHOLD = 0.99


@dataclass(frozen=True)
class RiskThreshold:
    """`threshold` in 0..1; `guaranteed` tells whether the bound below really holds for it.

    If guaranteed: with confidence `1 - delta` the share of wrong answers among answered photos is at most `risk`, for
    photos drawn as the `calibration_photos` were.
    """

    threshold: float
    guaranteed: bool
    risk: float
    delta: float
    answered: int
    errors: int
    calibration_photos: int
    upper_bound: float
    assumption: str

    def claim(self) -> str:
        """What this threshold promises, or plainly that it promises nothing and why."""
        if self.guaranteed:
            return (
                f"at most {self.risk:.0%} of such answers are wrong, with {1 - self.delta:.0%} confidence, as long as "
                f"{self.assumption}"
            )
        return (
            f"nothing is guaranteed: {self.errors} errors in {self.answered} answered calibration photos only show "
            f"that at most {self.upper_bound:.1%} are wrong, {self.risk:.0%} was asked for"
        )


def upper_error_bound(errors: int, answered: int, delta: float) -> float:
    """Clopper-Pearson upper bound (confidence 1 - delta) on the error rate after `errors` of `answered`."""
    if answered == 0 or errors >= answered:
        return 1.0
    from scipy.stats import beta  # not at the top: reading a card needs no scipy

    return float(beta.ppf(1.0 - delta, errors + 1, answered - errors))


def choose_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    risk: float = 0.02,
    delta: float = 0.05,
    presets: Sequence[float] = PRESET_THRESHOLDS,
    assumption: str,
) -> RiskThreshold:
    """The lowest preset whose error bound, and that of every stricter one, is at most `risk`.

    `confidences` (N,) and `correct` (N,) come from photos that the scored model was not trained on.
    Angelopoulos et al. 2021, "Learn then test", fixed-sequence testing with exact binomial p-values.
    """
    passed: RiskThreshold | None = None
    for threshold in sorted(presets, reverse=True):
        answered = confidences >= threshold
        errors = int((answered & ~correct).sum())
        bound = upper_error_bound(errors, int(answered.sum()), delta)
        if bound > risk:
            break
        passed = RiskThreshold(
            threshold, True, risk, delta, int(answered.sum()), errors, len(confidences), bound, assumption
        )
    if passed is not None:
        return passed
    answered = confidences >= CONSERVATIVE_THRESHOLD
    errors = int((answered & ~correct).sum())
    bound = upper_error_bound(errors, int(answered.sum()), delta)
    return RiskThreshold(
        CONSERVATIVE_THRESHOLD, False, risk, delta, int(answered.sum()), errors, len(confidences), bound, assumption
    )
