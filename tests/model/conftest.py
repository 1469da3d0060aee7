"""What the tests of `model` share: one loaded classifier, the demo's photos, and small made-up models."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.demo import __file__ as demo_module
from model.artifact import Artifact, TestFigures, load, load_card, packed, unpacked
from model.features import FeatureStore
from model.head import Head
from model.registry import bundled_folder
from model.serving import Classifier

DEMO_PHOTOS = Path(demo_module).parent / "photos"


@pytest.fixture(scope="session")
def demo_photos() -> dict[str, bytes]:
    """File name -> bytes, of the freely licensed photos that ship with the demo."""
    return {path.name: path.read_bytes() for path in sorted(DEMO_PHOTOS.iterdir()) if path.suffix != ".md"}


@pytest.fixture(scope="session")
def bundled() -> Artifact:
    return load(bundled_folder())


@pytest.fixture(scope="session")
def classifier(bundled: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """The bundled model, loaded once: importing torch and timm takes seconds."""
    return Classifier.load(bundled, torch.device("cpu"), FeatureStore(tmp_path_factory.mktemp("features")))


@pytest.fixture(scope="session")
def make_artifact() -> Callable[..., Artifact]:
    """A small model (4 features in 2 views, 3 labels, 8 photos) under the name and with the parts that a test asks for.

    Parts of the head and of the test figures are named like the others.
    """
    return small_artifact


def small_artifact(version: str = "small-1", **parts: object) -> Artifact:
    from model.dataset import DatasetManifest, Origin, Photo, Split

    random = np.random.default_rng(7)
    labels = ("black", "grizzly", "teddy")
    photos = tuple(
        Photo(f"{i:064x}", labels[i % 3], Split.TEST if i < 3 else Split.TRAIN, f"base-{i}", Origin.BASE)
        for i in range(8)
    )
    card = load_card(bundled_folder())
    detector = replace(card.out_of_domain, means=(0.0, 0.0), scales=(1.0, 1.0))
    small = Artifact(
        card=replace(card, version=version, labels=labels, out_of_domain=detector),
        head=Head(random.normal(size=(3, 4)).astype(np.float32), np.zeros(3, dtype=np.float32)),
        plane=None,
        manifest=DatasetManifest(photos),
        base_features=unpacked(*packed(random.normal(size=(8, 2, 4)).astype(np.float16))),
        tests=TestFigures(
            logits=random.normal(size=(3, 2, 3)).astype(np.float32),
            scores=random.normal(size=3).astype(np.float32),
            outlier_logits=np.empty((0, 3), dtype=np.float32),
            outlier_scores=np.empty(0, dtype=np.float32),
        ),
        body={},
    )
    for owner, names in (("head", ("weight", "bias")), ("tests", tuple(vars(small.tests)))):
        changed = {name: parts.pop(name) for name in names if name in parts}
        small = replace(small, **{owner: replace(getattr(small, owner), **changed)})
    return replace(small, **parts)  # type: ignore[arg-type] # a test names the parts it changes
