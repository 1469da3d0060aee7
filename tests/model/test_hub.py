"""Backbones of timm and torchvision: found by name, filled from a file or a hub, refused in plain words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from model.errors import ArtifactError
from model.network import Body, backbone_named, load_body
from model.weights import StoredWeights, WeightsFolder, read_tensors

CPU = torch.device("cpu")
CONVOLUTIONAL = "test_efficientnet.r160_in1k"  # timm's own for tests: some hundred thousand weights
TRANSFORMER = "test_vit.r160_in1k"
TORCHVISION = "torchvision:mobilenet_v3_small"


def network_of(name: str) -> Any:
    torch.manual_seed(4)
    if name.startswith("torchvision:"):
        from torchvision.models import get_model

        return get_model(name.removeprefix("torchvision:"), weights=None).eval()
    return timm.create_model(name, pretrained=False).eval()


def stored(network: torch.nn.Module, tmp_path: Path) -> StoredWeights:
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    folder = WeightsFolder(tmp_path / "home" / "weights")
    return StoredWeights(folder=folder, sha256=folder.adopt(tmp_path / "weights.pth"))


@pytest.mark.parametrize("name", [CONVOLUTIONAL, TRANSFORMER, "test_convnext.r160_in1k", TORCHVISION])
def test_a_body_from_a_file_is_the_library_s_network(name: str, tmp_path: Path) -> None:
    network = network_of(name)
    body = load_body(name, CPU, stored(network, tmp_path))
    size, dim = body.backbone.image_size, body.backbone.feature_dim
    batch = np.random.default_rng(5).normal(size=(3, 3, size, size)).astype(np.float32)
    features = body.features(batch)
    assert features.shape == (3, dim)
    with torch.inference_mode():
        expected = network(torch.from_numpy(batch)).log_softmax(dim=1).numpy()
    np.testing.assert_allclose(body.imagenet_log_probabilities(features), expected, atol=1e-4)


@pytest.mark.parametrize("name", [CONVOLUTIONAL, TRANSFORMER, "test_convnext.r160_in1k", "torchvision:resnet18"])
def test_maps_have_the_features_as_channels(name: str, tmp_path: Path) -> None:
    body = load_body(name, CPU, stored(network_of(name), tmp_path))
    size = body.backbone.image_size
    maps = body.feature_maps(np.zeros((2, 3, size, size), np.float32))
    assert maps.shape[:2] == (2, body.backbone.feature_dim)
    assert maps.shape[2] == maps.shape[3] > 1


def test_preprocessing_is_what_the_library_publishes() -> None:
    ours, theirs = backbone_named(CONVOLUTIONAL), timm.get_pretrained_cfg(CONVOLUTIONAL)
    assert (ours.image_size, ours.mean, ours.std) == (theirs.input_size[1], theirs.mean, theirs.std)
    torchvisions = backbone_named("torchvision:resnet50")
    assert (torchvisions.feature_dim, torchvisions.image_size) == (2048, 224)
    assert torchvisions.mean == (0.485, 0.456, 0.406)
    assert torchvisions.interpolation == "bilinear"


@pytest.mark.parametrize("name", [CONVOLUTIONAL, TORCHVISION])
def test_a_built_network_can_be_tuned_and_loaded_again(name: str, tmp_path: Path) -> None:
    weights = stored(network_of(name), tmp_path)
    backbone = backbone_named(name, weights)
    tuned = {key: (value + 0.01).numpy() for key, value in backbone.build().state_dict().items()}
    size = backbone.image_size
    batch = np.random.default_rng(5).normal(size=(1, 3, size, size)).astype(np.float32)
    assert not np.allclose(Body(backbone, CPU, tuned).features(batch), Body(backbone, CPU).features(batch), atol=1e-3)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("resnet_of_nobody", "unknown backbone"),
        ("resnet180", r"did you mean .*resnet18"),
        ("torchvision:resnet180", r"did you mean .*resnet18"),
        ("vit_base_patch16_clip_224.openai", "no linear ImageNet-1k classifier"),
        ("torchvision:squeezenet1_0", "no linear ImageNet-1k classifier"),
    ],
)
def test_what_cannot_serve_is_refused(name: str, why: str) -> None:
    with pytest.raises(ArtifactError, match=why):
        backbone_named(name)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    weights = stored(network_of(CONVOLUTIONAL), tmp_path)
    with pytest.raises(ArtifactError, match=r"do not fit test_vit.*missing"):
        load_body(TRANSFORMER, CPU, weights)


def test_without_a_hub_it_is_said_how_to_get_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ArtifactError, match=r"could not be fetched .*--weights"):
        load_body(CONVOLUTIONAL, CPU)


def test_a_hub_s_copy_on_this_machine_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    network = network_of(CONVOLUTIONAL)
    repository = tmp_path / f"models--timm--{CONVOLUTIONAL}"
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    save_file(network.state_dict(), snapshot / "model.safetensors")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    body = load_body(CONVOLUTIONAL, CPU)
    for name, value in body.network.state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name])


def test_weights_are_kept_under_their_checksum(tmp_path: Path) -> None:
    tensors = {"module.a": torch.arange(6.0).reshape(2, 3).T, "module.b": torch.ones(2, dtype=torch.int64)}
    torch.save({"epoch": 3, "state_dict": tensors}, tmp_path / "trained.pth")
    folder = WeightsFolder(tmp_path / "weights")
    sha256 = folder.adopt(tmp_path / "trained.pth")
    assert folder.adopt(tmp_path / "trained.pth") == sha256
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [f"{sha256}.safetensors"]
    assert folder.adopt(folder.path(sha256)) == sha256
    loaded = folder.load(sha256)
    assert set(loaded) == {"a", "b"}
    assert torch.equal(loaded["a"], tensors["module.a"])
    content = bytearray(folder.path(sha256).read_bytes())
    content[-1] ^= 1
    folder.path(sha256).write_bytes(content)
    with pytest.raises(ArtifactError, match="does not match its checksum"):
        folder.load(sha256)
    folder.path(sha256).unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        folder.load(sha256)
    with pytest.raises(ArtifactError, match="64 hexadecimal digits"):
        folder.load("../../elsewhere")


class Planted:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("unpickled",)


def test_nothing_is_unpickled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"state_dict": Planted()}, tmp_path / "evil.pth")
    (tmp_path / "words.pth").write_text("no weights")
    (tmp_path / "words.safetensors").write_text("no weights")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("evil.pth", "words.pth", "words.safetensors", "list.pth"):
        with pytest.raises(ArtifactError, match=f"{name}: expected "):
            read_tensors(tmp_path / name)
    assert "unpickled" not in capsys.readouterr().out
