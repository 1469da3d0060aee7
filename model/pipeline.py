"""From photos to a registered candidate: features, head, temperature, detector, threshold, figures."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from model.artifact import Artifact, ModelCard
from model.backbone import DEFAULT_BACKBONE
from model.calibration import fit_temperature, softmax
from model.dataset import (
    DatasetManifest,
    FoundPhoto,
    Origin,
    Photo,
    Split,
    near_duplicate_groups,
    resembles,
    scan_folder,
    split_photos,
)
from model.errors import DatasetError, ModelError
from model.evaluation import EvaluationReport, evaluate
from model.features import FeatureStore
from model.images import decode, read_photo
from model.labels import Vocabulary
from model.network import Body, extract, load_body, pooled_features
from model.out_of_domain.combined import CombinedDetector
from model.out_of_domain.detector import Evidence
from model.risk import choose_threshold
from model.training import HeadRecipe, train_head

# How far a stage is: (name, things to walk through) -> the same things, one by one (tqdm, say).
Progress = Callable[[str, Sequence[Any]], Iterable[Any]]
_ASSUMPTION = (
    "the photos that arrive are like the training photos (bears from an image search); pictures of anything else are "
    "left to the out-of-domain cut, whose misses this bound does not count"
)
_FOLDS = 5  # of cross-fitting: every calibration score comes from a head that has not seen the photo's group


def silent(_name: str, things: Sequence[Any]) -> Iterable[Any]:
    """No progress shown."""
    return things


@dataclass(frozen=True)
class ReviewedPhoto:
    """A photo that people labelled; its features are in the feature store. Photos of one `group` stay together."""

    sha256: str
    label: str
    group: str


@dataclass(frozen=True)
class Candidate:
    """A trained version that serves nobody yet, with its figures on the frozen test set."""

    artifact: Artifact
    report: EvaluationReport
    left_out: tuple[tuple[str, str], ...]  # what was not used, and why


@dataclass(frozen=True)
class _Split:
    """One side's photos with their frozen features (N, D) and label indices (N,)."""

    photos: tuple[Photo, ...]
    features: NDArray[np.float16]
    labels: NDArray[np.int64]

    @property
    def groups(self) -> list[str]:
        return [photo.group for photo in self.photos]


def train(
    folder: Path,
    *,
    device: torch.device,
    description: str,
    fine_tune: bool,
    backbone: str = DEFAULT_BACKBONE,
    seed: int = 20,
    progress: Progress = silent,
) -> Candidate:
    """`FOLDER/LABEL/*` -> a candidate. Raises `DatasetError` for a folder that cannot be trained on.

    The head is trained on features of the frozen body, computed once; with `fine_tune` the whole network is trained.
    """
    scan = scan_folder(folder, lambda paths: progress("reading", paths))
    vocabulary = scan.vocabulary
    body = load_body(backbone, device)
    features = _features_of(scan.photos, body, progress)
    photos = split_photos(scan.photos, near_duplicate_groups(features.astype(np.float32)), seed=seed)
    manifest = DatasetManifest(photos)
    paths = {photo.sha256: photo.path for photo in scan.photos}
    data = {"description": description, "left_out": len(scan.left_out)}
    sides = {split: _side(photos, features, split, vocabulary) for split in Split}
    if fine_tune:
        outcome = _fine_tuned(sides, paths, vocabulary, body, seed)
    else:
        outcome = _head_on_features(sides, vocabulary, device, seed, progress)
    candidate = _candidate(outcome, sides, manifest, features, vocabulary, body, parent=None, data=data, seed=seed)
    return replace(candidate, left_out=tuple((str(path), why) for path, why in scan.left_out))


def retrain(
    champion: Artifact,
    reviewed: Sequence[ReviewedPhoto],
    *,
    store: FeatureStore,
    device: torch.device,
    paths: Mapping[str, Path] | None = None,
    seed: int = 20,
    progress: Progress = silent,
) -> Candidate:
    """The champion's base photos and what people labelled -> a candidate measured on the same frozen test set.

    The head is trained on features. With `paths` (sha256 -> file, of base and reviewed photos) the whole network is
    fine-tuned; `DatasetError` names how many files are missing. Reviewed photos that resemble a test photo are left
    out, as are those whose features are gone. Raises `DatasetError` when a label is none of the champion's.
    """
    vocabulary = Vocabulary(champion.card.labels)
    base = champion.base_photos()
    sides = {split: _side(base, champion.base_features, split, vocabulary) for split in Split}
    added, left_out = _usable(reviewed, sides[Split.TEST], base, store, champion.card.backbone, vocabulary)
    if added:
        rows = np.stack([row for _, row in added])
        fresh = _side(tuple(photo for photo, _ in added), rows, Split.TRAIN, vocabulary)
        sides[Split.TRAIN] = _joined(sides[Split.TRAIN], fresh)
    manifest = DatasetManifest((*base, *(photo for photo, _ in added)))
    body = load_body(champion.card.backbone, device)
    if paths is None:
        outcome = _head_on_features(sides, vocabulary, device, seed, progress)
    else:
        missing = sum(photo.sha256 not in paths for photo in manifest.photos)
        if missing:
            raise DatasetError(
                f"{missing} of {len(manifest.photos)} photos are not at hand: name the folder that the model was "
                "trained on, or retrain the head alone"
            )
        outcome = _fine_tuned(sides, paths, vocabulary, body, seed)
    data = {"description": champion.card.data.get("description", ""), "left_out": len(left_out)}
    candidate = _candidate(
        outcome,
        sides,
        manifest,
        champion.base_features,
        vocabulary,
        body,
        parent=champion.card.version,
        data=data,
        seed=seed,
    )
    return replace(candidate, left_out=tuple(left_out))


