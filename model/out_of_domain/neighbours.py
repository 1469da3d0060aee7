"""Distance to the nearest training photos."""

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Evidence


class Neighbours:
    """1 - mean cosine similarity to the k nearest training photos, on L2-normalised features; in 0..2.

    Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors" (averaged over the k).
    """

    def __init__(self, reference: NDArray[np.float32], k: int = 5) -> None:
        self._reference = normalised(reference)  # (M, D)
        self._k = max(1, min(k, len(reference) - 1))

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,): distance of each photo to its k nearest training photos."""
        return self._distance(normalised(evidence.features) @ self._reference.T)

    def in_sample(self, evidence: Evidence) -> NDArray[np.float64]:
        """(M,): the same for the training photos, each without itself."""
        similarity = self._reference @ self._reference.T
        np.fill_diagonal(similarity, -np.inf)
        return self._distance(similarity)

    def _distance(self, similarity: NDArray[np.float32]) -> NDArray[np.float64]:
        nearest = np.partition(similarity, -self._k, axis=1)[:, -self._k :]
        distance: NDArray[np.float64] = 1.0 - nearest.astype(np.float64).mean(axis=1)
        return distance


def normalised(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of unit length; a row of zeros stays zero."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    result: NDArray[np.float32] = features / np.maximum(lengths, np.float32(1e-12))
    return result
