"""Detectors: higher is further out, the training photos judge themselves as if left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.out_of_domain import outliers as outliers_module
from model.out_of_domain.combined import CombinedDetector, FittedDetector, Known, fit_detector
from model.out_of_domain.detector import Evidence
from model.out_of_domain.imagenet_mass import ImagenetMass, subject_classes
from model.out_of_domain.neighbours import Neighbours, normalised
from model.out_of_domain.outliers import Outliers, fit_plane


def cloud(centre: list[float], photos: int, seed: int, mass: float) -> Evidence:
    """Photos around a direction, with this share of ImageNet probability on class 0 of four."""
    random = np.random.default_rng(seed)
    features = (np.array(centre) + random.normal(scale=0.1, size=(photos, len(centre)))).astype(np.float32)
    share = np.clip(mass + random.normal(scale=0.01, size=photos), 1e-6, 1 - 1e-6)
    probabilities = np.stack([share, *[(1 - share) / 3] * 3], axis=1)
    return Evidence(features, np.log(probabilities).astype(np.float32))


def known(evidence: Evidence, groups: list[str]) -> Known:
    """Photos whose two views look alike."""
    return Known(np.repeat(evidence.features[:, None], 2, axis=1), evidence, groups)


LABELS = np.zeros(200, dtype=np.int64)
SCENES = [f"scene-{i}" for i in range(200)]


@pytest.fixture(scope="module")
def bears() -> Evidence:
    return cloud([1, 0, 0], 200, 1, 0.9)


@pytest.fixture(scope="module")
def fitted(bears: Evidence) -> FittedDetector:
    return fit_detector(known(bears, SCENES), LABELS, None)


@pytest.fixture(scope="module")
def detector(fitted: FittedDetector) -> CombinedDetector:
    return fitted.detector


def test_strangers_score_higher_than_the_cut_and_the_like_lower(detector: CombinedDetector) -> None:
    alike = detector.score(cloud([1, 0, 0], 200, 2, 0.9))
    strange = detector.score(cloud([0, 1, 0], 200, 3, 0.1))
    assert (strange > detector.state.cut).all()
    assert (alike <= detector.state.cut).mean() > 0.9
    assert strange.min() > alike.max()


def test_each_sign_alone_suffices(detector: CombinedDetector) -> None:
    assert (detector.score(cloud([0, 1, 0], 50, 4, 0.9)) > detector.state.cut).all()
    assert (detector.score(cloud([1, 0, 0], 50, 5, 0.1)) > detector.state.cut).all()


def test_the_cut_lets_the_stated_share_pass(fitted: FittedDetector) -> None:
    state = fitted.detector.state
    assert (fitted.scores <= state.cut).mean() == pytest.approx(state.in_domain_share, abs=0.01)
    assert (state.quantiles[0], state.quantiles[-1]) == (fitted.scores.min(), fitted.scores.max())


def test_a_stored_state_scores_as_the_fitted_detector_does(bears: Evidence, detector: CombinedDetector) -> None:
    stranger = cloud([1, 1, 0], 20, 6, 0.5)
    reference = np.repeat(bears.features, 2, axis=0)
    np.testing.assert_array_equal(
        CombinedDetector(reference, detector.state, None).score(stranger), detector.score(stranger)
    )


def test_known_outliers_give_away_what_neighbours_and_mass_take_for_the_subject(bears: Evidence) -> None:
    """Pictures that lie as near as the photos themselves, with as much mass, but on one side of them."""
    sly = [cloud([1, 0.25, 0], 60, seed, 0.9) for seed in (7, 8)]
    without = fit_detector(known(bears, SCENES), LABELS, None).detector
    outliers = known(sly[0], [f"sort-{i % 6}" for i in range(60)])
    with_plane = fit_detector(known(bears, SCENES), LABELS, outliers).detector
    missed = (without.score(sly[1]) <= without.state.cut).mean()
    still_missed = (with_plane.score(sly[1]) <= with_plane.state.cut).mean()
    assert still_missed < missed - 0.2
    assert (with_plane.score(cloud([1, 0, 0], 200, 2, 0.9)) <= with_plane.state.cut).mean() > 0.85


def test_an_outlier_is_judged_without_its_whole_sort(bears: Evidence) -> None:
    """One sort lies where no other does: its left-out scores must not know that it is an outlier at all."""
    odd, others = cloud([1, -0.6, 0], 30, 9, 0.9), cloud([1, 0.6, 0], 60, 10, 0.9)
    both = Evidence(
        np.concatenate([odd.features, others.features]),
        np.concatenate([odd.log_probabilities, others.log_probabilities]),
    )
    sorts = ["odd"] * 30 + [f"sort-{i % 4}" for i in range(60)]
    fit = fit_detector(known(bears, SCENES), LABELS, known(both, sorts))
    seen = fit.detector.score(both)
    assert seen[:30].mean() > fit.outlier_scores[:30].mean() + 1
    assert fit.outlier_scores.shape == (90,)


@pytest.mark.parametrize("sorts", [["one"] * 40, ["one"] * 20 + ["two"] * 20])
def test_few_sorts_of_outliers_still_give_a_plane(bears: Evidence, sorts: list[str]) -> None:
    fit = fit_detector(known(bears, SCENES), LABELS, known(cloud([0, 1, 0], 40, 3, 0.1), sorts))
    assert np.isfinite(fit.scores).all()
    assert np.isfinite(fit.outlier_scores).all()
    assert len(fit.detector.state.means) == 3


def test_a_training_photo_is_neither_its_own_neighbour_nor_its_scenes() -> None:
    """Scored as strangers they are at distance 0 of themselves; judged in sample only other scenes count."""
    features = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]
    neighbours = Neighbours(features, k=1)
    evidence = Evidence(features, np.zeros((4, 4), dtype=np.float32))
    groups = ["a", "a", "b", "c"]
    np.testing.assert_allclose(neighbours.score(evidence), 0.0, atol=1e-6)
    np.testing.assert_allclose(neighbours.in_sample(evidence, groups, groups), 1.0, atol=1e-6)


@pytest.mark.parametrize("photos", [1, 2, 3, 5])
def test_few_reference_photos_still_give_numbers(photos: int) -> None:
    """People delete their photos: what is left of a model's reference may be less than its neighbours."""
    reference = np.eye(5, dtype=np.float32)[:photos]
    score = Neighbours(reference, k=5).score(Evidence(np.eye(5, dtype=np.float32), np.zeros((5, 4), dtype=np.float32)))
    assert score.shape == (5,)
    assert np.isfinite(score).all()


