"""Photos that the model is tested with are not gathered to learn from: not their bytes, nor their scenes."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bot.demo import __file__ as demo_module
from model.artifact import load, load_card
from model.dataset import DatasetManifest, Split
from model.errors import NoChampion
from model.fingerprint import fingerprint
from model.gathering.held_out import HeldOut
from model.images import decode
from model.network import load_body, torch_device
from model.registry import Registry, bundled_folder
from model.settings import Device
from model.views import views_of
from tests.model.gathering.pictures import saved

DEMO_PHOTOS = Path(demo_module).parent / "photos"
TESTED = DEMO_PHOTOS / "grizzly_katmai_402.jpg"
OTHER = DEMO_PHOTOS / "teddy_earlgray.jpg"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Only read. Its champion is the bundled model, but for one of its test photos, which is TESTED."""
    artifact = load(bundled_folder())
    body = load_body(artifact.card.backbone, torch_device(Device.CPU))
    place = next(i for i, photo in enumerate(artifact.base_photos()) if photo.split is Split.TEST)
    photos = list(artifact.manifest.photos)
    photos[place] = replace(photos[place], sha256=hashlib.sha256(TESTED.read_bytes()).hexdigest())
    features = artifact.base_features.copy()
    arrays = [body.backbone.to_array(view) for view in views_of(decode(TESTED.read_bytes()))]
    features[place] = body.features(np.stack(arrays)).astype(np.float16)
    made = Registry(tmp_path_factory.mktemp("held_out") / "models")
    card = replace(artifact.card, version="with-a-test-photo")
    made.register(
        replace(artifact, card=card, manifest=DatasetManifest(tuple(photos)), base_features=features), reason="a test"
    )
    made.promote(card.version, reason="a test")
    return made


@pytest.fixture(scope="module")
def why_not(registry: Registry) -> Callable[[str, bytes], str | None]:
    @cache
    def for_label(label: str) -> HeldOut:
        held_out = HeldOut()
        held_out.add_champion(registry, label, Device.CPU)
        return held_out

    def judged(label: str, data: bytes) -> str | None:
        picture = decode(data)
        return for_label(label).why_not(hashlib.sha256(data).hexdigest(), fingerprint(picture), picture)

    return judged


@pytest.mark.slow
def test_its_test_photos_are_known(why_not: Callable[[str, bytes], str | None]) -> None:
    assert "it is a test photo of the model with-a-test-photo" in str(why_not("wolf", TESTED.read_bytes()))
    assert "it is a test photo" in str(why_not("grizzly", TESTED.read_bytes()))
    assert why_not("grizzly", OTHER.read_bytes()) is None


@pytest.mark.slow
def test_crops_of_them_are_known_where_they_would_be_learnt(why_not: Callable[[str, bytes], str | None]) -> None:
    picture = decode(TESTED.read_bytes())
    width, height = picture.size
    cropped = saved(picture.crop((width // 20, height // 20, width, height)), quality=80)
    assert "it shows what a test photo of the model with-a-test-photo shows" in str(why_not("grizzly", cropped))
    assert why_not("wolf", cropped) is None  # no model of wolves answers


def test_where_no_model_answers_that_is_said(tmp_path: Path) -> None:
    labels = ("wolf", "fox")
    assert set(labels).isdisjoint(load_card(bundled_folder()).labels)
    with pytest.raises(NoChampion):
        HeldOut().add_champion(Registry(tmp_path, labels), "wolf", Device.CPU)
