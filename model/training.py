"""Training a head on features computed once, through a fastai `Learner`. The whole network: see `fine_tuning`."""

from dataclasses import dataclass

import numpy as np
import torch
from fastai.callback.schedule import fit_one_cycle  # noqa: F401 - importing it gives Learner its method
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.torch_core import set_seed
from numpy.typing import NDArray
from torch import nn


@dataclass(frozen=True)
class HeadRecipe:
    """How a head is trained on photos in all their views. Measured by 5-fold cross-validation: see CONTRIBUTING."""

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1.0
    seed: int = 20


def train_head(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: int,
    *,
    device: torch.device,
    recipe: HeadRecipe = HeadRecipe(),
) -> nn.Linear:
    """Features (N, D) and labels (N,) -> a linear head D -> `classes`, on the CPU, in evaluation mode.

    Classes weigh alike however many photos each has. The same seed gives the same head.
    """
    set_seed(recipe.seed, reproducible=True)
    inputs = torch.from_numpy(features)
    targets = torch.from_numpy(labels)
    pairs = list(zip(inputs, targets, strict=True))
    loader = DataLoader(pairs, bs=recipe.batch_size, shuffle=True, num_workers=0, device=device, drop_last=False)
    counts = np.bincount(labels, minlength=classes).astype(np.float32)
    weights = torch.from_numpy(counts.sum() / np.maximum(counts, 1.0) / classes).to(device)
    # fastai validates after each epoch; what is measured here is measured elsewhere, so one photo must do.
    one = DataLoader(pairs[:1], bs=1, num_workers=0, device=device)
    learner = Learner(
        DataLoaders(loader, one, device=device),
        nn.Linear(features.shape[1], classes),
        loss_func=CrossEntropyLossFlat(weight=weights),
        wd=recipe.weight_decay,
    )
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(recipe.epochs, recipe.learning_rate)
    head = learner.model.cpu().eval()
    assert isinstance(head, nn.Linear)
    return head
