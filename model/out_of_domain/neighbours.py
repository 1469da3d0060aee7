"""Distance to the nearest training photos."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Evidence

_ROWS = 512  # compared with the reference at a time: memory grows with the photos, not with their square


class Neighbours:
    """1 - mean cosine similarity to the k nearest training photos, on L2-normalised features; in 0..2.

    Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors" (averaged over the k).
    """

    def __init__(self, reference: NDArray[np.float32], k: int = 5) -> None:
        self._reference = normalised(reference)  # (R, D)
        self._k = max(1, min(k, len(reference) - 1))

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,): distance of each photo to its k nearest training photos."""
        return self._distance(normalised(evidence.features) @ self._reference.T)

    def in_sample(
        self, evidence: Evidence, groups: Sequence[str], reference_groups: Sequence[str]
    ) -> NDArray[np.float64]:
        """(M,): the same for training photos of `groups` (M), each without the rows of the reference of its group.

        Of its group (scene or sender, of each of the R rows of the reference) are its own views and what is like it.
        """
        unit = normalised(evidence.features)
        parts = []
        for start in range(0, len(unit), _ROWS):
            rows = slice(start, start + _ROWS)
            similarity = unit[rows] @ self._reference.T
            similarity[same(groups[rows], reference_groups)] = -1.0
            parts.append(self._distance(similarity))
        return np.concatenate(parts)

    def _distance(self, similarity: NDArray[np.float32]) -> NDArray[np.float64]:
        nearest = np.partition(similarity, -self._k, axis=1)[:, -self._k :]
        distance: NDArray[np.float64] = 1.0 - nearest.astype(np.float64).mean(axis=1)
        return distance


def same(groups: Sequence[str], reference_groups: Sequence[str]) -> NDArray[np.bool_]:
    """(M, R): which photo is of the same group (scene or sender) as which row of a reference."""
    number = {name: i for i, name in enumerate(dict.fromkeys([*groups, *reference_groups]))}
    mine = np.array([number[name] for name in groups], dtype=np.int64)
    theirs = np.array([number[name] for name in reference_groups], dtype=np.int64)
    result: NDArray[np.bool_] = mine[:, None] == theirs[None, :]
    return result


def normalised(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of unit length; a row of zeros stays zero."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    result: NDArray[np.float32] = features / np.maximum(lengths, np.float32(1e-12))
    return result
