"""What a candidate promises: on which photos its threshold was chosen, and what it claims of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from model import candidate as module
from model.calibration_sample import Judged, calibration_sample
from model.candidate import Training, candidate_of
from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.fitting import Fit, outside_of, side_of
from model.head import Head
from model.labels import Vocabulary
from model.serving import Classifier

VOCABULARY = Vocabulary(("black", "grizzly"))
Make = Callable[..., Training]


@pytest.fixture
def make_training(classifier: Classifier) -> Make:
    """Made-up features of `subject` photos and of outliers by kind; a fifth of each is the test side."""

    def make(subject: int, traffic: frozenset[str] = frozenset(), **outliers: int) -> Training:
        random = np.random.default_rng(3)
        photos = []
        for kind, count in {"subject": subject, **outliers}.items():
            for i in range(count):
                split = Split.TEST if i % 5 == 4 else Split.TRAIN
                label = VOCABULARY.labels[i % 2] if kind == "subject" else f"sort-{i % 7}"
                photos.append(Photo(f"{kind}-{i}", label, split, f"{kind}-{i}", Origin.BASE, kind=Kind(kind)))
        centre = np.array([0.0 if photo.kind is Kind.SUBJECT else 3.0 for photo in photos])
        features = np.abs(random.normal(size=(len(photos), 2, classifier.body.backbone.feature_dim)))
        features[:, :, :40] += centre[:, None, None]
        rows = features.astype(np.float16)
        return Training(
            sides={split: side_of(photos, rows, split, VOCABULARY) for split in Split},
            outsides={split: outside_of(photos, rows, split) for split in Split},
            manifest=DatasetManifest(tuple(photos)),
            base_features=rows,
            vocabulary=VOCABULARY,
            body=classifier.body,
            data={"description": ""},
            seed=1,
            traffic=traffic,
        )

    return make


def fit_of(training: Training, *, sure: float = 9.0, wrong: int = 0) -> Fit:
    """Logits as sure as that, the first `wrong` calibration photos wrong."""
    side, test = training.sides[Split.TRAIN], training.sides[Split.TEST]
    logits = sure * np.eye(2, dtype=np.float32)[side.labels]
    logits[:wrong] = logits[:wrong, ::-1]
    outside = {split: len(training.outsides[split].photos) for split in Split}
    return Fit(
        head=Head(np.ones((2, side.features.shape[2]), dtype=np.float32), np.zeros(2, dtype=np.float32)),
        body={},
        test_logits=np.repeat(sure * np.eye(2, dtype=np.float32)[test.labels][:, None], 2, axis=1),
        calibration=np.arange(len(side.labels)),
        calibration_logits=logits,
        outlier_logits=np.tile(np.array([sure, 0], dtype=np.float32), (outside[Split.TRAIN], 1)),
        outlier_test_logits=np.tile(np.array([sure, 0], dtype=np.float32), (outside[Split.TEST], 1)),
    )


def test_without_outliers_the_card_says_that_their_misses_are_not_counted(make_training: Make) -> None:
    training = make_training(500)
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert risk.guaranteed
    assert risk.composition == {"subject": risk.calibration_photos}
    assert 350 <= risk.calibration_photos <= 400
    assert "the model was tried on nothing else" in risk.claim()


def test_with_outliers_the_threshold_is_chosen_on_the_production_mix(make_training: Make) -> None:
    training = make_training(500, near=100, far=300)
    candidate = candidate_of(fit_of(training), training)
    risk = candidate.artifact.card.risk
    total = sum(risk.composition.values())
    assert risk.calibration_photos == total
    shares = {kind: count / total for kind, count in risk.composition.items()}
    assert shares == pytest.approx({"subject": 0.6, "far": 0.3, "near": 0.1}, abs=0.05)
    assert "60% of what arrives" in risk.assumption
    assert set(candidate.report.outliers) == {"near", "far"}
    assert candidate.artifact.plane is not None
    assert candidate.artifact.card.data["outliers"] == {"far": 240, "near": 80}


def test_outliers_that_pass_cost_the_guarantee(make_training: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut that lets everything pass: a tenth and more of the answers are answers to what shows no label."""
    training = make_training(500, near=100, far=300)
    fitted = module._fitted_detector(training)
    state = replace(fitted.detector.state, cut=1e9)
    fitted.detector.state = state
    monkeypatch.setattr(module, "_fitted_detector", lambda training: fitted)
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert not risk.guaranteed
    assert risk.errors == risk.composition["far"] + risk.composition["near"]
    assert risk.claim().startswith("nothing is guaranteed")


def test_audited_traffic_takes_the_place_of_the_assumed_mix(make_training: Make) -> None:
    traffic = frozenset(f"subject-{i}" for i in range(0, 300)) | frozenset(f"near-{i}" for i in range(30))
    training = make_training(500, traffic=traffic, near=100, far=300)
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert risk.composition == {"subject": 240, "none": 24}
    assert "264 photos, one of each sender, that were drawn from all that arrived" in risk.claim()


