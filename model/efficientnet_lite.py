"""EfficientNet-Lite as plain torch modules, so that answering photos imports neither timm nor torchvision.

Tan & Le 2019 (arXiv:1905.11946) without squeeze-and-excitation and with ReLU6, as TensorFlow published it in 2020. The
modules carry timm's names (`tf_efficientnet_lite0` and on), so that weights and fine-tuned bodies fit either.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

Norm = TypeVar("Norm", bound=nn.Module)
_EPSILON = 1e-3  # TensorFlow's, of the batch norms
_STEM, _HEAD, _CLASSES = 32, 1280, 1000  # alike in all sizes


@dataclass(frozen=True)
class Scale:
    """How much wider and deeper than Lite0 a network is (the compound scaling of the paper)."""

    width: float
    depth: float


SCALES: Mapping[str, Scale] = {
    "tf_efficientnet_lite0": Scale(1.0, 1.0),
    "tf_efficientnet_lite1": Scale(1.0, 1.1),
    "tf_efficientnet_lite2": Scale(1.1, 1.2),
}


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class EfficientNetLite(nn.Module):
    """Pictures (N, 3, S, S) -> ImageNet logits (N, 1000); features (N, 1280) are the maps' mean."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.conv_stem = _convolution(3, _STEM, 3, stride=2)
        self.bn1 = _Activated(_STEM, eps=_EPSILON)
        stages, channels = [], _STEM
        for place, stage in enumerate(_STAGES):
            # Lite scales the depth of all stages but the first and the last.
            fixed = place in (0, len(_STAGES) - 1)
            repeats = stage.repeats if fixed else math.ceil(stage.repeats * scale.depth)
            blocks: list[nn.Module] = []
            for repeat in range(repeats):
                wider = _scaled(stage.channels, scale.width)
                blocks.append(_block(channels, wider, stage, stage.stride if repeat == 0 else 1))
                channels = wider
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = _convolution(channels, _HEAD, 1)
        self.bn2 = _Activated(_HEAD, eps=_EPSILON)
        self.classifier = nn.Linear(_HEAD, _CLASSES)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(pictures))

    def forward_features(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) -> maps (N, 1280, S / 32, S / 32)"""
        x = self.bn1(self.conv_stem(pictures))  # (N, 32, S / 2, S / 2)
        return self.bn2(self.conv_head(self.blocks(x)))  # type: ignore[no-any-return] # nn.Module returns Any

    def forward_head(self, maps: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Maps -> features (N, 1280) before, or logits (N, 1000) after the classifier."""
        features = maps.mean((2, 3))
        return features if pre_logits else self.classifier(features)


class _Separable(nn.Module):
    """Depthwise, then pointwise: the first block, which expands nothing."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = _convolution(channels, channels, kernel, stride=stride, groups=channels)
        self.bn1 = _Activated(channels, eps=_EPSILON)
        self.conv_pw = _convolution(channels, out, 1)
        self.bn2 = nn.BatchNorm2d(out, eps=_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn2(self.conv_pw(self.bn1(self.conv_dw(x))))  # type: ignore[no-any-return] # nn.Module returns Any


class _InvertedResidual(nn.Module):
    """Expand, depthwise, project; with a shortcut where the shapes allow it."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.shortcut = stride == 1 and channels == out
        self.conv_pw = _convolution(channels, wide, 1)
        self.bn1 = _Activated(wide, eps=_EPSILON)
        self.conv_dw = _convolution(wide, wide, kernel, stride=stride, groups=wide)
        self.bn2 = _Activated(wide, eps=_EPSILON)
        self.conv_pwl = _convolution(wide, out, 1)
        self.bn3 = nn.BatchNorm2d(out, eps=_EPSILON)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = self.bn2(self.conv_dw(self.bn1(self.conv_pw(x))))
        narrow: torch.Tensor = self.bn3(self.conv_pwl(wide))
        return narrow.add_(x) if self.shortcut else narrow


class _Activated(nn.BatchNorm2d):
    """A batch norm with ReLU6 behind it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu6(super().forward(x), inplace=True)


class _SamePadded(nn.Conv2d):
    """TensorFlow pads what a stride needs at the right and the bottom first; torch pads all sides alike."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        high, wide = (
            max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
            for side, stride, kernel in zip(x.shape[2:], self.stride, self.kernel_size, strict=True)
        )
        padded = functional.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))
        return super().forward(padded)


def fold(network: EfficientNetLite) -> None:
    """Put the batch norms into the convolutions before them, in place: for answering, not for training.

    Same features but for rounding, in about four fifths of the time.
    """
    for module, _, before, norm, after in _pairs(network, nn.BatchNorm2d):
        assert after.running_mean is not None
        assert after.running_var is not None
        before.weight, before.bias = fuse_conv_bn_weights(
            before.weight, None, after.running_mean, after.running_var, after.eps, after.weight, after.bias
        )
        setattr(module, norm, nn.ReLU6(inplace=True) if isinstance(after, _Activated) else nn.Identity())


def _pairs(network: nn.Module, *after: type[Norm]) -> list[tuple[nn.Module, str, nn.Conv2d, str, Norm]]:
    """Each module in the network with the convolutions in it, and what comes after each, by their names."""
    return [
        (module, first, one, second, other)
        for module in network.modules()
        for (first, one), (second, other) in itertools.pairwise(module.named_children())
        if isinstance(one, nn.Conv2d) and isinstance(other, after)
    ]


def _block(channels: int, out: int, stage: _Stage, stride: int) -> nn.Module:
    if stage.expansion == 1:
        return _Separable(channels, out, stage.kernel, stride)
    return _InvertedResidual(channels, out, stage.kernel, stride, stage.expansion)


def _convolution(channels: int, out: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride > 1:
        return _SamePadded(channels, out, kernel, stride=stride, groups=groups, bias=False)
    return nn.Conv2d(channels, out, kernel, padding=kernel // 2, groups=groups, bias=False)


def _scaled(channels: int, width: float) -> int:
    """Wider, rounded to a multiple of 8, never by more than a tenth down."""
    wider = channels * width
    rounded = max(8, int(wider + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wider else rounded
