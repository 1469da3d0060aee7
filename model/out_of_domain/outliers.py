"""How much a photo resembles pictures that are known to be none of the labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Evidence
from model.out_of_domain.neighbours import normalised

# Inverse strength of the L2 penalty. Measured on the bears with whole categories of outliers left out: 0.3 to 30 differ
# by less than chance; a weak penalty bends to the photos' sources instead of what they show.
_C = 3.0
# Rows of each side at most: a plane in some thousand dimensions gains nothing from more, and memory is finite.
_ROWS = 20_000


@dataclass(frozen=True)
class OutlierPlane:
    """A plane between the subject and known outliers in the space of L2-normalised features.

    `weight` (D,) and `bias`; the score grows towards the outliers.
    """

    weight: NDArray[np.float32]
    bias: float


class Outliers:
    """Signed distance to the plane: logistic regression of outliers against the subject's photos.

    Hendrycks et al. 2019, "Deep anomaly detection with outlier exposure", with a linear probe for the network. It knows
    only the kinds of outliers it has seen, so it is one term beside others and never alone.
    """

    def __init__(self, plane: OutlierPlane) -> None:
        self._plane = plane

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,): log-odds of being an outlier, were both sides as frequent."""
        result: NDArray[np.float64] = (normalised(evidence.features) @ self._plane.weight).astype(np.float64)
        return result + self._plane.bias


def fit_plane(subject: NDArray[np.float32], outliers: NDArray[np.float32], sorts: Sequence[str]) -> OutlierPlane:
    """Features of the subject's photos (M, D) and of outliers (N, D) -> the plane between them.

    Both sides weigh alike. Of outliers each of `sorts` (N names of what they show) weighs as the square root of its
    size, so that a thousand street scenes do not drown twenty drawings. Of more than 20,000 rows a random part is used.
    """
    from sklearn.linear_model import LogisticRegression  # not at the top: serving needs no scikit-learn

    random = np.random.default_rng(0)
    if len(subject) > _ROWS:
        subject = subject[random.choice(len(subject), _ROWS, replace=False)]
    if len(outliers) > _ROWS:
        chosen = random.choice(len(outliers), _ROWS, replace=False)
        outliers, sorts = outliers[chosen], [sorts[i] for i in chosen]
    size_of = Counter(sorts)
    weights = np.array([size_of[sort] ** -0.5 for sort in sorts])
    weights *= len(subject) / weights.sum()
    probe = LogisticRegression(C=_C, max_iter=500)
    probe.fit(
        np.concatenate([normalised(subject), normalised(outliers)]),
        np.concatenate([np.zeros(len(subject)), np.ones(len(outliers))]),
        sample_weight=np.concatenate([np.ones(len(subject)), weights]),
    )
    return OutlierPlane(probe.coef_[0].astype(np.float32), float(probe.intercept_[0]))