@given(hnp.arrays(np.float32, (6, 3), elements=st.floats(-1e3, 1e3, width=32)))
@settings(max_examples=50)
def test_distances_stay_in_their_range(features: np.ndarray) -> None:
    scores = Neighbours(np.eye(3, dtype=np.float32), k=2).score(Evidence(features, features))
    assert (scores >= -1e-5).all()
    assert (scores <= 2 + 1e-5).all()
    lengths = np.linalg.norm(normalised(features), axis=1)
    assert ((np.abs(lengths - 1) < 1e-3) | (lengths < 1)).all()


def test_mass_is_minus_log_of_the_probability_on_the_subject() -> None:
    log_probabilities = np.log(np.array([[0.5, 0.25, 0.25], [1e-9, 0.5, 0.5]], dtype=np.float32))
    scores = ImagenetMass([0, 1]).score(Evidence(log_probabilities, log_probabilities))
    np.testing.assert_allclose(scores, [-np.log(0.75), -np.log(0.5)], rtol=1e-5)
    assert ImagenetMass([0]).score(Evidence(log_probabilities, log_probabilities))[1] == pytest.approx(-np.log(1e-6))


def test_classes_of_the_subject_come_from_its_photos() -> None:
    probabilities = np.full((4, 20), 1e-4)
    probabilities[:2, 3], probabilities[:2, 5], probabilities[2:, 7] = 0.8, 0.15, 0.9
    classes = subject_classes(np.log(probabilities).astype(np.float32), np.array([0, 0, 1, 1]))
    assert classes == (3, 5, 7)
    even = np.log(np.full((2, 100), 0.01)).astype(np.float32)
    assert len(subject_classes(even, np.array([0, 0]))) == 1  # never empty


def test_more_photos_than_are_scored_at_a_time() -> None:
    features = normalised(np.random.default_rng(1).normal(size=(1200, 8)).astype(np.float32))
    evidence = Evidence(features, features)
    groups = [f"{i // 2}" for i in range(1200)]
    scores = Neighbours(features, k=3).in_sample(evidence, groups, groups)
    alone = np.array([i // 2 != 1199 // 2 for i in range(1200)])
    assert scores[1199] == pytest.approx(Neighbours(features[alone], k=3).score(evidence)[1199], abs=1e-6)


def test_a_plane_is_placed_by_a_part_of_very_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outliers_module, "_ROWS", 50)
    inside, outside = cloud([1, 0, 0], 400, 1, 0.9), cloud([0, 1, 0], 300, 2, 0.1)
    plane = fit_plane(inside.features, outside.features, [f"sort-{i % 3}" for i in range(300)])
    assert (Outliers(plane).score(inside) < 0).all()
    assert (Outliers(plane).score(outside) > 0).all()
