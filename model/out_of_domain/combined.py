"""The detector that ships: nearest neighbours and ImageNet mass, each standardised, summed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Detector, Evidence
from model.out_of_domain.imagenet_mass import ImagenetMass, subject_classes
from model.out_of_domain.neighbours import Neighbours


@dataclass(frozen=True)
class DetectorState:
    """What of a fitted detector is stored in the card; the reference features are stored beside it.

    `means`/`scales` standardise each term on leave-one-out training scores; `cut` is the highest score still in domain.
    """

    classes: tuple[int, ...]
    neighbours: int
    means: tuple[float, ...]
    scales: tuple[float, ...]
    cut: float
    in_domain_share: float


class CombinedDetector:
    """Sum over terms of (score - mean) / scale."""

    def __init__(self, reference: NDArray[np.float32], state: DetectorState) -> None:
        self.state = state
        self._terms: Sequence[Detector] = (Neighbours(reference, state.neighbours), ImagenetMass(state.classes))

    @classmethod
    def fit(
        cls, evidence: Evidence, labels: NDArray[np.int64], *, in_domain_share: float = 0.97, neighbours: int = 5
    ) -> "CombinedDetector":
        """Fit on the training photos. The cut lets `in_domain_share` of their leave-one-out scores pass."""
        classes = subject_classes(evidence.log_probabilities, labels)
        terms: tuple[Detector, ...] = (Neighbours(evidence.features, neighbours), ImagenetMass(classes))
        scores = [term.in_sample(evidence) for term in terms]
        means = tuple(float(score.mean()) for score in scores)
        scales = tuple(max(float(score.std()), 1e-6) for score in scores)
        total = sum((s - m) / d for s, m, d in zip(scores, means, scales, strict=True))
        cut = float(np.quantile(total, in_domain_share))
        state = DetectorState(classes, neighbours, means, scales, cut, in_domain_share)
        return cls(evidence.features, state)

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,): higher is further out of domain; above `state.cut` is out."""
        return self._combine([term.score(evidence) for term in self._terms])

    def in_sample(self, evidence: Evidence) -> NDArray[np.float64]:
        """(M,): leave-one-out scores of the training photos."""
        return self._combine([term.in_sample(evidence) for term in self._terms])

    def _combine(self, scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = np.sum(
            [
                (score - mean) / scale
                for score, mean, scale in zip(scores, self.state.means, self.state.scales, strict=True)
            ],
            axis=0,
        )
        return total
