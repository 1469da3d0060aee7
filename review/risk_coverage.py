"""How many photos the present model would answer alone, and how many of these answers are wrong: on its test photos."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact
from model.calibration import softmax
from model.dataset import Split
from model.labels import Vocabulary

_MOST_POINTS = 200  # a curve of more looks the same


@dataclass(frozen=True)
class Operating:
    """A threshold: photos of this confidence are answered, which is the share `coverage`, of which `risk` is wrong."""

    confidence: float
    coverage: float
    risk: float


@dataclass(frozen=True)
class RiskCoverage:
    """`curve`: from the strictest threshold on. `today`: at the model's own; None: it would answer no test photo.

    `photos` were tested; of those that are out of its domain none is answered, whatever the threshold.
    """

    version: str
    photos: int
    curve: tuple[Operating, ...]
    today: Operating | None


def risk_coverage(artifact: Artifact) -> RiskCoverage:
    """Of the photos of its frozen test set."""
    card = artifact.card
    vocabulary = Vocabulary(card.labels)
    truth = np.array([vocabulary.index(photo.label) for photo in artifact.manifest.of(Split.TEST)], dtype=np.int64)
    probabilities = softmax(artifact.tests.logits[:, 0].astype(np.float64) / card.temperature)
    in_domain = artifact.tests.scores <= card.out_of_domain.cut
    found = of(probabilities.max(axis=1)[in_domain], (probabilities.argmax(axis=1) == truth)[in_domain], len(truth))
    answered = [point for point in found if point.confidence >= card.risk.threshold]
    thinned = {round(place) for place in np.linspace(0, len(found) - 1, min(_MOST_POINTS, len(found)))}
    return RiskCoverage(
        version=card.version,
        photos=len(truth),
        curve=tuple(found[place] for place in sorted(thinned)),
        today=answered[-1] if answered else None,
    )


def of(confidence: NDArray[np.float64], correct: NDArray[np.bool_], photos: int) -> list[Operating]:
    """At each confidence (N,) that occurs among what may be answered, of `photos` in all; strictest first."""
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~correct[order])
    # Photos of one confidence are answered together or not at all.
    last = np.append(confidence[order][1:] != confidence[order][:-1], True) if len(order) else np.array([], dtype=bool)
    return [
        Operating(float(confidence[order][i]), float(answered[i] / photos), float(wrong[i] / answered[i]))
        for i in np.flatnonzero(last)
    ]
