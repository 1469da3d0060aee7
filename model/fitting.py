"""Fitting a head or a whole network to the training side, and scoring what it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from model.dataset import Photo, Split
from model.errors import DatasetError
from model.images import decode, read_photo
from model.labels import Vocabulary
from model.network import Body, pooled_features
from model.progress import Progress
from model.training import HeadRecipe, train_head

_FOLDS = 5  # of cross-fitting: every calibration score comes from a head that has not seen the photo's group


@dataclass(frozen=True)
class Side:
    """One side's photos with their frozen features (N, D) and label indices (N,)."""

    photos: tuple[Photo, ...]
    features: NDArray[np.float16]
    labels: NDArray[np.int64]

    @property
    def groups(self) -> list[str]:
        return [photo.group for photo in self.photos]


def side_of(photos: Sequence[Photo], features: NDArray[np.float16], split: Split, vocabulary: Vocabulary) -> Side:
    rows = [i for i, photo in enumerate(photos) if photo.split is split]
    chosen = tuple(photos[i] for i in rows)
    labels = np.array([vocabulary.index(photo.label) for photo in chosen], dtype=np.int64)
    return Side(chosen, features[rows], labels)


def joined(one: Side, other: Side) -> Side:
    return Side(
        (*one.photos, *other.photos),
        np.concatenate([one.features, other.features]),
        np.concatenate([one.labels, other.labels]),
    )


@dataclass(frozen=True)
class Fit:
    """A trained head (and body), test logits (T, K), and logits (C, K) of `calibration` photos it had not seen."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    body: Mapping[str, NDArray[Any]]
    test_logits: NDArray[np.float32]
    calibration: NDArray[np.int64]  # rows of the training side
    calibration_logits: NDArray[np.float32]


def fit_head(
    sides: Mapping[Split, Side], vocabulary: Vocabulary, device: torch.device, seed: int, progress: Progress
) -> Fit:
    training = sides[Split.TRAIN]
    recipe = HeadRecipe(seed=seed)
    unseen = np.zeros((len(training.labels), len(vocabulary)), dtype=np.float32)
    for fitted, held_out in progress("cross-fitting", _folds(training, vocabulary, seed)):
        head = train_head(
            training.features[fitted], training.labels[fitted], len(vocabulary), device=device, recipe=recipe
        )
        unseen[held_out] = _logits(head, training.features[held_out])
    head = train_head(training.features, training.labels, len(vocabulary), device=device, recipe=recipe)
    return Fit(
        weight=head.weight.detach().numpy(),
        bias=head.bias.detach().numpy(),
        body={},
        test_logits=_logits(head, sides[Split.TEST].features),
        calibration=np.arange(len(training.labels)),
        calibration_logits=unseen,
    )


def fit_network(
    sides: Mapping[Split, Side], paths: Mapping[str, Path], vocabulary: Vocabulary, body: Body, seed: int
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
    tuned.to(body.device)

    @torch.inference_mode()
    def logits(photos: Sequence[Photo]) -> NDArray[np.float32]:
        rows = []
        for photo in photos:
            array = body.backbone.to_array(decode(read_photo(paths[photo.sha256])))
            pooled = pooled_features(tuned.body, torch.from_numpy(array)[None].to(body.device))
            rows.append(tuned.head(pooled).float().cpu().numpy()[0])
        return np.stack(rows)

    test_logits = logits(test.photos)
    calibration_logits = logits([training.photos[i] for i in held_out])
    tuned.cpu()
    return Fit(
        weight=tuned.head.weight.detach().numpy(),
        bias=tuned.head.bias.detach().numpy(),
        body={name: tensor.numpy() for name, tensor in tuned.body.state_dict().items()},
        test_logits=test_logits,
        calibration=held_out,
        calibration_logits=calibration_logits,
    )


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


@torch.inference_mode()
def _logits(head: torch.nn.Linear, features: NDArray[np.float16]) -> NDArray[np.float32]:
    """(N, D) -> (N, K)"""
    result: NDArray[np.float32] = head(torch.from_numpy(features.astype(np.float32))).numpy()
    return result
