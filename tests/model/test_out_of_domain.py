"""Detectors: higher is further out, the training photos judge themselves as if left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.out_of_domain.combined import CombinedDetector
from model.out_of_domain.detector import Evidence
from model.out_of_domain.imagenet_mass import ImagenetMass, subject_classes
from model.out_of_domain.neighbours import Neighbours, normalised


def cloud(centre: list[float], photos: int, seed: int, mass: float) -> Evidence:
    """Photos around a direction, with this share of ImageNet probability on class 0 of four."""
    random = np.random.default_rng(seed)
    features = (np.array(centre) + random.normal(scale=0.1, size=(photos, len(centre)))).astype(np.float32)
    share = np.clip(mass + random.normal(scale=0.01, size=photos), 1e-6, 1 - 1e-6)
    probabilities = np.stack([share, *[(1 - share) / 3] * 3], axis=1)
    return Evidence(features, np.log(probabilities).astype(np.float32))


@pytest.fixture(scope="module")
def bears() -> Evidence:
    return cloud([1, 0, 0], 200, 1, 0.9)


@pytest.fixture(scope="module")
def detector(bears: Evidence) -> CombinedDetector:
    return CombinedDetector.fit(bears, np.zeros(200, dtype=np.int64))


def test_strangers_score_higher_than_the_cut_and_the_like_lower(detector: CombinedDetector) -> None:
    alike = detector.score(cloud([1, 0, 0], 200, 2, 0.9))
    strange = detector.score(cloud([0, 1, 0], 200, 3, 0.1))
    assert (strange > detector.state.cut).all()
    assert (alike <= detector.state.cut).mean() > 0.9
    assert strange.min() > alike.max()


def test_each_sign_alone_suffices(detector: CombinedDetector) -> None:
    assert (detector.score(cloud([0, 1, 0], 50, 4, 0.9)) > detector.state.cut).all()
    assert (detector.score(cloud([1, 0, 0], 50, 5, 0.1)) > detector.state.cut).all()


def test_the_cut_lets_the_stated_share_pass(bears: Evidence, detector: CombinedDetector) -> None:
    passed = (detector.in_sample(bears) <= detector.state.cut).mean()
    assert passed == pytest.approx(detector.state.in_domain_share, abs=0.01)


def test_a_stored_state_scores_as_the_fitted_detector_does(bears: Evidence, detector: CombinedDetector) -> None:
    stranger = cloud([1, 1, 0], 20, 6, 0.5)
    np.testing.assert_array_equal(
        CombinedDetector(bears.features, detector.state).score(stranger), detector.score(stranger)
    )


def test_a_training_photo_is_not_its_own_neighbour() -> None:
    """Scored as a stranger it is at distance 0 of itself; judged in sample only the others count."""
    features = np.eye(4, dtype=np.float32)
    neighbours = Neighbours(features, k=1)
    evidence = Evidence(features, np.zeros((4, 4), dtype=np.float32))
    np.testing.assert_allclose(neighbours.score(evidence), 0.0, atol=1e-6)
    np.testing.assert_allclose(neighbours.in_sample(evidence), 1.0, atol=1e-6)


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
