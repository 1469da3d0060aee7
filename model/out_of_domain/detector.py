"""The interface of every detector, and the context that they share."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Evidence:
    """What detectors look at: features (N, D) of the frozen body and its ImageNet log-probabilities (N, 1000)."""

    features: NDArray[np.float32]
    log_probabilities: NDArray[np.float32]


class Detector(Protocol):
    """Scores (N,) float64 where higher is further out of domain."""

    def score(self, evidence: Evidence) -> NDArray[np.float64]: ...
