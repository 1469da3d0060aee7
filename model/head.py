"""The linear head: features (N, D) of a body to logits (N, K)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.neighbours import normalised


@dataclass(frozen=True, eq=False)
class Head:
    """`weight` (K, D) and `bias` (K,), for what `head_inputs` makes of features."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, D) -> (N, K)"""
        inputs = head_inputs(features).astype(np.float64)
        result: NDArray[np.float64] = inputs @ self.weight.astype(np.float64).T + self.bias
        return result


def head_inputs(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (N, D) scaled to a root mean square of 1 a photo.

    How strongly a body responds tells of contrast and size, not of what a photo shows. Measured on the bears: as many
    right, but the log-likelihood loss of cross-fitted answers falls from 0.032 to 0.026 nats.
    """
    result: NDArray[np.float32] = normalised(features) * np.float32(features.shape[1] ** 0.5)
    return result
