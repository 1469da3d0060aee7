"""What fine-tuning does to photos before the network sees them: one definition for training and for looking at it."""

from typing import Any

import torch
from fastai.data.transforms import IntToFloatTensor, ToTensor
from fastai.torch_core import TensorImage, set_seed
from fastai.vision.augment import Resize, ResizeMethod, aug_transforms
from fastai.vision.core import PILImage
from PIL import Image

_TRAINING = 0  # fastai's number of the split whose photos are augmented


def of_each_photo(side: int) -> Any:
    """fastai's transform of one photo: the whole of it squeezed into a square of `side` pixels."""
    return Resize(side, method=ResizeMethod.Squish)


def of_each_batch() -> list[Any]:
    """fastai's transforms of a batch, drawn anew in every epoch: flips, rotation, zoom, lighting and warp."""
    transforms: list[Any] = aug_transforms()
    return transforms


def augmented(picture: Image.Image, side: int, count: int, seed: int) -> list[Image.Image]:
    """An RGB picture `count` times as training would see it, (side, side) each; the same `seed` draws the same."""
    set_seed(seed)
    squeezed = ToTensor()(of_each_photo(side)(PILImage.create(picture), split_idx=_TRAINING))  # (3, S, S) uint8
    batch = TensorImage(torch.stack([squeezed] * count))  # (N, 3, S, S)
    for transform in sorted((IntToFloatTensor(), *of_each_batch()), key=lambda one: one.order):  # as a DataLoader does
        batch = transform(batch, split_idx=_TRAINING)  # 0..1
    pixels = (batch.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()  # (N, S, S, 3)
    return [Image.fromarray(one) for one in pixels]
