"""Which photos a model may learn from and which only measure it: scenes, senders and albums stay on one side."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.dataset import Origin, Photo, Split
from model.errors import DatasetError
from model.out_of_domain.neighbours import normalised
from model.scanning import FoundPhoto

# From this cosine similarity of frozen features on, two photos count as one scene: resizes, crops, bursts.
NEAR_DUPLICATE_SIMILARITY = 0.90


def near_duplicate_groups(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group number (N,) of each photo: connected components of near-duplicates among features (N, D)."""
    from scipy.sparse.csgraph import connected_components  # not at the top: reading a card needs no scipy

    unit = normalised(features)
    _, groups = connected_components(unit @ unit.T >= NEAR_DUPLICATE_SIMILARITY, directed=False)
    return np.asarray(groups, dtype=np.int64)


def resembles(features: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,): which of features (N, D) are near-duplicates of any of `others` (M, D)."""
    if not len(features) or not len(others):
        return np.zeros(len(features), dtype=np.bool_)
    similarity = normalised(features) @ normalised(others).T
    result: NDArray[np.bool_] = similarity.max(axis=1) >= NEAR_DUPLICATE_SIMILARITY
    return result


def split_photos(
    photos: Sequence[FoundPhoto], groups: NDArray[np.int64], *, test_share: float = 0.2, seed: int = 20
) -> tuple[Photo, ...]:
    """Stratified by label, whole groups on one side; about `test_share` of the photos become the frozen test set."""
    from sklearn.model_selection import StratifiedGroupKFold  # not at the top: serving needs no scikit-learn

    labels = [photo.label for photo in photos]
    rarest = min(labels.count(label) for label in set(labels))
    folds = round(1 / test_share)
    if rarest < folds:
        raise DatasetError(f"every label needs at least {folds} photos; the rarest has {rarest}: gather more")
    scenes = len(set(groups.tolist()))
    if scenes < folds:
        raise DatasetError(f"the photos show only {scenes} different scenes; at least {folds} are needed: gather more")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    _, test = next(splitter.split(np.zeros(len(labels)), labels, groups))
    in_test = set(test.tolist())
    for label in sorted(set(labels)):
        tested = sum(labels[i] == label for i in in_test)
        if not 0 < tested < labels.count(label):
            raise DatasetError(
                f"the photos of {label!r} resemble each other too much to be split into training and test: "
                "gather photos of other scenes"
            )
    rows = (
        Photo(photo.sha256, photo.label, Split.TRAIN, f"base-{group}", Origin.BASE)
        for photo, group in zip(photos, groups, strict=True)
    )
    return tuple(replace(row, split=Split.TEST) if i in in_test else row for i, row in enumerate(rows))


def split_outliers(
    pictures: Sequence[FoundPhoto], groups: NDArray[np.int64], *, test_share: float = 0.2, seed: int = 20
) -> tuple[Photo, ...]:
    """About `test_share` of the pictures of each kind are held back, whole groups on one side.

    Not stratified by what they show: a sort of thing may well have a single picture.
    """
    random = np.random.default_rng(seed)
    in_test: set[int] = set()
    for kind in sorted({picture.kind for picture in pictures}):
        rows = [i for i, picture in enumerate(pictures) if picture.kind is kind]
        tested: set[int] = set()
        for group in random.permutation(np.unique(groups[rows])):
            members = {i for i in rows if groups[i] == group}
            if len(tested | members) <= round(test_share * len(rows)):
                tested |= members
        in_test |= tested
    return tuple(
        Photo(
            picture.sha256,
            picture.label,
            Split.TEST if i in in_test else Split.TRAIN,
            f"outlier-{group}",
            Origin.BASE,
            kind=picture.kind,
        )
        for i, (picture, group) in enumerate(zip(pictures, groups, strict=True))
    )
