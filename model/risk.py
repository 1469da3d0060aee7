"""The confidence from which the model may answer: a bound on its errors, or an honest "no guarantee"."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# At most five, fixed before a training sees its data, tested strictest first (Learn then Test's fixed sequence): each
# test may then use the whole error probability delta.
# Below 0.9 hardly any photo of the subject is left to gain (measured: under 1 %), but half of what only looks like it.
PRESET_THRESHOLDS = (0.99, 0.98, 0.97, 0.95, 0.90)
# Without enough calibration photos: answer only what the model is almost sure of, and claim nothing.
CONSERVATIVE_THRESHOLD = 0.99
# What people are taken to send until audited traffic tells: photos of the subject, pictures of something else, and
# pictures that look like the subject and are not.
DEFAULT_MIX: Mapping[str, float] = {"subject": 0.6, "far": 0.3, "near": 0.1}


@dataclass(frozen=True)
class RiskThreshold:
    """`threshold` in 0..1; `guaranteed` tells whether the bound below really holds for it.

    If guaranteed: with confidence `1 - delta` the share of wrong answers among answered photos is at most `risk`, for
    photos drawn as the `calibration_photos` were. `composition` counts those by kind; an answer to one that shows none
    of the labels is an error.
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
    composition: Mapping[str, int]

    def claim(self) -> str:
        """What this threshold promises, or plainly that it promises nothing and why."""
        if self.guaranteed:
            return (
                f"at most {self.risk:.0%} of such answers are wrong, with {1 - self.delta:.0%} confidence, as long as "
                f"{self.assumption}"
            )
        return (
            f"nothing is guaranteed: {self.errors} wrong of {self.answered} answered calibration photos only show "
            f"that at most {self.upper_bound:.1%} are wrong, {self.risk:.0%} was asked for"
        )


def upper_error_bound(errors: int, answered: int, delta: float) -> float:
    """Clopper-Pearson upper bound (confidence 1 - delta) on the error rate after `errors` of `answered`."""
    if answered == 0 or errors >= answered:
        return 1.0
    from scipy.stats import beta  # not at the top: reading a card needs no scipy

    return float(beta.ppf(1.0 - delta, errors + 1, answered - errors))


def drawn_mix(available: Mapping[str, int], shares: Mapping[str, float], seed: int) -> dict[str, NDArray[np.int64]]:
    """Rows of each kind that together are a sample of photos that arrive in these `shares` (summing to 1).

    How many of each kind is drawn (multinomially), then which (without putting back), so that the sample is one of
    independent arrivals and an exact binomial bound holds for it. As large as it can be with hardly a chance (1 in 1000
    for each kind) that some kind does not suffice; that kind is then taken whole.
    """
    from scipy.stats import binom  # not at the top: reading a card needs no scipy

    def suffices(size: int) -> bool:
        return all(binom.ppf(0.999, size, share) <= available.get(kind, 0) for kind, share in shares.items())

    largest = int(min(available.get(kind, 0) / share for kind, share in shares.items()))
    size = bisect.bisect_left(range(1, largest + 1), True, key=lambda n: not suffices(n))
    random = np.random.default_rng(seed)
    counts = random.multinomial(size, list(shares.values())).tolist()
    return {
        kind: np.sort(random.permutation(available.get(kind, 0))[:count])
        for kind, count in zip(shares, counts, strict=True)
    }


def choose_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    risk: float = 0.02,
    delta: float = 0.05,
    presets: Sequence[float] = PRESET_THRESHOLDS,
    assumption: str,
    composition: Mapping[str, int] | None = None,
) -> RiskThreshold:
    """The lowest preset whose error bound, and that of every stricter one, is at most `risk`.

    `confidences` (N,) and `correct` (N,) come from photos that the scored model was not trained on; a photo that is
    left to people whatever its confidence (out of domain) has the confidence 0.
    Angelopoulos et al. 2021, "Learn then test", fixed-sequence testing with exact binomial p-values.
    """
    kinds = {"subject": len(confidences)} if composition is None else dict(composition)

    def tested(threshold: float) -> RiskThreshold:
        answered = confidences >= threshold
        errors, total = int((answered & ~correct).sum()), int(answered.sum())
        bound = upper_error_bound(errors, total, delta)
        return RiskThreshold(
            threshold, bound <= risk, risk, delta, total, errors, len(confidences), bound, assumption, kinds
        )

    passed: RiskThreshold | None = None
    for threshold in sorted(presets, reverse=True):
        found = tested(threshold)
        if not found.guaranteed:
            break
        passed = found
    return passed or replace(tested(CONSERVATIVE_THRESHOLD), guaranteed=False)
