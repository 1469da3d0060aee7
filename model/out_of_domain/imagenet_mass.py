"""How much of the ImageNet view falls on classes that stand for our subject."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Evidence

_FLOOR = 1e-6  # below this the network's probabilities are noise


class ImagenetMass:
    """-log of the probability that the frozen 1000-class head puts on `classes`.

    The maximum softmax baseline (Hendrycks & Gimpel 2017), summed over subject classes. Classes come from the training
    photos (`subject_classes`), so a new subject needs no code.
    """

    def __init__(self, classes: Sequence[int]) -> None:
        self.classes = tuple(classes)

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,) in 0..13.8."""
        mass = np.exp(evidence.log_probabilities[:, list(self.classes)].astype(np.float64)).sum(axis=1)
        result: NDArray[np.float64] = -np.log(np.clip(mass, _FLOOR, 1.0))
        return result


def subject_classes(
    log_probabilities: NDArray[np.float32], labels: NDArray[np.int64], share: float = 0.1
) -> tuple[int, ...]:
    """ImageNet classes that carry at least `share` of some label's mean probability; never empty.

    `log_probabilities` (M, 1000) and `labels` (M,) of the training photos. For the bears: brown bear 294,
    American black bear 295, teddy 850.
    """
    chosen: set[int] = set()
    for label in np.unique(labels):
        mean = np.exp(log_probabilities[labels == label].astype(np.float64)).mean(axis=0)  # (1000,)
        chosen.update(int(index) for index in np.flatnonzero(mean >= share))
        chosen.add(int(mean.argmax()))
    return tuple(sorted(chosen))
