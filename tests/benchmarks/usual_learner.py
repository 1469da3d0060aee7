"""A learner as fastai's documentation makes one, with the champion's body and head: what `make bench` compares with.

Importable by name, unlike a script: an exported learner is a pickle, which looks its classes up in this module.
"""

from io import BytesIO

import torch
from fastai.data.block import CategoryBlock, DataBlock
from fastai.data.transforms import Normalize
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.core import PILImage
from fastai.vision.data import ImageBlock
from PIL import Image

from model.backbone import Backbone
from model.head import Head
from model.network import pooled_features


class Network(torch.nn.Module):
    """Pictures (N, 3, S, S) to logits (N, K): body, and the head on features scaled as `model.head` scales them."""

    def __init__(self, body: torch.nn.Module, head: Head) -> None:
        super().__init__()
        self.body = body
        self.head = torch.nn.Linear(head.weight.shape[1], head.weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(head.weight))
            self.head.bias.copy_(torch.from_numpy(head.bias))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = pooled_features(self.body, pictures)
        logits: torch.Tensor = self.head(features * features.square().mean(dim=1, keepdim=True).rsqrt())
        return logits


def usual_learner(backbone: Backbone, device: torch.device, labels: list[str], head: Head) -> Learner:
    """`predict` takes a photo's bytes; without the progress bars and recorders, which only cost time here."""
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=labels)),
        get_x=opened,
        get_y=_Always(labels[0]),
        item_tfms=Resize(backbone.image_size, method=ResizeMethod.Squish),
        batch_tfms=Normalize.from_stats(backbone.mean, backbone.std, cuda=device.type == "cuda"),
    )
    grey = BytesIO()  # fastai wants to see photos before it makes a learner, of which it then knows nothing more
    Image.new("RGB", (backbone.image_size, backbone.image_size), "grey").save(grey, "JPEG")
    loaders = block.dataloaders([grey.getvalue()] * 4, bs=2, num_workers=0, device=device)
    network = Network(bare_network(backbone, device), head).to(device)
    learner = Learner(loaders, network, loss_func=CrossEntropyLossFlat())
    learner.remove_cbs(list(learner.cbs)[1:])
    return learner


def bare_network(backbone: Backbone, device: torch.device) -> torch.nn.Module:
    """The body as its library makes it, channels last."""
    network = backbone.build()
    if not backbone.name.startswith("torchvision:"):
        import timm

        weights, network = network.state_dict(), timm.create_model(backbone.name, pretrained=False)
        network.load_state_dict(weights)
    return network.eval().to(memory_format=torch.channels_last).to(device)


def opened(photo: bytes) -> PILImage:
    return PILImage.create(BytesIO(photo))


class _Always:
    """Gives one label for every photo: a lambda could not be exported."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __call__(self, _photo: bytes) -> str:
        return self._label
