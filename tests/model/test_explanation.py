"""Explanations say what is so: the heat adds up to the answer and lies on the bear; neighbours are alike."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.artifact import Artifact
from model.errors import DatasetError
from model.explanation import Explainer, Explanation
from model.features import FeatureStore
from model.gallery import GalleryPhoto, bundled_gallery, read_gallery
from model.images import decode
from model.serving import Classifier


@pytest.fixture(scope="module")
def explainer(classifier: Classifier) -> Explainer:
    return Explainer(classifier, read_gallery(bundled_gallery()))


@pytest.fixture(scope="module")
def explained(explainer: Explainer, demo_photos: dict[str, bytes]) -> Callable[[str], Explanation]:
    return lambda name: explainer.explain(decode(demo_photos[name]))


@pytest.mark.parametrize("label", ["black", "grizzly", "teddy"])
def test_the_evidence_map_adds_up_to_the_logit(
    classifier: Classifier, bundled: Artifact, demo_photos: dict[str, bytes], label: str
) -> None:
    picture = decode(demo_photos["grizzly_katmai_402.jpg"])
    features = classifier.body.features(classifier.body.backbone.to_array(picture)[None])[0]
    logits = bundled.head.logits(features[None])[0] - bundled.head.bias  # for which no part of the picture speaks
    expected = logits[classifier.vocabulary.index(label)] - logits.mean()
    scaling = np.linalg.norm(features) / len(features) ** 0.5  # of the photo's features, before the head sees them
    assert classifier.evidence_map(picture, label).mean() == pytest.approx(expected * scaling, abs=1e-3)


def test_the_heat_lies_on_the_bear(explained: Callable[[str], Explanation]) -> None:
    heat = explained("black_dod.jpg").heat
    assert heat.min() >= 0
    assert heat.max() == 1
    rows, columns = (np.arange(side) + 0.5 for side in heat.shape)
    # The bear stands between 15 and 55 % of the width and between 50 and 90 % of the height, with its margins.
    on_bear = np.outer(
        (rows > 0.40 * len(rows)) & (rows < 0.90 * len(rows)),
        (columns > 0.10 * len(columns)) & (columns < 0.60 * len(columns)),
    )
    assert heat[on_bear].sum() > 2 / 3 * heat.sum()  # in 9 of the 49 parts
    assert on_bear[np.unravel_index(heat.argmax(), heat.shape)]


def test_nearest_come_first_and_the_photo_itself_is_nearest(explained: Callable[[str], Explanation]) -> None:
    neighbours = explained("teddy_polimerek.jpg").neighbours
    assert [n.photo.path.name for n in neighbours[:2]] == ["teddy_polimerek_left.jpg", "teddy_polimerek_front.jpg"]
    assert all(n.photo.label == "teddy" for n in neighbours)
    similarity = [n.similarity for n in neighbours]
    assert similarity == sorted(similarity, reverse=True)
    assert 0.98 < similarity[0] <= 1.001


def test_the_thousand_class_view(explained: Callable[[str], Explanation]) -> None:
    assert explained("none_polar_bear.webp").imagenet[0][0] == "ice bear, polar bear"
    names, probabilities = zip(*explained("none_coffee.png").imagenet, strict=True)
    assert names[0] == "espresso"
    assert list(probabilities) == sorted(probabilities, reverse=True)
    assert sum(probabilities) <= 1


def test_the_scale_is_that_of_the_training_photos(explained: Callable[[str], Explanation], bundled: Artifact) -> None:
    explanation = explained("none_coffee.png")
    within = float(np.mean(explanation.training_scores <= explanation.cut))
    assert within == pytest.approx(bundled.card.out_of_domain.in_domain_share, abs=0.01)
    assert explanation.prediction.out_of_domain_score > explanation.cut


def test_it_says_the_same_again_and_as_numbers(
    explained: Callable[[str], Explanation], classifier: Classifier, demo_photos: dict[str, bytes]
) -> None:
    first, again = explained("black_dod.jpg").to_json(), explained("black_dod.jpg").to_json()
    assert json.dumps(first, allow_nan=False) == json.dumps(again)
    (prediction,) = classifier.predict_pictures([decode(demo_photos["black_dod.jpg"])])
    assert first["label"] == prediction.label
    assert first["probabilities"] == prediction.probabilities
    assert first["model_version"] == classifier.version


def test_labels_that_the_model_does_not_know_are_left_out(
    classifier: Classifier, demo_photos: dict[str, bytes]
) -> None:
    stranger = GalleryPhoto(Path("absent.jpg"), "unicorn", "Ann", "CC0", "a dream")
    assert Explainer(classifier, [stranger]).explain(decode(demo_photos["black_dod.jpg"])).neighbours == ()


def test_a_gallery_that_lacks_a_photo_is_said(classifier: Classifier) -> None:
    with pytest.raises(DatasetError, match="absent"):
        Explainer(classifier, [GalleryPhoto(Path("absent.jpg"), "black", "Ann", "CC0", "a dream")])


@pytest.mark.parametrize("size", [(8, 8), (3000, 20), (20, 3000)])
def test_pictures_of_any_shape(explainer: Explainer, size: tuple[int, int]) -> None:
    explanation = explainer.explain(Image.new("RGB", size, "white"))
    assert max(explanation.picture.size) <= 640
    assert np.isfinite(explanation.heat).all()


def test_a_fine_tuned_model_is_explained_by_its_own_body(
    classifier: Classifier, bundled: Artifact, demo_photos: dict[str, bytes], tmp_path: Path
) -> None:
    state = {name: tensor.numpy().copy() for name, tensor in classifier.body.backbone.build().state_dict().items()}
    state["conv_head.weight"][:] = 0  # a body that sees nothing: the same everywhere in the picture
    tuned = Classifier.load(
        replace(bundled, card=replace(bundled.card, fine_tuned=True), body=state),
        torch.device("cpu"),
        FeatureStore(tmp_path),
        body=classifier.body,
    )
    picture = decode(demo_photos["black_dod.jpg"])
    assert np.ptp(tuned.evidence_map(picture, "black")) == pytest.approx(0, abs=1e-5)
    assert np.ptp(classifier.evidence_map(picture, "black")) > 1
