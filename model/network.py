"""Bodies and heads: pictures (N, 3, S, S) to features (N, D), features to logits (N, K)."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from threading import Barrier
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.backbone import BUNDLED, Backbone
from model.errors import ArtifactError, SettingsError
from model.settings import Device

if TYPE_CHECKING:
    from model.weights import StoredWeights


def torch_device(device: Device) -> torch.device:
    """Resolve `auto`; raises `SettingsError` when CUDA is asked for and absent."""
    if device is Device.CUDA and not torch.cuda.is_available():
        raise SettingsError("MODEL_DEVICE: expected a CUDA GPU, torch sees none: set MODEL_DEVICE=auto or cpu")
    if device is Device.AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device.value)


class Body:
    """A frozen ImageNet body with its own 1000-class head, on one device.

    On a CPU every core takes one picture at a time through the network by itself: cores that share the work of each
    layer wait for one another dozens of times a picture, and the maps of several pictures no longer fit into its cache.
    So a picture's features do not depend on its neighbours in the batch either, to the last bit.
    """

    def __init__(
        self, backbone: Backbone, device: torch.device, tuned: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        """With `tuned` tensors in place of the pretrained ones; raises `ArtifactError` when they do not fit."""
        self.backbone = backbone
        self.device = device
        network = backbone.build()
        if tuned is not None:
            try:
                network.load_state_dict({name: torch.from_numpy(value) for name, value in tuned.items()})
            except RuntimeError as error:
                raise ArtifactError(f"the fine-tuned body does not fit {backbone.name}") from error
        # The 1000-class head stays on the CPU in float32: it reads stored features too.
        head = backbone.classifier(network)
        self._class_weight = head.weight.detach().numpy().copy()  # (1000, D)
        self._class_bias = head.bias.detach().numpy().copy() if head.bias is not None else np.zeros(1000, np.float32)
        self.workers = _lone_workers(torch.get_num_threads())
        network = backbone.for_answering(network)
        self._graph = backbone.cpu_graph(network, torch.get_num_threads()) if device.type == "cpu" else None
        self.network: nn.Module = network.to(device).to(memory_format=torch.channels_last)

    def features(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3, S, S) float32 -> pooled features (N, D) float32. Never call it from `workers`: it waits for them."""
        if not len(batch):
            return np.empty((0, self.backbone.feature_dim), dtype=np.float32)
        if self.device.type != "cpu":
            return self._features(batch)
        return np.concatenate(list(self.workers.map(self._features, np.split(batch, len(batch)))))

    def feature_maps(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3, S, S) float32 -> maps before pooling (N, D, h, w) float32. Never call it from `workers` either.

        Of the bundled bodies, the features are their mean over h and w; some others pool otherwise.
        """
        return self.workers.submit(self._feature_maps, batch).result()

    @staticmethod
    @cache
    def imagenet_labels() -> tuple[str, ...]:
        """The names of ImageNet's 1000 classes, in the order of `imagenet_log_probabilities`."""
        from timm.data.imagenet_info import ImageNetInfo  # not at the top: importing timm takes seconds

        return tuple(ImageNetInfo().label_descriptions())

    def imagenet_log_probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features (N, D) -> log-probabilities (N, 1000) of the ImageNet classes."""
        logits = features @ self._class_weight.T + self._class_bias
        logits -= logits.max(axis=1, keepdims=True)
        result: NDArray[np.float32] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return result

    @torch.inference_mode()
    def _features(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._graph is not None:
            return self._graph.features(batch)
        with self._precision():
            return pooled_features(self.network, self._on_device(batch)).float().cpu().numpy()

    @torch.inference_mode()
    def _feature_maps(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        maps = self.backbone.feature_maps(self.network, self._on_device(batch))
        return maps.float().cpu().contiguous().numpy()

    def _precision(self) -> AbstractContextManager[object]:
        """Half precision on a GPU: features are stored as float16 anyway."""
        return torch.autocast("cuda", dtype=torch.float16) if self.device.type == "cuda" else nullcontext()

    def _on_device(self, batch: NDArray[np.float32]) -> torch.Tensor:
        pictures = torch.from_numpy(batch)
        if self.device.type == "cuda":
            pictures = pictures.pin_memory()  # so that the copy runs beside what the GPU does meanwhile
        return pictures.to(self.device, memory_format=torch.channels_last, non_blocking=True)


def _lone_workers(threads: int) -> ThreadPoolExecutor:
    """Threads that prepare pictures and, on a CPU, run the network; each computes alone, sharing no layer."""
    workers = ThreadPoolExecutor(threads, thread_name_prefix="body", initializer=_compute_alone)
    # torch counts for every thread by itself, but hands the last count that was set on to threads that come later: all
    # of ours must have come before the count is set back for the others.
    all_there = Barrier(threads)
    wait([workers.submit(all_there.wait) for _ in range(threads)])
    torch.set_num_threads(threads)
    return workers


def _compute_alone() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # a thread's first look at the count would otherwise take it from the whole process


def backbone_named(name: str, weights: "StoredWeights | None" = None) -> Backbone:
    """A bundled backbone, timm's, or (behind `torchvision:`) torchvision's; with `weights` from a file instead.

    Raises `ArtifactError` for an unknown name, and for a backbone without an ImageNet-1k classifier.
    """
    if weights is None and name in BUNDLED:
        return BUNDLED[name]
    from model.hub import TORCHVISION, timm_backbone, torchvision_backbone  # timm takes seconds to import

    if name.startswith(TORCHVISION):
        return torchvision_backbone(name, weights)
    return timm_backbone(name, weights)


def load_body(name: str, device: torch.device, weights: "StoredWeights | None" = None) -> Body:
    """The frozen body called `name`. Raises `ArtifactError` when it is unknown or its weights cannot be had."""
    return Body(backbone_named(name, weights), device)


def pooled_features(network: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """(N, 3, S, S) -> (N, D): a timm network up to, without, its classifier."""
    result: torch.Tensor = network.forward_head(  # type: ignore[operator] # timm adds these methods to its modules
        network.forward_features(pictures),  # type: ignore[operator] # the same
        pre_logits=True,
    )
    return result