def test_many_photos_of_one_sender_bear_out_no_more_than_one(make_training: Make) -> None:
    traffic = frozenset(f"subject-{i}" for i in range(300))
    training = make_training(500, traffic=traffic, near=100, far=300)
    side = training.sides[Split.TRAIN]
    photos = tuple(replace(p, group="asker-1") if p.sha256 in traffic else p for p in side.photos)
    crowded = replace(training, sides={**training.sides, Split.TRAIN: replace(side, photos=photos)})
    assert "60% of what arrives" in candidate_of(fit_of(crowded), crowded).artifact.card.risk.assumption


@pytest.mark.parametrize("kind", ["near", "far"])
def test_one_sort_of_outliers_is_held_against_it_as_well(make_training: Make, kind: str) -> None:
    training = make_training(500, **{kind: 200})
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert set(risk.composition) == {"subject", kind}
    share = {"near": 0.1 / 0.7, "far": 0.3 / 0.9}[kind]
    assert risk.composition[kind] / risk.calibration_photos == pytest.approx(share, abs=0.06)
    assert f"{share:.0%}" in risk.assumption


def judged(photos: int, *, confidence: float, correct: bool, prefix: str, sampled: bool = False) -> Judged:
    return Judged(
        np.full(photos, confidence),
        np.full(photos, correct),
        [f"{prefix}-{i}" for i in range(photos)],
        np.full(photos, sampled),
    )


def test_what_people_called_none_of_the_labels_is_held_against_it() -> None:
    """Photos that were answered, wrongly, are not forgotten because no folder holds them."""
    kinds = np.array(["far"] * 100 + ["none"] * 40, dtype=object)
    sample = calibration_sample(
        judged(400, confidence=0.999, correct=True, prefix="s"),
        judged(140, confidence=0.97, correct=False, prefix="o"),
        kinds,
        seed=3,
    )
    assert set(sample.composition) == {"subject", "far", "near"}
    assert (~sample.correct).sum() == sample.composition["far"] + sample.composition["near"] > 0


def test_each_kind_keeps_its_own_photos() -> None:
    kinds = np.array(["near", "far"] * 100, dtype=object)
    outliers = judged(200, confidence=0.0, correct=False, prefix="o")
    outliers.confidence[kinds == "near"] = 0.5
    sample = calibration_sample(judged(600, confidence=0.999, correct=True, prefix="s"), outliers, kinds, seed=3)
    assert (sample.confidences == 0.5).sum() == sample.composition["near"]
    assert (sample.confidences == 0.0).sum() == sample.composition["far"]


def test_traffic_outliers_count_as_errors_and_unanswered_photos_as_no_evidence() -> None:
    kinds = np.array(["none"] * 10, dtype=object)
    outliers = judged(10, confidence=0.995, correct=False, prefix="o", sampled=True)
    enough = judged(200, confidence=0.995, correct=True, prefix="s", sampled=True)
    sample = calibration_sample(enough, outliers, kinds, seed=3)
    assert sample.composition == {"subject": 200, "none": 10}
    assert (~sample.correct).sum() == 10
    unanswered = judged(200, confidence=0.5, correct=True, prefix="s", sampled=True)
    assert "drawn from all" not in calibration_sample(unanswered, outliers, kinds, seed=3).assumption


def test_answers_and_scores_are_those_of_what_was_left_out(
    make_training: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In-sample everything looks right and in domain; left out it does not, and that is what counts."""
    training = make_training(500, near=100, far=300)
    fitted = module._fitted_detector(training)
    strange = replace(fitted, scores=np.full_like(fitted.scores, 1e6), outlier_scores=fitted.outlier_scores * 0 - 1e6)
    monkeypatch.setattr(module, "_fitted_detector", lambda training: strange)
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert risk.answered == risk.errors == risk.composition["far"] + risk.composition["near"]


def test_confidences_are_calibrated_before_the_threshold_is_chosen(make_training: Make) -> None:
    """Logits far too sure of themselves: at the fitted temperature a quarter wrong is no confidence of 0.99."""
    training = make_training(500, near=100, far=300)
    risk = candidate_of(fit_of(training, sure=15.0, wrong=100), training).artifact.card.risk
    assert risk.answered == 0


def test_too_little_traffic_changes_nothing(make_training: Make) -> None:
    training = make_training(500, traffic=frozenset(f"subject-{i}" for i in range(100)), near=100, far=300)
    assert "60% of what arrives" in candidate_of(fit_of(training), training).artifact.card.risk.assumption


def test_few_photos_support_no_promise_and_the_card_says_so(make_training: Make) -> None:
    training = make_training(60, near=20, far=30)
    risk = candidate_of(fit_of(training), training).artifact.card.risk
    assert not risk.guaranteed
    assert "nothing is guaranteed" in risk.claim()


def test_wrong_answers_of_heads_without_the_photo_are_reported(make_training: Make) -> None:
    training = make_training(500)
    report = candidate_of(fit_of(training, wrong=7), training).report
    assert report.cross_fitted is not None
    assert (report.cross_fitted.count, report.cross_fitted.total) == (393, 400)
