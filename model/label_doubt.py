"""How likely photos are filed under a wrong label, from their features alone.

Every photo is judged by what the others say: a linear head that has not seen its scene, and the labels of what looks
most like it (the self-confidence of Northcutt et al. 2021, "Confident learning", section 3, from two sides). What lies
far from all photos of its label is suspected besides, whatever a head makes of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import softmax
from model.errors import DatasetError
from model.head import head_inputs
from model.out_of_domain.neighbours import normalised
from model.progress import Progress, silent

_FOLDS = 5
_ROWS = 512  # compared with all others at a time: memory grows with the photos, not with their square
# Inverse strength of the head's regularisation. Three sorts of bears are ranked best at 0.001, eleven sorts of things
# at 0.01 (86 % of their errors instead of 76 % in the first 15 %): the photos themselves choose.
_STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03)
_CHOOSING = 2000  # photos are enough to choose by
_TEMPERATURES = np.geomspace(0.1, 3.0, 30)
_WRONG = (
    0.1  # of the labels, expected before looking: no photo costs more than being one of them, so none bends the fit
)
_UNLIKELY = 1e-6
_NEIGHBOURS = 20
_SHARPNESS = 15.0  # votes fall by a factor of e with each 1/15 of cosine similarity
_NEAREST = 5
_TRUSTED = 0.6  # of the likeliest label's probability: below it a photo shows nobody what its label looks like
# In robust standard deviations: where half of what lies there is taken for none of its label's.
_FAR = 3.5
_MAD = 1.4826  # the median absolute deviation of a normal distribution is its standard deviation / 1.4826


@dataclass(frozen=True, eq=False)
class Opinion:
    """What somebody else makes of the photos: `probabilities` (N, K), `strangeness` (N,) in standard deviations.

    `asked` (N,): of which photos; of others (that it was trained on, say) its rows count for nothing.
    """

    probabilities: NDArray[np.float64]
    strangeness: NDArray[np.float64]
    asked: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Doubt:
    """Of N photos: `suspicion` 0..1, higher: more likely filed wrongly; `likeliest` label (N,), -1: none of them."""

    suspicion: NDArray[np.float64]
    likeliest: NDArray[np.int64]


def doubt(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    opinion: Opinion | None = None,
    progress: Progress = silent,
) -> Doubt:
    """Features (N, D), label indices (N,) and groups (N,) of near-duplicates, which never speak for one another.

    Raises `DatasetError` when a label has no two scenes: nothing could speak for its photos.
    """
    classes = int(labels.max()) + 1
    for label in range(classes):
        if len(set(groups[labels == label].tolist())) < 2:
            raise DatasetError("every label needs photos of at least two scenes to be judged by")
    rows = np.arange(len(labels))
    votes = [_neighbour_votes(features, labels, groups, classes)]
    if classes > 1:
        votes.append(_out_of_fold(features, labels, groups, classes, progress))
    said = np.mean(votes, axis=0)  # (N, K)
    strange = np.zeros(len(labels))
    if opinion is not None:
        both = (said * len(votes) + opinion.probabilities) / (len(votes) + 1)
        said = np.where(opinion.asked[:, None], both, said)
        strange = np.where(opinion.asked, _outlying(opinion.strangeness), 0.0)
    trusted = said[rows, labels] >= _TRUSTED * said.max(axis=1)
    far = _distances(features, labels, groups, trusted, classes)  # (N, K) standard deviations
    likeliest = said.argmax(axis=1)
    alien = np.maximum(_outlying(far[rows, labels]), strange)
    suspicion = 1.0 - said[rows, labels] * (1.0 - alien)
    nowhere = np.maximum(_outlying(far[rows, likeliest]), strange) > 0.5
    return Doubt(suspicion, np.where(nowhere, -1, likeliest))


def _outlying(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviations -> 0..1."""
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-2.0 * np.clip(deviations - _FAR, -20, 20)))
    return result


