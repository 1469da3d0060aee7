"""Which photos a model may learn from and which only measure it: scenes, senders and albums stay on one side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.dataset import Kind, Origin, Photo, Split
from model.errors import DatasetError
from model.out_of_domain.neighbours import normalised
from model.scanning import FoundPhoto

# From this cosine similarity of frozen features on, two photos count as one scene: resizes, crops, bursts.
NEAR_DUPLICATE_SIMILARITY = 0.90
_ROWS = 512  # compared with all others at a time: memory grows with the photos, not with their square


def near_duplicate_groups(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group number (N,) of each photo: connected components of near-duplicates among features (N, V, D) of all views.

    Two photos are near-duplicates when one, as it is, resembles any view of the other: a thumbnail of a photo, or its
    copy in black and white, seldom resembles the photo as it is.
    """
    from scipy.sparse import coo_array  # not at the top: reading a card needs no scipy
    from scipy.sparse.csgraph import connected_components

    count, views, dimensions = features.shape
    every = normalised(features.reshape(-1, dimensions))  # (N * V, D)
    plain = every[::views]
    pairs = [
        np.argwhere(plain[start : start + _ROWS] @ every.T >= NEAR_DUPLICATE_SIMILARITY) + np.array([start, 0])
        for start in range(0, count, _ROWS)
    ]
    ones, others = np.concatenate(pairs).T if pairs else np.empty((2, 0), dtype=np.int64)
    graph = coo_array((np.ones(len(ones), dtype=np.bool_), (ones, others // views)), shape=(count, count))
    _, groups = connected_components(graph, directed=False)
    return np.asarray(groups, dtype=np.int64)


def resembles(features: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,): which of features (N, D) are near-duplicates of any view of `others` (M, V, D)."""
    if not len(features) or not len(others):
        return np.zeros(len(features), dtype=np.bool_)
    every = normalised(others.reshape(-1, others.shape[2]))
    unit = normalised(features)
    highest = [(unit[start : start + _ROWS] @ every.T).max(axis=1) for start in range(0, len(unit), _ROWS)]
    result: NDArray[np.bool_] = np.concatenate(highest) >= NEAR_DUPLICATE_SIMILARITY
    return result


def split_photos(
    photos: Sequence[FoundPhoto], groups: NDArray[np.int64], *, test_share: float = 0.2, seed: int = 20
) -> tuple[Photo, ...]:
    """Stratified by label, whole groups on one side; about `test_share` of the photos become the frozen test set."""
    from sklearn.model_selection import StratifiedGroupKFold  # not at the top: serving needs no scikit-learn

    labels = [photo.label for photo in photos]
    rarest = min(labels.count(label) for label in set(labels))
    folds = round(1 / test_share)
    fewest = folds + 2  # one or two are held back, and cross-fitting divides the others
    if rarest < fewest:
        raise DatasetError(f"every label needs at least {fewest} photos; the rarest has {rarest}: gather more")
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
    pictures: Sequence[FoundPhoto],
    groups: NDArray[np.int64],
    sides: Mapping[int, Split],
    *,
    test_share: float = 0.2,
    seed: int = 20,
) -> tuple[Photo, ...]:
    """About `test_share` of the pictures of each kind are held back, whole groups on one side.

    `sides`: those of the subject's groups; a picture that resembles one of its photos goes with it. Not stratified by
    what they show: a sort of thing may well have a single picture.
    """
    random = np.random.default_rng(seed)
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(row)
    room = {kind: round(test_share * sum(picture.kind is kind for picture in pictures)) for kind in Kind}
    in_test = {row for group, rows in members.items() if sides.get(group) is Split.TEST for row in rows}
    for group in random.permutation(sorted(set(members) - set(sides))).tolist():
        needed = Counter(pictures[row].kind for row in members[group])
        if all(count <= room[kind] for kind, count in needed.items()):
            in_test.update(members[group])
            for kind, count in needed.items():
                room[kind] -= count
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
