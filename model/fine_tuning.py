"""Fine-tuning the whole network with augmentation, through a fastai `Learner`: minutes on a GPU, hours on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from fastai.callback.fp16 import MixedPrecision
from fastai.callback.schedule import fine_tune  # noqa: F401 - importing it gives Learner its method
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import IndexSplitter, Normalize
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.torch_core import params, set_seed
from fastai.vision.core import PILImage
from fastai.vision.data import ImageBlock
from torch import nn

from model.augmentation import of_each_batch, of_each_photo
from model.backbone import Backbone
from model.images import decode, read_photo
from model.network import pooled_features


@dataclass(frozen=True)
class FineTuneRecipe:
    """fast.ai's recipe: the new head alone first, then everything with discriminative learning rates."""

    frozen_epochs: int = 1
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    seed: int = 20


class TunedNetwork(nn.Module):
    """A timm body and a linear head on its features, scaled as in `head_inputs`: (N, 3, S, S) -> logits (N, K)."""

    def __init__(self, body: nn.Module, feature_dim: int, classes: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(feature_dim, classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = pooled_features(self.body, pictures)
        scaled = nn.functional.normalize(features, dim=1) * features.shape[1] ** 0.5
        return self.head(scaled)  # type: ignore[no-any-return] # nn.Module returns Any


def fine_tune_network(
    photos: Sequence[tuple[Path, str]],
    labels: Sequence[str],
    backbone: Backbone,
    *,
    device: torch.device,
    recipe: FineTuneRecipe = FineTuneRecipe(),
) -> TunedNetwork:
    """Photos with labels -> the tuned network on the CPU, in evaluation mode.

    Augmentation as in `model.augmentation`, on the device.
    """
    set_seed(recipe.seed, reproducible=True)
    label_of = dict(photos)  # fastai would take a pair for two photos: it is fed paths alone
    paths = [path for path, _ in photos]
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(labels), sort=False)),
        get_x=lambda path: PILImage.create(decode(read_photo(path))),
        get_y=lambda path: label_of[path],
        splitter=IndexSplitter([0]),  # fastai wants a validation photo; ours are held out by the manifest
        item_tfms=of_each_photo(backbone.image_size),
        batch_tfms=[*of_each_batch(), Normalize.from_stats(backbone.mean, backbone.std, cuda=device.type == "cuda")],
    )
    loaders = block.dataloaders([paths[0], *paths], bs=min(recipe.batch_size, len(paths)), num_workers=0, device=device)
    learner = Learner(
        loaders,
        TunedNetwork(backbone.build(), backbone.feature_dim, len(labels)),
        loss_func=CrossEntropyLossFlat(),
        splitter=lambda network: [params(network.body), params(network.head)],
        cbs=[MixedPrecision()] if device.type == "cuda" else [],
    )
    with learner.no_logging():
        learner.fine_tune(recipe.epochs, recipe.learning_rate, freeze_epochs=recipe.frozen_epochs)
    network = learner.model.cpu().eval()
    assert isinstance(network, TunedNetwork)
    return network