def _out_of_fold(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """(N, K): what heads that have not seen a photo's group make of it."""
    inputs = head_inputs(features)
    some = np.sort(np.random.default_rng(0).permutation(len(labels))[:_CHOOSING])
    folds = _folds(labels[some], groups[some])
    fits = []
    for choice in progress("comparing heads", range(len(_STRENGTHS))):
        logits = _logits(inputs[some], labels[some], folds, classes, _STRENGTHS[choice])
        fits.append((*_temperature(logits, labels[some]), _STRENGTHS[choice], logits))
    _, temperature, strength, logits = min(fits, key=lambda fit: fit[0])
    if len(some) < len(labels):
        logits = _logits(inputs, labels, progress("judging labels", _folds(labels, groups)), classes, strength)
    return softmax(logits / temperature)


def _logits(
    inputs: NDArray[np.float32],
    labels: NDArray[np.int64],
    folds: Iterable[NDArray[np.bool_]],
    classes: int,
    strength: float,
) -> NDArray[np.float64]:
    """(N, K): log-probabilities by multinomial logistic regression, out of fold; a label a fold lacks is unlikely."""
    from sklearn.linear_model import LogisticRegression  # not at the top: whoever ranks nothing needs no scikit-learn
    from threadpoolctl import threadpool_limits

    found = np.full((len(labels), classes), np.log(_UNLIKELY))
    # Threads that share products as small as these wait for one another: 5 s became 4 min on a busy machine.
    with threadpool_limits(limits=1):
        for held_out in folds:
            present = np.unique(labels[~held_out])
            if len(present) < 2:
                found[np.ix_(held_out, present)] = 0.0
                continue
            head = LogisticRegression(C=strength, max_iter=300).fit(inputs[~held_out], labels[~held_out])
            found[np.ix_(held_out, head.classes_)] = head.predict_log_proba(inputs[held_out])
    return found


def _folds(labels: NDArray[np.int64], groups: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """Which photos (N,) are held out together: whole groups, each label spread evenly."""
    counts = np.zeros((_FOLDS, int(labels.max()) + 1))
    fold_of: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(row)
    for group, rows in sorted(members.items(), key=lambda item: -len(item[1])):  # the large ones while there is room
        added = np.bincount(labels[rows], minlength=counts.shape[1])
        crowded = (counts * (added > 0)).sum(axis=1) + counts.sum(axis=1) / (10.0 * len(labels))
        fold_of[group] = int(crowded.argmin())
        counts[fold_of[group]] += added
    folds = np.array([fold_of[group] for group in groups.tolist()])
    return [folds == fold for fold in range(_FOLDS) if (folds == fold).any()]


def _temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float]:
    """The loss (nats) and the temperature with which wrong labels, which are there, are expected."""
    rows = np.arange(len(labels))
    losses = []
    for temperature in _TEMPERATURES:
        own = softmax(logits / temperature)[rows, labels]
        losses.append(float(-np.log((1 - _WRONG) * own + _WRONG / logits.shape[1]).mean()))
    best = int(np.argmin(losses))
    return losses[best], float(_TEMPERATURES[best])


def _neighbour_votes(
    features: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """(N, K): the labels of the photos of other groups that look most like each, the nearer the weightier."""
    unit = normalised(features)
    count = min(_NEIGHBOURS, len(labels) - 1)
    votes = np.zeros((len(labels), classes))
    for start in range(0, len(labels), _ROWS):
        rows = slice(start, start + _ROWS)
        similarity = unit[rows] @ unit.T
        similarity[groups[rows, None] == groups[None]] = -np.inf
        nearest = np.argpartition(similarity, -count, axis=1)[:, -count:]
        weight = np.exp(_SHARPNESS * (np.take_along_axis(similarity, nearest, axis=1).astype(np.float64) - 1.0))
        for label in range(classes):
            votes[rows, label] = (weight * (labels[nearest] == label)).sum(axis=1)
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, votes / np.maximum(total, 1e-300), 1.0 / classes)


def _distances(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    trusted: NDArray[np.bool_],
    classes: int,
) -> NDArray[np.float64]:
    """(N, K): how far each photo is from the nearest trusted ones of each label, in robust standard deviations of what
    that label's own trusted photos are from one another."""
    unit = normalised(features)
    far = np.zeros((len(labels), classes))
    for label in range(classes):
        reference = np.flatnonzero((labels == label) & trusted)
        if len(set(groups[reference].tolist())) < 2:
            reference = np.flatnonzero(labels == label)
        for start in range(0, len(labels), _ROWS):
            rows = slice(start, start + _ROWS)
            similarity = (unit[rows] @ unit[reference].T).astype(np.float64)
            similarity[groups[rows, None] == groups[None, reference]] = np.nan
            ordered = -np.sort(-similarity, axis=1)[:, :_NEAREST]  # numbers that are none come last
            known = ~np.isnan(ordered)
            mean = np.where(known, ordered, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            far[rows, label] = 1.0 - mean
        own = far[reference, label]
        middle = np.median(own)
        spread = max(_MAD * float(np.median(np.abs(own - middle))), 1e-3)
        far[:, label] = (far[:, label] - middle) / spread
    return far
