"""From a fitted head or network to a candidate: temperature, detector, threshold, figures on the frozen test set."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact, ModelCard, TestFigures
from model.calibration import fit_temperature, softmax
from model.calibration_sample import Judged, calibration_sample
from model.dataset import OUTLIERS, DatasetManifest, Kind, Origin, Photo, Split
from model.errors import ModelError
from model.evaluation import EvaluationReport, Measured, Rule, evaluate
from model.fitting import Fit, Outside, Side
from model.labels import Vocabulary
from model.network import Body
from model.out_of_domain.combined import FittedDetector, Known, fit_detector
from model.out_of_domain.detector import Evidence
from model.proportion import Proportion
from model.risk import RiskThreshold, choose_threshold
from model.views import VIEWS

# Fewer known outliers teach their photographers' habits rather than what an outlier is.
_FEWEST_OUTLIERS = 30


@dataclass(frozen=True, eq=False)
class Candidate:
    """A trained version that serves nobody yet, with its figures on the frozen test set."""

    artifact: Artifact
    report: EvaluationReport
    left_out: tuple[tuple[str, str], ...]  # what was not used, and why


@dataclass(frozen=True, eq=False)
class Training:
    """What a candidate is made of: both sides with their outliers, all rows, and the body that saw them.

    `base_features` (B, V, D) of the manifest's base photos, in its order. `traffic` names the photos (sha256) that are
    a uniform sample of what people sent; `weights` (sha256) the body's where they came from a file.
    """

    sides: Mapping[Split, Side]
    outsides: Mapping[Split, Outside]
    manifest: DatasetManifest
    base_features: NDArray[np.float16]
    vocabulary: Vocabulary
    body: Body
    data: Mapping[str, Any]
    seed: int
    parent: str | None = None
    traffic: frozenset[str] = frozenset()
    weights: str | None = None


def candidate_of(fit: Fit, training: Training) -> Candidate:
    """Calibrate, bound and measure what was fitted. Raises `ModelError` when the training diverged."""
    if not all(np.isfinite(logits).all() for logits in (fit.calibration_logits, fit.test_logits, fit.outlier_logits)):
        raise ModelError("the training diverged (NaN or infinite logits): nothing was registered; try another seed")
    side, test = training.sides[Split.TRAIN], training.sides[Split.TEST]
    truth = side.labels[fit.calibration]
    temperature = fit_temperature(fit.calibration_logits.astype(np.float64), truth)
    fitted = _fitted_detector(training)
    risk = _risk(fit, fitted, training, temperature)
    detector = fitted.detector
    tests = TestFigures(
        fit.test_logits,
        detector.score(_evidence(training.body, test.plain)).astype(np.float32),
        fit.outlier_test_logits,
        _scores(fitted, training.body, training.outsides[Split.TEST]),
    )
    right = int((fit.calibration_logits.argmax(axis=1) == truth).sum())
    report = _report(
        tests,
        test.labels,
        training.outsides[Split.TEST].photos,
        rule=Rule(temperature, risk.threshold, detector.state.cut),
        vocabulary=training.vocabulary,
        cross_fitted=Proportion.of(right, len(truth)),
    )
    now = datetime.now(UTC)
    card = ModelCard(
        version=_version(now, fit, training.manifest),
        backbone=training.body.backbone.name,
        created_at=now.isoformat(timespec="seconds"),
        labels=training.vocabulary.labels,
        temperature=temperature,
        risk=risk,
        out_of_domain=detector.state,
        fine_tuned=bool(fit.body),
        parent=training.parent,
        data={**training.data, **_counts(training.manifest), "seed": training.seed},
        metrics=report.to_json(),
        made_with={name: installed_version(name) for name in ("bearbot", "torch", "timm", "fastai")},
        weights=training.weights,
    )
    artifact = Artifact(card, fit.head, detector.plane, training.manifest, training.base_features, tests, fit.body)
    return Candidate(artifact, report, ())


def right_on_test(artifact: Artifact) -> Mapping[str, bool]:
    """Which photos (by sha256) of its frozen test set a version gets right."""
    photos = artifact.manifest.of(Split.TEST)
    said = artifact.tests.logits[:, 0].argmax(axis=1)
    return {
        photo.sha256: artifact.card.labels[int(index)] == photo.label for photo, index in zip(photos, said, strict=True)
    }


def harmless_on_test(artifact: Artifact) -> Mapping[str, bool]:
    """Which test photos and outliers (by sha256) a version does not answer wrongly: right, or left to a person."""
    rule, tests = _rule_of(artifact.card), artifact.tests
    right = right_on_test(artifact)
    answered = rule.answers(Measured(tests.logits[:, 0].astype(np.float64), tests.scores.astype(np.float64)))
    strangers = rule.answers(Measured(tests.outlier_logits.astype(np.float64), tests.outlier_scores.astype(np.float64)))
    outliers = artifact.manifest.of(Split.TEST, *OUTLIERS)
    return {
        **{sha256: right[sha256] or not wrong for sha256, wrong in zip(right, answered.tolist(), strict=True)},
        **{photo.sha256: not wrong for photo, wrong in zip(outliers, strangers.tolist(), strict=True)},
    }


def report_of(artifact: Artifact) -> EvaluationReport:
    """The figures of a stored version on its frozen test set, computed from what it carries: no photo is needed."""
    card = artifact.card
    vocabulary = Vocabulary(card.labels)
    photos = artifact.manifest.of(Split.TEST)
    cross_fitted = card.metrics["cross_fitted"]
    return _report(
        artifact.tests,
        np.array([vocabulary.index(photo.label) for photo in photos], dtype=np.int64),
        artifact.manifest.of(Split.TEST, *OUTLIERS),
        rule=_rule_of(card),
        vocabulary=vocabulary,
        cross_fitted=Proportion(**cross_fitted) if cross_fitted else None,
    )


def _rule_of(card: ModelCard) -> Rule:
    return Rule(card.temperature, card.risk.threshold, card.out_of_domain.cut)


def _report(
    tests: TestFigures,
    labels: NDArray[np.int64],
    outliers: Sequence[Photo],
    *,
    rule: Rule,
    vocabulary: Vocabulary,
    cross_fitted: Proportion | None,
) -> EvaluationReport:
    logits = tests.logits.astype(np.float64)
    kinds = np.array([photo.kind for photo in outliers], dtype=object)
    return evaluate(
        Measured(logits[:, 0], tests.scores.astype(np.float64)),
        labels,
        rule=rule,
        vocabulary=vocabulary.labels,
        views={name: logits[:, i] for i, name in enumerate(VIEWS) if 0 < i < logits.shape[1]},
        outliers={
            str(kind): Measured(
                tests.outlier_logits[kinds == kind].astype(np.float64),
                tests.outlier_scores[kinds == kind].astype(np.float64),
            )
            for kind in Kind
            if (kinds == kind).any()
        },
        cross_fitted=cross_fitted,
    )


def _fitted_detector(training: Training) -> FittedDetector:
    side, outside = training.sides[Split.TRAIN], training.outsides[Split.TRAIN]
    subject = Known(
        side.features.astype(np.float32), _evidence(training.body, side.plain), [photo.group for photo in side.photos]
    )
    outliers = None
    if len(outside.photos) >= _FEWEST_OUTLIERS:
        features = outside.features.astype(np.float32)
        evidence = _evidence(training.body, features[:, 0])
        outliers = Known(features, evidence, [f"{photo.kind}/{photo.label}" for photo in outside.photos])
    return fit_detector(subject, side.labels, outliers)


def _scores(fitted: FittedDetector, body: Body, outside: Outside) -> NDArray[np.float32]:
    plain = outside.features[:, 0].astype(np.float32)
    return fitted.detector.score(_evidence(body, plain)).astype(np.float32)


def _risk(fit: Fit, fitted: FittedDetector, training: Training, temperature: float) -> RiskThreshold:
    """Choose the threshold on answers of heads that did not see the photo and on scores as if it had been left out.

    The temperature, the cut and the scales of the terms are fitted to the same photos: some ten numbers, too few to
    adapt to any one of hundreds of photos, but the bound is exact only apart from that.
    """
    side, outside = training.sides[Split.TRAIN], training.outsides[Split.TRAIN]
    cut = fitted.detector.state.cut
    probabilities = softmax(fit.calibration_logits.astype(np.float64) / temperature)
    photos = [side.photos[i] for i in fit.calibration]
    scores = fitted.outlier_scores if len(fitted.outlier_scores) else _scores(fitted, training.body, outside)
    outlier_probabilities = softmax(fit.outlier_logits.astype(np.float64) / temperature)
    sample = calibration_sample(
        Judged(
            np.where(fitted.scores[fit.calibration] <= cut, probabilities.max(axis=1), 0.0),
            probabilities.argmax(axis=1) == side.labels[fit.calibration],
            [photo.group for photo in photos],
            np.array([photo.sha256 in training.traffic for photo in photos], dtype=bool),
        ),
        Judged(
            np.where(scores <= cut, outlier_probabilities.max(axis=1, initial=0.0), 0.0),
            np.zeros(len(outside.photos), dtype=bool),
            [photo.group for photo in outside.photos],
            np.array([photo.sha256 in training.traffic for photo in outside.photos], dtype=bool),
        ),
        np.array([photo.kind for photo in outside.photos], dtype=object),
        seed=training.seed,
    )
    return choose_threshold(
        sample.confidences, sample.correct, assumption=sample.assumption, composition=sample.composition
    )


def _evidence(body: Body, features: NDArray[np.float32]) -> Evidence:
    return Evidence(features, body.imagenet_log_probabilities(features))


def _counts(manifest: DatasetManifest) -> dict[str, Any]:
    def count(split: Split, origin: Origin, *kinds: Kind) -> dict[str, int]:
        found = [
            photo.label if photo.kind is Kind.SUBJECT else str(photo.kind)
            for photo in manifest.of(split, *kinds)
            if photo.origin is origin
        ]
        return {name: found.count(name) for name in sorted(set(found))}

    return {
        "trained_on": count(Split.TRAIN, Origin.BASE),
        "trained_on_reviewed": count(Split.TRAIN, Origin.REVIEW),
        "measured_on": count(Split.TEST, Origin.BASE),
        "outliers": count(Split.TRAIN, Origin.BASE, *OUTLIERS),
        "outliers_reviewed": count(Split.TRAIN, Origin.REVIEW, *OUTLIERS),
        "outliers_measured_on": count(Split.TEST, Origin.BASE, *OUTLIERS),
    }


def _version(now: datetime, fit: Fit, manifest: DatasetManifest) -> str:
    content = hashlib.sha256(fit.head.weight.tobytes() + manifest.to_lines().encode()).hexdigest()
    return f"{now:%Y%m%d-%H%M%S}-{content[:6]}"
