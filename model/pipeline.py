"""From photos to a registered candidate: features, head, temperature, detector, threshold, figures."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
from model.fitting import Fit, Side, fit_head, fit_network, joined, side_of
from model.images import decode, read_photo
from model.labels import Vocabulary
from model.network import Body, extract, load_body
from model.out_of_domain.combined import CombinedDetector
from model.out_of_domain.detector import Evidence
from model.progress import Progress, silent
from model.risk import choose_threshold

_ASSUMPTION = (
    "the photos that arrive are like the training photos; pictures of anything else are left to the out-of-domain cut, "
    "whose misses this bound does not count"
)


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
    sides = {split: side_of(photos, features, split, vocabulary) for split in Split}
    if fine_tune:
        outcome = fit_network(sides, paths, vocabulary, body, seed)
    else:
        outcome = fit_head(sides, vocabulary, device, seed, progress)
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
    sides = {split: side_of(base, champion.base_features, split, vocabulary) for split in Split}
    added, left_out = _usable(reviewed, sides[Split.TEST], base, store, champion.card.backbone, vocabulary)
    if added:
        rows = np.stack([row for _, row in added])
        fresh = side_of(tuple(photo for photo, _ in added), rows, Split.TRAIN, vocabulary)
        sides[Split.TRAIN] = joined(sides[Split.TRAIN], fresh)
    manifest = DatasetManifest((*base, *(photo for photo, _ in added)))
    body = load_body(champion.card.backbone, device)
    if paths is None:
        outcome = fit_head(sides, vocabulary, device, seed, progress)
    else:
        missing = sum(photo.sha256 not in paths for photo in manifest.photos)
        if missing:
            raise DatasetError(
                f"{missing} of {len(manifest.photos)} photos are not at hand: name the folder that the model was "
                "trained on, or retrain the head alone"
            )
        outcome = fit_network(sides, paths, vocabulary, body, seed)
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


def right_on_test(artifact: Artifact) -> Mapping[str, bool]:
    """Which photos (by sha256) of its frozen test set a version gets right."""
    photos = artifact.manifest.of(Split.TEST)
    said = artifact.test_logits.argmax(axis=1)
    return {
        photo.sha256: artifact.card.labels[int(index)] == photo.label for photo, index in zip(photos, said, strict=True)
    }


def report_of(artifact: Artifact) -> EvaluationReport:
    """The figures of a stored version on its frozen test set, computed from what it carries: no photo is needed."""
    card = artifact.card
    vocabulary = Vocabulary(card.labels)
    test = side_of(artifact.base_photos(), artifact.base_features, Split.TEST, vocabulary)
    return evaluate(
        artifact.test_logits.astype(np.float64),
        test.labels,
        temperature=card.temperature,
        vocabulary=vocabulary.labels,
        answer_threshold=card.risk.threshold,
        in_domain=artifact.test_scores <= card.out_of_domain.cut,
    )


def _candidate(
    outcome: Fit,
    sides: Mapping[Split, Side],
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
    test: Side,
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


def _evidence(body: Body, features: NDArray[np.float16]) -> Evidence:
    single = features.astype(np.float32)
    return Evidence(single, body.imagenet_log_probabilities(single))


def _counts(manifest: DatasetManifest) -> dict[str, Any]:
    def count(split: Split, origin: Origin) -> dict[str, int]:
        labels = [photo.label for photo in manifest.of(split) if photo.origin is origin]
        return {label: labels.count(label) for label in sorted(set(labels))}

    return {
        "trained_on": count(Split.TRAIN, Origin.BASE),
        "trained_on_reviewed": count(Split.TRAIN, Origin.REVIEW),
        "measured_on": count(Split.TEST, Origin.BASE),
    }


def _version(now: datetime, outcome: Fit, manifest: DatasetManifest) -> str:
    content = hashlib.sha256(outcome.weight.tobytes() + manifest.to_lines().encode()).hexdigest()
    return f"{now:%Y%m%d-%H%M%S}-{content[:6]}"
