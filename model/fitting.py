"""Fitting a head or a whole network to the training side, and scoring what it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from model.dataset import Kind, Photo, Split
from model.errors import DatasetError
from model.extraction import extract
from model.head import Head, head_inputs
from model.images import decode, read_photo
from model.labels import Vocabulary
from model.network import Body
from model.progress import Progress
from model.training import HeadRecipe, train_head

_FOLDS = 5  # of cross-fitting: every calibration score comes from a head that has not seen the photo's group


@dataclass(frozen=True)
class Side:
    """One side's photos with the frozen features (N, V, D) of their views and their label indices (N,)."""

    photos: tuple[Photo, ...]
    features: NDArray[np.float16]
    labels: NDArray[np.int64]

    @property
    def groups(self) -> list[str]:
        return [photo.group for photo in self.photos]

    @property
    def plain(self) -> NDArray[np.float32]:
        """(N, D): the photos as they are."""
        return self.features[:, 0].astype(np.float32)


def side_of(photos: Sequence[Photo], features: NDArray[np.float16], split: Split, vocabulary: Vocabulary) -> Side:
    rows = [i for i, photo in enumerate(photos) if photo.split is split and photo.kind is Kind.SUBJECT]
    chosen = tuple(photos[i] for i in rows)
    labels = np.array([vocabulary.index(photo.label) for photo in chosen], dtype=np.int64)
    return Side(chosen, features[rows], labels)


@dataclass(frozen=True, eq=False)
class Outside:
    """One side's outliers with the frozen features (O, V, D) of their views."""

    photos: tuple[Photo, ...]
    features: NDArray[np.float16]


def outside_of(photos: Sequence[Photo], features: NDArray[np.float16], split: Split) -> Outside:
    rows = [i for i, photo in enumerate(photos) if photo.split is split and photo.kind is not Kind.SUBJECT]
    return Outside(tuple(photos[i] for i in rows), features[rows])


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained head (and body), and what it makes of photos that it has not seen.

    `test_logits` (T, V, K) of the test photos' views; `calibration_logits` (C, K) of `calibration`, rows of the
    training side; `outlier_logits` and `outlier_test_logits` (O, K), (U, K) of the outliers of both sides.
    """

    head: Head
    body: Mapping[str, NDArray[Any]]
    test_logits: NDArray[np.float32]
    calibration: NDArray[np.int64]
    calibration_logits: NDArray[np.float32]
    outlier_logits: NDArray[np.float32]
    outlier_test_logits: NDArray[np.float32]


def fit_head(
    sides: Mapping[Split, Side],
    outsides: Mapping[Split, Outside],
    vocabulary: Vocabulary,
    device: torch.device,
    seed: int,
    progress: Progress,
) -> Fit:
    """Train on features of the frozen body; cross-fitting gives each training photo logits of a head without it."""
    training = sides[Split.TRAIN]
    recipe = HeadRecipe(seed=seed)
    unseen = np.zeros((len(training.labels), len(vocabulary)), dtype=np.float32)
    for fitted, held_out in progress("cross-fitting", _folds(training, vocabulary, seed)):
        head = _trained(training, fitted, vocabulary, device, recipe)
        unseen[held_out] = head.logits(training.plain[held_out])
    head = _trained(training, np.arange(len(training.labels)), vocabulary, device, recipe)
    test = sides[Split.TEST].features.astype(np.float32)
    return Fit(
        head=head,
        body={},
        test_logits=head.logits(test.reshape(-1, test.shape[2])).reshape(*test.shape[:2], -1).astype(np.float32),
        calibration=np.arange(len(training.labels)),
        calibration_logits=unseen,
        **{
            name: head.logits(outsides[split].features[:, 0].astype(np.float32)).astype(np.float32)
            for name, split in (("outlier_logits", Split.TRAIN), ("outlier_test_logits", Split.TEST))
        },
    )


def fit_network(
    sides: Mapping[Split, Side],
    outsides: Mapping[Split, Outside],
    paths: Mapping[str, Path],
    vocabulary: Vocabulary,
    body: Body,
    seed: int,
    progress: Progress,
) -> Fit:
    """Cross-fitting a whole network would take five trainings: one fold of the training side calibrates instead."""
    from model.fine_tuning import FineTuneRecipe, fine_tune_network

    training, test = sides[Split.TRAIN], sides[Split.TEST]
    fitted, held_out = _folds(training, vocabulary, seed)[0]
    tuned = fine_tune_network(
        [(paths[training.photos[i].sha256], training.photos[i].label) for i in fitted],
        vocabulary.labels,
        body.backbone,
        device=body.device,
        recipe=FineTuneRecipe(seed=seed),
    )
    head = Head(tuned.head.weight.detach().numpy(), tuned.head.bias.detach().numpy())
    tensors = {name: tensor.numpy() for name, tensor in tuned.body.state_dict().items()}
    answering = Body(body.backbone, body.device, tensors)

    def logits(photos: Sequence[Photo]) -> NDArray[np.float32]:
        """(N, V, K)"""
        found = progress("measuring the network", photos)
        rows = extract(answering, found, lambda photo: decode(read_photo(paths[photo.sha256])), batch_size=16)
        return np.array([head.logits(row.astype(np.float32)) for _, row in rows], dtype=np.float32)

    def outside(split: Split) -> NDArray[np.float32]:
        found = logits(outsides[split].photos)
        return found[:, 0] if len(found) else np.empty((0, len(vocabulary)), dtype=np.float32)

    return Fit(
        head=head,
        body=tensors,
        test_logits=logits(test.photos),
        calibration=held_out,
        calibration_logits=logits([training.photos[i] for i in held_out])[:, 0],
        outlier_logits=outside(Split.TRAIN),
        outlier_test_logits=outside(Split.TEST),
    )


def _trained(
    side: Side, rows: NDArray[np.int64], vocabulary: Vocabulary, device: torch.device, recipe: HeadRecipe
) -> Head:
    """A head trained on all views of the photos in `rows`."""
    views = side.features.shape[1]
    inputs = head_inputs(side.features[rows].reshape(-1, side.features.shape[2]).astype(np.float32))
    linear = train_head(inputs, np.repeat(side.labels[rows], views), len(vocabulary), device=device, recipe=recipe)
    return Head(linear.weight.detach().numpy(), linear.bias.detach().numpy())


def _folds(side: Side, vocabulary: Vocabulary, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    rarest = int(np.bincount(side.labels, minlength=len(vocabulary)).min())
    if rarest < _FOLDS:
        raise DatasetError(f"every label needs at least {_FOLDS} training photos; the rarest has {rarest}: gather more")
    scenes = len(set(side.groups))
    if scenes < _FOLDS:
        raise DatasetError(f"the training photos show only {scenes} different scenes; {_FOLDS} are needed: gather more")
    splitter = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    folds = list(splitter.split(side.features, side.labels, side.groups))
    for fitted, _ in folds:
        missing = set(range(len(vocabulary))) - set(side.labels[fitted].tolist())
        if missing:
            raise DatasetError(
                f"the training photos of {vocabulary.labels[min(missing)]!r} resemble each other too much: gather "
                "photos of other scenes"
            )
    return folds
