"""How well a score tells two sorts of photos apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.proportion import Proportion

_DRAWS = 1000  # of the bootstrap


@dataclass(frozen=True)
class Separation:
    """`auroc` (0.5 chance, 1 perfect) with a 95 % interval, and `fpr95`.

    The interval is a bootstrap's, its lower end no higher than so few photos bear out.

    `fpr95` counts the outliers that a cut at the 95th percentile of the inside scores would let pass; its interval
    takes the cut as given. Of nothing there is no `auroc`, and the interval is 0..1.
    """

    auroc: float | None
    auroc_low: float
    auroc_high: float
    fpr95: Proportion

    @classmethod
    def of(cls, inside: NDArray[np.float64], outside: NDArray[np.float64], seed: int = 0) -> "Separation":
        """Scores of photos inside the domain (N,) and outside (M,); higher is further out."""
        if not len(inside) or not len(outside):
            return cls(None, 0.0, 1.0, Proportion.of(0, 0))
        random = np.random.default_rng(seed)
        drawn = [auroc(random.choice(inside, len(inside)), random.choice(outside, len(outside))) for _ in range(_DRAWS)]
        low, high = np.quantile(drawn, (0.025, 0.975))
        # Drawn from a sample that is told apart perfectly, every sample is; but none of n says only that few are not.
        low = min(float(low), 0.025 ** (1 / min(len(inside), len(outside))))
        passed = int((outside <= np.quantile(inside, 0.95)).sum())
        return cls(auroc(inside, outside), float(low), float(high), Proportion.of(passed, len(outside)))

    def __str__(self) -> str:
        if self.auroc is None:
            return "none"
        return f"{self.auroc:.1%} ({self.auroc_low:.1%} to {self.auroc_high:.1%})"


def auroc(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    """The chance that an outside score exceeds an inside one, ties counting half (Mann-Whitney)."""
    ordered = np.sort(inside)
    below = np.searchsorted(ordered, outside, side="left")
    up_to = np.searchsorted(ordered, outside, side="right")
    return float((below + up_to).sum() / (2 * len(inside) * len(outside)))
