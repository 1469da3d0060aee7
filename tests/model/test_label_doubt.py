"""Who is suspected, from made-up features: blobs, with some filed under another's label."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.errors import DatasetError
from model.label_doubt import Doubt, Opinion, doubt

_DIMENSIONS = 32
Blobs = tuple[NDArray[np.float32], NDArray[np.int64]]


def blobs(counts: tuple[int, ...], seed: int = 0, spread: float = 0.7) -> Blobs:
    """Features (N, D) around one centre for each label, and the labels (N,)."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(counts), _DIMENSIONS))
    labels = np.repeat(np.arange(len(counts)), counts)
    noise = random.normal(scale=spread, size=(len(labels), _DIMENSIONS))
    return (centres[labels] + noise).astype(np.float32), labels


def judged(features: NDArray[np.float32], labels: NDArray[np.int64], **also: object) -> Doubt:
    return doubt(features, labels, np.arange(len(labels)), **also)  # type: ignore[arg-type] # an opinion, if anything


def first(found: Doubt, count: int) -> set[int]:
    """The rows of the most suspicious."""
    return set(np.argsort(-found.suspicion, kind="stable")[:count].tolist())


def test_photos_under_another_label_come_first_and_their_own_is_suggested() -> None:
    features, truth = blobs((40, 40, 40))
    filed = truth.copy()
    wrong = [3, 11, 50, 63, 90, 101]
    filed[wrong] = (truth[wrong] + 1) % 3
    found = judged(features, filed)
    assert first(found, 6) == set(wrong)
    assert found.likeliest[wrong].tolist() == truth[wrong].tolist()
    assert (found.suspicion[wrong] > 0.5).all()
    assert np.median(np.delete(found.suspicion, wrong)) < 0.1


def test_what_is_like_none_of_the_labels_is_suspected_and_nothing_is_suggested() -> None:
    features, labels = blobs((40, 40))
    strangers = [5, 48]
    features[strangers] = np.random.default_rng(9).normal(scale=2.0, size=(2, _DIMENSIONS))
    found = judged(features, labels)
    assert first(found, 2) == set(strangers)
    assert found.likeliest[strangers].tolist() == [-1, -1]


def test_with_one_label_only_strangers_are_looked_for() -> None:
    features, labels = blobs((60,))
    features[7] = -features[7]
    found = judged(features, labels)
    assert first(found, 1) == {7}
    assert found.likeliest[7] == -1


def test_near_duplicates_do_not_speak_for_one_another() -> None:
    features, truth = blobs((40, 40))
    filed = truth.copy()
    copies = [0, 1, 2, 3, 4, 5, 6, 7]
    features[copies] = features[0]
    filed[copies] = 1
    groups = np.arange(80)
    groups[copies] = 0
    assert (doubt(features, filed, groups).suspicion[copies] > 0.9).all()
    alone = doubt(features, filed, np.arange(80)).suspicion[copies]
    assert (alone < 0.5).all()  # else this test would show nothing


def test_a_model_that_learnt_elsewhere_unmasks_what_many_photos_claim() -> None:
    features, truth = blobs((40, 40, 20))
    filed = np.where(truth == 2, 0, truth)  # a third sort, filed as the first: they are many, and alike
    strange = np.where(truth == 2, 9.0, 0.0)
    said = np.full((100, 2), 0.02)
    said[np.arange(100), np.minimum(truth, 1)] = 0.98
    asked = np.ones(100, dtype=bool)
    with_it = judged(features, filed, opinion=Opinion(said, strange, asked))
    assert first(with_it, 20) == set(range(80, 100))
    assert (with_it.likeliest[80:] == -1).all()
    unasked = judged(features, filed, opinion=Opinion(said, strange, ~asked))
    assert np.array_equal(unasked.suspicion, judged(features, filed).suspicion)


def test_a_label_of_one_scene_cannot_be_judged() -> None:
    features, labels = blobs((10, 2))
    groups = np.array([*range(10), 10, 10])
    with pytest.raises(DatasetError, match="at least two scenes"):
        doubt(features, labels, groups)


@given(st.lists(st.integers(2, 7), min_size=1, max_size=4), st.integers(0, 100))
@settings(max_examples=8)  # each fits dozens of heads
def test_folders_of_any_few_photos_are_ranked(counts: list[int], seed: int) -> None:
    features, labels = blobs(tuple(counts), seed)
    found = judged(features, labels)
    assert found.suspicion.shape == labels.shape
    assert np.isfinite(found.suspicion).all()
    assert ((found.suspicion >= 0) & (found.suspicion <= 1)).all()
    assert ((found.likeliest >= -1) & (found.likeliest < len(counts))).all()


def test_the_same_photos_are_ranked_the_same_in_any_order() -> None:
    features, labels = blobs((30, 30), spread=1.5)
    order = np.random.default_rng(3).permutation(60)
    one, other = judged(features, labels), judged(features[order], labels[order])
    assert np.corrcoef(one.suspicion[order], other.suspicion)[0, 1] > 0.95  # folds fall otherwise, and little else
