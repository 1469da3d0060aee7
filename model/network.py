"""Bodies and heads: pictures (N, 3, S, S) to features (N, D), features to logits (N, K)."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from model.backbone import Backbone, backbone_named
from model.errors import SettingsError
from model.settings import Device

Item = TypeVar("Item")


def torch_device(device: Device) -> torch.device:
    """Resolve `auto`; raises `SettingsError` when CUDA is asked for and absent."""
    if device is Device.CUDA and not torch.cuda.is_available():
        raise SettingsError("MODEL_DEVICE: expected a CUDA GPU, torch sees none: set MODEL_DEVICE=auto or cpu")
    if device is Device.AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device.value)


class Body:
    """A frozen ImageNet body with its own 1000-class head, on one device."""

    def __init__(self, backbone: Backbone, device: torch.device) -> None:
        self.backbone = backbone
        self.device = device
        self.network = backbone.build()
        # The 1000-class head stays on the CPU in float32: it reads stored features too.
        head = self.network.get_submodule("classifier")
        assert isinstance(head, nn.Linear)
        self._class_weight = head.weight.detach().numpy().copy()  # (1000, D)
        self._class_bias = head.bias.detach().numpy().copy()  # (1000,)
        self.network.to(memory_format=torch.channels_last).to(device)

    @torch.inference_mode()
    def features(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3, S, S) float32 -> pooled features (N, D) float32."""
        pictures = torch.from_numpy(batch).to(self.device).contiguous(memory_format=torch.channels_last)
        return pooled_features(self.network, pictures).float().cpu().numpy()

    @torch.inference_mode()
    def feature_maps(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3, S, S) float32 -> maps before pooling (N, D, h, w) float32; features are their mean over h and w."""
        pictures = torch.from_numpy(batch).to(self.device).contiguous(memory_format=torch.channels_last)
        maps: torch.Tensor = self.network.forward_features(pictures)  # type: ignore[operator] # timm adds this method
        return maps.float().cpu().contiguous().numpy()

    def imagenet_log_probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features (N, D) -> log-probabilities (N, 1000) of the ImageNet classes."""
        logits = features @ self._class_weight.T + self._class_bias
        logits -= logits.max(axis=1, keepdims=True)
        result: NDArray[np.float32] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return result


def load_body(name: str, device: torch.device) -> Body:
    """The frozen body called `name`."""
    return Body(backbone_named(name), device)


def pooled_features(network: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """(N, 3, S, S) -> (N, D): a timm network up to, without, its classifier."""
    result: torch.Tensor = network.forward_head(  # type: ignore[operator] # timm adds these methods to its modules
        network.forward_features(pictures),  # type: ignore[operator] # the same
        pre_logits=True,
    )
    return result


def extract(
    body: Body,
    photos: Iterable[Item],
    read: Callable[[Item], Image.Image],
    *,
    batch_size: int,
    workers: int = 2,
) -> Iterator[tuple[Item, NDArray[np.float16]]]:
    """Yield each photo with its features (D,) float16, in order; decoding runs beside the network."""
    remaining = iter(photos)

    def prepare(item: Item) -> NDArray[np.float32]:
        return body.backbone.to_array(read(item))

    with ThreadPoolExecutor(workers) as pool:

        def submit() -> list[tuple[Item, Future[NDArray[np.float32]]]]:
            return [(item, pool.submit(prepare, item)) for item in islice(remaining, batch_size)]

        following = submit()
        while following:
            batch, following = following, submit()
            arrays = np.stack([future.result() for _, future in batch])  # (N, 3, S, S)
            for (item, _), features in zip(batch, body.features(arrays), strict=True):
                yield item, features.astype(np.float16)
