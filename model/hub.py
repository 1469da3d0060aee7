"""Backbones beyond the bundled ones: any of timm's or torchvision's with an ImageNet-1k classifier.

Their weights come from the hub that timm or torchvision names, once, or from a file.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from model.backbone import BUNDLED, Backbone
from model.errors import ArtifactError
from model.weights import StoredWeights, features_key

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

TORCHVISION = "torchvision:"
_CLASSES = 1000  # of ImageNet-1k: the out-of-domain score reads them


@dataclass(frozen=True, kw_only=True)
class TimmBackbone(Backbone):
    """`name` is timm's, with its tag or without."""

    weights: StoredWeights | None = None

    @property
    def key(self) -> str:
        return features_key(self.name, self.weights.sha256 if self.weights else None)

    def build(self) -> nn.Module:
        """Raises `ArtifactError` when the weights cannot be had, or do not fit."""
        import timm

        if self.weights is None:
            network: nn.Module = _fetched(self.name, lambda: timm.create_model(self.name, pretrained=True))
        else:
            network = _filled(timm.create_model(self.name, pretrained=False), self.weights, self.name)
        return network.eval()

    def classifier(self, network: nn.Module) -> nn.Linear:
        return _linear(network.get_classifier(), self.name)  # type: ignore[operator] # timm adds the method

    def feature_maps(self, network: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
        maps = super().feature_maps(network, pictures)
        if maps.ndim == 3:  # (N, tokens, D) of a transformer: the first may stand for the whole picture
            patches = maps[:, getattr(network, "num_prefix_tokens", 0) :]
            side = round(patches.shape[1] ** 0.5)
            return patches.transpose(1, 2).reshape(len(patches), -1, side, side)
        # Transformers with windows keep the channels last.
        return maps.permute(0, 3, 1, 2) if getattr(network, "output_fmt", None) == "NHWC" else maps


@dataclass(frozen=True, kw_only=True)
class TorchvisionBackbone(Backbone):
    """`name` is torchvision's behind `torchvision:`."""

    weights: StoredWeights | None = None

    @property
    def key(self) -> str:
        return features_key(self.name, self.weights.sha256 if self.weights else None)

    def build(self) -> nn.Module:
        """Raises `ArtifactError` when the weights cannot be had, or do not fit."""
        from torchvision.models import get_model

        name = self.name.removeprefix(TORCHVISION)
        if self.weights is None:
            network: nn.Module = _fetched(self.name, lambda: get_model(name, weights="DEFAULT"))
        else:
            network = _filled(_bare(name), self.weights, self.name)
        return _TorchvisionNetwork(network, self.name).eval()

    def classifier(self, network: nn.Module) -> nn.Linear:
        return _linear(network.get_submodule("classifier"), self.name)

    def feature_maps(self, network: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
        """The last maps in the network that have as many channels as there are features."""
        seen: list[torch.Tensor] = []

        def look(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor) and output.ndim == 4 and output.shape[2:].numel() > 1:
                seen.append(output)

        hooks: list[RemovableHandle] = [module.register_forward_hook(look) for module in network.modules()]
        try:
            network.get_submodule("body")(pictures)
        finally:
            for hook in hooks:
                hook.remove()
        for maps in reversed(seen):
            if maps.shape[1] == self.feature_dim:
                return maps
            if maps.shape[3] == self.feature_dim:  # transformers with windows keep the channels last
                return maps.permute(0, 3, 1, 2)
        raise ArtifactError(f"{self.name} has no maps of its features: a heat map cannot be drawn with it")


class _TorchvisionNetwork(nn.Module):
    """A torchvision network apart from its last, linear layer, with timm's methods."""

    def __init__(self, network: nn.Module, name: str) -> None:
        super().__init__()
        self.body, self.classifier = _beheaded(network, name)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.forward_head(self.forward_features(pictures))

    def forward_features(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) -> (N, D): pooled already, for every network pools in a way of its own."""
        features: torch.Tensor = self.body(pictures)
        return features

    def forward_head(self, features: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        return features if pre_logits else self.classifier(features)


def timm_backbone(name: str, weights: StoredWeights | None = None) -> TimmBackbone:
    """Raises `ArtifactError` for a name that timm does not know or that has no ImageNet-1k classifier."""
    import timm

    if not timm.is_model(name):
        raise _unknown(name, [*timm.list_models(), *timm.list_pretrained()], "timm")
    published = timm.get_pretrained_cfg(name)
    if published is None or published.num_classes != _CLASSES:
        classes = "no published weights" if published is None else f"{published.num_classes} classes"
        raise _no_classifier(name, classes)
    with torch.device("meta"):
        network: Any = timm.create_model(name, pretrained=False)
    head = _linear(network.get_classifier(), name)
    return TimmBackbone(
        name=name,
        feature_dim=head.in_features,
        image_size=published.input_size[1],
        mean=_channels(published.mean),
        std=_channels(published.std),
        interpolation=_interpolation(published.interpolation),
        weights=weights,
    )


def torchvision_backbone(name: str, weights: StoredWeights | None = None) -> TorchvisionBackbone:
    """`name` begins with `torchvision:`. Raises `ArtifactError` as `timm_backbone` does."""
    from torchvision import models

    bare = name.removeprefix(TORCHVISION)
    known = models.list_models(module=models)
    if bare not in known:
        raise _unknown(bare, known, "torchvision")
    published = models.get_model_weights(bare).DEFAULT
    if len(published.meta["categories"]) != _CLASSES:
        raise _no_classifier(name, f"{len(published.meta['categories'])} classes")
    with torch.device("meta"):
        head = _TorchvisionNetwork(_bare(bare), name).classifier
    preprocessing = published.transforms()
    return TorchvisionBackbone(
        name=name,
        feature_dim=head.in_features,
        image_size=preprocessing.crop_size[0],
        mean=_channels(preprocessing.mean),
        std=_channels(preprocessing.std),
        interpolation=_interpolation(preprocessing.interpolation.value),
        weights=weights,
    )


def _bare(name: str) -> nn.Module:
    """Without weights; the random ones that some take long to make up are replaced anyway."""
    from torchvision.models import get_model

    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network: nn.Module = get_model(name, weights=None, **quick)
    return network


def _beheaded(network: nn.Module, name: str) -> tuple[nn.Module, nn.Linear]:
    """The network without its last linear layer, and that layer."""
    linears = [path for path, module in network.named_modules() if isinstance(module, nn.Linear)]
    head = _linear(network.get_submodule(linears[-1]) if linears else network, name)
    parent, _, last = linears[-1].rpartition(".")
    setattr(network.get_submodule(parent), last, nn.Identity())
    return network, head


def _filled(network: nn.Module, weights: StoredWeights, name: str) -> nn.Module:
    # What is left over belongs to what only training uses (auxiliary heads), or does not fit in what is missing.
    tensors = weights.folder.load(weights.sha256)
    try:
        network.load_state_dict({key: value for key, value in tensors.items() if key in network.state_dict()})
    except RuntimeError as error:
        missing = sorted(set(network.state_dict()) - set(tensors))
        problem = f"{missing[0]} is missing" if missing else str(error).splitlines()[-1].strip()
        raise ArtifactError(f"the weights {weights.sha256[:12]} do not fit {name}: {problem}") from error
    return network


def _fetched(name: str, fetch: Callable[[], Any]) -> Any:
    try:
        return fetch()
    except Exception as error:  # hubs raise whatever their libraries do; each of it means that there are no weights
        raise ArtifactError(
            f"the weights of {name} could not be fetched ({type(error).__name__}): connect to its hub once, or fetch "
            "them on another machine and name the file (.safetensors or .pth) with --weights"
        ) from error


def _linear(head: object, name: str) -> nn.Linear:
    if not isinstance(head, nn.Linear) or head.out_features != _CLASSES:
        raise _no_classifier(name, f"{type(head).__name__} as its last layer")
    return head


def _channels(published: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = published
    return red, green, blue


def _interpolation(published: str) -> Literal["bicubic", "bilinear"]:
    return "bilinear" if published == "bilinear" else "bicubic"


def _no_classifier(name: str, what: str) -> ArtifactError:
    return ArtifactError(
        f"{name} has no linear ImageNet-1k classifier (1000 classes) but {what}: the out-of-domain score needs one; "
        "choose another backbone"
    )


def _unknown(name: str, known: Sequence[str], library: str) -> ArtifactError:
    near = difflib.get_close_matches(name, known, 3)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return ArtifactError(
        f"unknown backbone {name!r}: expected {', '.join(BUNDLED)} (bundled), a name of timm's, or "
        f"{TORCHVISION}NAME; {library} knows no {name!r}{meant}"
    )
