"""The detector that ships: nearest neighbours, ImageNet mass and known outliers, each standardised, summed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.out_of_domain.detector import Detector, Evidence
from model.out_of_domain.imagenet_mass import ImagenetMass, subject_classes
from model.out_of_domain.neighbours import Neighbours
from model.out_of_domain.outliers import OutlierPlane, Outliers, fit_plane

_FOLDS = 5  # of cross-fitting: no photo is scored by a plane that it, or anything like it, helped to place
_QUANTILES = 101
# Of the terms in the sum. Measured with outliers of whole sorts left out: the plane at 1.5 moves what neighbours and
# mass let pass most (plush animals that are no bears) by 0.5 of a standard deviation; more than 2 gains nothing.
_WEIGHTS = (1.0, 1.0, 1.5)
# Pictures that look like the subject and come from nowhere the outliers came from are what is answered wrongly most: a
# few more photos of the subject go to people so that fewer of those are answered.
_IN_DOMAIN_SHARE = 0.94


@dataclass(frozen=True)
class DetectorState:
    """What of a fitted detector is stored in the card; the reference features and the plane are stored beside it.

    `means`/`scales` standardise each term on the training photos' scores, each photo left out; `cut` is the highest
    score still in domain; `quantiles` (101, from lowest to highest) tell how those scores are spread.
    """

    classes: tuple[int, ...]
    neighbours: int
    means: tuple[float, ...]
    scales: tuple[float, ...]
    cut: float
    in_domain_share: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Known:
    """Photos to fit a detector on: `features` (N, V, D) in all views, `evidence` (N) of the photo as it is.

    `groups` (N): for the subject's photos the scene or sender; for outliers what sort of thing they show.
    """

    features: NDArray[np.float32]
    evidence: Evidence
    groups: Sequence[str]


@dataclass(frozen=True)
class FittedDetector:
    """A detector with the scores of what it was fitted on, each photo (M,) and each outlier (O,) left out.

    Outliers are left out a whole sort at a time: what comes tomorrow may be of a sort that is not there yet.
    """

    detector: "CombinedDetector"
    scores: NDArray[np.float64]
    outlier_scores: NDArray[np.float64]


class CombinedDetector:
    """Weighted sum over terms of (score - mean) / scale. Without a plane there is no outlier term."""

    def __init__(self, reference: NDArray[np.float32], state: DetectorState, plane: OutlierPlane | None) -> None:
        """`reference` (R, D): the training photos in all their views."""
        self.state = state
        self.plane = plane
        self._terms: list[Detector] = [Neighbours(reference, state.neighbours), ImagenetMass(state.classes)]
        if plane is not None:
            self._terms.append(Outliers(plane))

    def score(self, evidence: Evidence) -> NDArray[np.float64]:
        """(N,): higher is further out of domain; above `state.cut` is out."""
        return _combined([term.score(evidence) for term in self._terms], self.state.means, self.state.scales)


def fit_detector(
    subject: Known,
    labels: NDArray[np.int64],
    outliers: Known | None,
    *,
    in_domain_share: float = _IN_DOMAIN_SHARE,
    neighbours: int = 5,
) -> FittedDetector:
    """Fit on the training photos with their labels (M,). The cut lets `in_domain_share` of them pass, each left out.

    Pictures that are known to show something else add a term and never move the cut.
    """
    views, dimensions = subject.features.shape[1:]
    reference = subject.features.reshape(-1, dimensions)  # (M * V, D)
    near = Neighbours(reference, neighbours)
    mass = ImagenetMass(subject_classes(subject.evidence.log_probabilities, labels))
    rows = [group for group in subject.groups for _ in range(views)]
    terms = [near.in_sample(subject.evidence, subject.groups, rows), mass.score(subject.evidence)]
    outside = []
    plane = None
    if outliers is not None:
        outside = [near.score(outliers.evidence), mass.score(outliers.evidence)]
        plane = fit_plane(reference, *_flat(outliers))
        inside_plane, outside_plane = _cross_fitted(subject, outliers)
        terms.append(inside_plane)
        outside.append(outside_plane)
    means = tuple(float(term.mean()) for term in terms)
    scales = tuple(max(float(term.std()), 1e-6) for term in terms)
    scores = _combined(terms, means, scales)
    state = DetectorState(
        classes=mass.classes,
        neighbours=neighbours,
        means=means,
        scales=scales,
        cut=float(np.quantile(scores, in_domain_share)),
        in_domain_share=in_domain_share,
        quantiles=tuple(float(value) for value in np.quantile(scores, np.linspace(0, 1, _QUANTILES))),
    )
    return FittedDetector(
        CombinedDetector(reference, state, plane),
        scores,
        _combined(outside, means, scales) if outside else np.empty(0),
    )


def _cross_fitted(subject: Known, outliers: Known) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outlier term of each photo and outlier, by planes fitted without its scene or sort."""
    inside, outside = np.zeros(len(subject.groups)), np.zeros(len(outliers.groups))
    subject_folds, outlier_folds = _folds(subject.groups), _folds(outliers.groups)
    for fold in range(_FOLDS):
        held, held_outliers = subject_folds == fold, outlier_folds == fold
        rest = Known(outliers.features[~held_outliers], outliers.evidence, _chosen(outliers.groups, ~held_outliers))
        plane = fit_plane(subject.features[~held].reshape(-1, subject.features.shape[2]), *_flat(rest))
        term = Outliers(plane)
        inside[held] = term.score(subject.evidence)[held]
        outside[held_outliers] = term.score(outliers.evidence)[held_outliers]
    return inside, outside


def _folds(groups: Sequence[str]) -> NDArray[np.int64]:
    """(N,): the fold of each photo. Groups stay whole as long as there are two; the largest are placed first."""
    names = list(groups) if len(set(groups)) > 1 else [str(i) for i in range(len(groups))]
    sizes = [0] * _FOLDS
    fold_of = {}
    for name, size in sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])):
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += size
    return np.array([fold_of[name] for name in names], dtype=np.int64)


def _flat(outliers: Known) -> tuple[NDArray[np.float32], list[str]]:
    """Outliers view by view (O * V, D), and the sort of each."""
    views, dimensions = outliers.features.shape[1:]
    return outliers.features.reshape(-1, dimensions), [group for group in outliers.groups for _ in range(views)]


def _chosen(groups: Sequence[str], rows: NDArray[np.bool_]) -> list[str]:
    return [group for group, chosen in zip(groups, rows, strict=True) if chosen]


def _combined(
    scores: Sequence[NDArray[np.float64]], means: Sequence[float], scales: Sequence[float]
) -> NDArray[np.float64]:
    standardised = [(score - mean) / scale for score, mean, scale in zip(scores, means, scales, strict=True)]
    total: NDArray[np.float64] = np.sum(
        [weight * score for weight, score in zip(_WEIGHTS, standardised, strict=False)], axis=0
    )
    return total
