"""One photo as training sees it: a page that shows the head's views and what fine-tuning draws."""

from PIL import Image

from model.augmentation import augmented
from model.backbone import Backbone
from model.sheet import Sheet, Tile
from model.views import VIEWS

_SIDE = 214  # pixels a picture: six fill a row
# What the views of `model.views` are called here.
_CAPTIONS = {"plain": "as it is", "grey": "in black and white", "thumbnail": "as a 64 pixel thumbnail"}


def augmentation_sheet(picture: Image.Image, title: str, backbone: Backbone, *, count: int, seed: int) -> bytes:
    """PNG: an RGB picture in the head's views, and `count` times as fine-tuning draws it with `seed`."""
    side = backbone.image_size
    sheet = Sheet()
    sheet.title(title)
    sheet.sentence(f"As {backbone.name} sees it: squeezed into a square of {side} x {side} pixels.")
    sheet.heading("Training a head on a frozen body: the default without a GPU")
    sheet.sentence(
        "The head learns from each photo in these views, in every epoch the same: the body's features of them are "
        "computed once. Answers, the temperature and the threshold are about the photo as it is."
    )
    views = [Tile(_squeezed(view(picture), side), _CAPTIONS.get(name, name)) for name, view in VIEWS.items()]
    sheet.tiles(views, _SIDE)
    sheet.heading("Fine-tuning the whole network: --fine-tune, the default on a GPU")
    sheet.sentence(
        "The network never sees the photo as it is, but in every epoch another draw of this: mirrored or not, turned, "
        "zoomed, warped, lighter or darker, with more or less contrast. These are fastai's usual ones (aug_transforms)."
    )
    drawn = augmented(picture, side, count, seed)
    sheet.tiles([Tile(one, f"epoch {number}") for number, one in enumerate(drawn, start=1)], _SIDE)
    return sheet.png()


def _squeezed(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.BICUBIC)