def report_of(artifact: Artifact) -> EvaluationReport:
    """The figures of a stored version on its frozen test set, computed from what it carries: no photo is needed."""
    card = artifact.card
    vocabulary = Vocabulary(card.labels)
    test = _side(artifact.base_photos(), artifact.base_features, Split.TEST, vocabulary)
    return evaluate(
        artifact.test_logits.astype(np.float64),
        test.labels,
        temperature=card.temperature,
        vocabulary=vocabulary.labels,
        answer_threshold=card.risk.threshold,
        in_domain=artifact.test_scores <= card.out_of_domain.cut,
    )


@dataclass(frozen=True)
class _Outcome:
    """A trained head (and body), test logits (T, K), and logits (C, K) of `calibration` photos it had not seen."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    body: Mapping[str, NDArray[Any]]
    test_logits: NDArray[np.float32]
    calibration: NDArray[np.int64]  # rows of the training side
    calibration_logits: NDArray[np.float32]


def _head_on_features(
    sides: Mapping[Split, _Split], vocabulary: Vocabulary, device: torch.device, seed: int, progress: Progress
) -> _Outcome:
    training = sides[Split.TRAIN]
    recipe = HeadRecipe(seed=seed)
    unseen = np.zeros((len(training.labels), len(vocabulary)), dtype=np.float32)
    for fitted, held_out in progress("cross-fitting", _folds(training, vocabulary, seed)):
        head = train_head(
            training.features[fitted], training.labels[fitted], len(vocabulary), device=device, recipe=recipe
        )
        unseen[held_out] = _logits(head, training.features[held_out])
    head = train_head(training.features, training.labels, len(vocabulary), device=device, recipe=recipe)
    return _Outcome(
        weight=head.weight.detach().numpy(),
        bias=head.bias.detach().numpy(),
        body={},
        test_logits=_logits(head, sides[Split.TEST].features),
        calibration=np.arange(len(training.labels)),
        calibration_logits=unseen,
    )


def _fine_tuned(
    sides: Mapping[Split, _Split], paths: Mapping[str, Path], vocabulary: Vocabulary, body: Body, seed: int
) -> _Outcome:
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
    return _Outcome(
        weight=tuned.head.weight.detach().numpy(),
        bias=tuned.head.bias.detach().numpy(),
        body={name: tensor.numpy() for name, tensor in tuned.body.state_dict().items()},
        test_logits=test_logits,
        calibration=held_out,
        calibration_logits=calibration_logits,
    )


def _candidate(
    outcome: _Outcome,
    sides: Mapping[Split, _Split],
    manifest: DatasetManifest,
    base_features: NDArray[np.float16],
    vocabulary: Vocabulary,
    body: Body,
    *,
    parent: str | None,
    data: Mapping[str, Any],
    seed: int,
) -> Candidate:
    training, test = sides[Split.TRAIN], sides[Split.TEST]
    truth = training.labels[outcome.calibration]
    if not np.isfinite(outcome.calibration_logits).all() or not np.isfinite(outcome.test_logits).all():
        raise ModelError("the training diverged (NaN or infinite logits): nothing was registered; try another seed")
    temperature = fit_temperature(outcome.calibration_logits.astype(np.float64), truth)
    probabilities = softmax(outcome.calibration_logits.astype(np.float64) / temperature)
    evidence = _evidence(body, training.features)
    detector = CombinedDetector.fit(evidence, training.labels)
    # Only what the detector lets through is answered, so only that is held against the threshold.
    in_domain = (detector.in_sample(evidence) <= detector.state.cut)[outcome.calibration]
    risk = choose_threshold(
        probabilities.max(axis=1)[in_domain],
        (probabilities.argmax(axis=1) == truth)[in_domain],
        assumption=_ASSUMPTION,
    )
    test_scores = detector.score(_evidence(body, test.features))
    report = evaluate(
        outcome.test_logits.astype(np.float64),
        test.labels,
        temperature=temperature,
        vocabulary=vocabulary.labels,
        answer_threshold=risk.threshold,
        in_domain=test_scores <= detector.state.cut,
    )
    now = datetime.now(UTC)
    card = ModelCard(
        version=_version(now, outcome, manifest),
        backbone=body.backbone.name,
        created_at=now.isoformat(timespec="seconds"),
        labels=vocabulary.labels,
        temperature=temperature,
        risk=risk,
        out_of_domain=detector.state,
        fine_tuned=bool(outcome.body),
        parent=parent,
        data={**data, **_counts(manifest), "seed": seed},
        metrics=report.to_json(),
        made_with={name: installed_version(name) for name in ("bearbot", "torch", "timm", "fastai")},
    )
    artifact = Artifact(
        card,
        outcome.weight,
        outcome.bias,
        manifest,
        base_features,
        outcome.test_logits,
        test_scores.astype(np.float32),
        outcome.body,
    )
    return Candidate(artifact, report, ())


def _features_of(photos: Sequence[FoundPhoto], body: Body, progress: Progress) -> NDArray[np.float16]:
    rows = extract(
        body, progress("computing features", photos), lambda photo: decode(read_photo(photo.path)), batch_size=16
    )
    return np.stack([row for _, row in rows])


def _usable(
    reviewed: Sequence[ReviewedPhoto],
    test: _Split,
    base: Sequence[Photo],
    store: FeatureStore,
    backbone: str,
    vocabulary: Vocabulary,
) -> tuple[list[tuple[Photo, NDArray[np.float16]]], list[tuple[str, str]]]:
    """What of the reviewed photos may be trained on, with features; and what may not, with the reason."""
    known = {photo.sha256 for photo in base}
    usable: dict[str, tuple[Photo, NDArray[np.float16]]] = {}
    left_out: list[tuple[str, str]] = []
    for photo in reviewed:
        vocabulary.index(photo.label)  # a stranger among the labels is an error, not a photo to leave out
        row = store.get(photo.sha256, backbone)
        if row is None:
            left_out.append((photo.sha256, f"no features of {backbone} are stored"))
        elif photo.sha256 in known or photo.sha256 in usable:
            left_out.append((photo.sha256, "the same photo is there already"))
        else:
            usable[photo.sha256] = (Photo(photo.sha256, photo.label, Split.TRAIN, photo.group, Origin.REVIEW), row)
    if usable:
        rows = np.stack([row for _, row in usable.values()]).astype(np.float32)
        for sha256, leaks in zip(list(usable), resembles(rows, test.features.astype(np.float32)), strict=True):
            if leaks:
                left_out.append((sha256, "resembles a photo of the frozen test set"))
                del usable[sha256]
    return list(usable.values()), left_out


def _side(photos: Sequence[Photo], features: NDArray[np.float16], split: Split, vocabulary: Vocabulary) -> _Split:
    rows = [i for i, photo in enumerate(photos) if photo.split is split]
    chosen = tuple(photos[i] for i in rows)
    labels = np.array([vocabulary.index(photo.label) for photo in chosen], dtype=np.int64)
    return _Split(chosen, features[rows], labels)


def _joined(one: _Split, other: _Split) -> _Split:
    return _Split(
        (*one.photos, *other.photos),
        np.concatenate([one.features, other.features]),
        np.concatenate([one.labels, other.labels]),
    )


def _folds(side: _Split, vocabulary: Vocabulary, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
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


def _evidence(body: Body, features: NDArray[np.float16]) -> Evidence:
    single = features.astype(np.float32)
    return Evidence(single, body.imagenet_log_probabilities(single))


@torch.inference_mode()
def _logits(head: torch.nn.Linear, features: NDArray[np.float16]) -> NDArray[np.float32]:
    """(N, D) -> (N, K)"""
    result: NDArray[np.float32] = head(torch.from_numpy(features.astype(np.float32))).numpy()
    return result


def _counts(manifest: DatasetManifest) -> dict[str, Any]:
    def count(split: Split, origin: Origin) -> dict[str, int]:
        labels = [photo.label for photo in manifest.of(split) if photo.origin is origin]
        return {label: labels.count(label) for label in sorted(set(labels))}

    return {
        "trained_on": count(Split.TRAIN, Origin.BASE),
        "trained_on_reviewed": count(Split.TRAIN, Origin.REVIEW),
        "measured_on": count(Split.TEST, Origin.BASE),
    }


def _version(now: datetime, outcome: _Outcome, manifest: DatasetManifest) -> str:
    content = hashlib.sha256(outcome.weight.tobytes() + manifest.to_lines().encode()).hexdigest()
    return f"{now:%Y%m%d-%H%M%S}-{content[:6]}"
