"""A photo in the image store, as the model and people will see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import PIL.Image

from model.fingerprint import fingerprint
from model.images import decode, encode
from model.jpeg import is_bare_jpeg
from review import near_duplicates
from review.near_duplicates import Seen
from review.storage import ImageStore
from review.tables import Image

if TYPE_CHECKING:  # importing it loads torch, and a bot whose torch is broken still takes photos in
    from model.serving import Prediction

_KEPT_AS_THEY_CAME = 1_000_000  # bytes; larger files are of finer quality than people or models need


@dataclass(frozen=True)
class StoredPhoto:
    """A picture in the image store: its RGB pixels as they are read back, and how its bytes are known."""

    picture: PIL.Image.Image
    sha256: str
    byte_size: int
    received_sha256: str
    fingerprint: int

    def row(self, now: datetime) -> Image:
        """Its row, which is not there yet."""
        return Image(
            sha256=self.sha256,
            received_sha256=self.received_sha256,
            width=self.picture.width,
            height=self.picture.height,
            byte_size=self.byte_size,
            **near_duplicates.columns(self.fingerprint),
            created_at=now,
        )

    def seen(self, prediction: "Prediction | None") -> Seen:
        """What near-duplicates are told by; `prediction` None: no model judged it."""
        if prediction is None:
            return Seen(self.fingerprint)
        return Seen(self.fingerprint, prediction.backbone, prediction.features)


def store(images: ImageStore, data: bytes, received_sha256: str) -> StoredPhoto:
    """What is kept is what is judged: the picture without metadata, as it is read back.

    Photos as Telegram sends them hold nothing else, and are kept as they came. Raises `ImageError` for bytes that are
    no usable picture.
    """
    picture, kept = decode(data), data
    if len(data) > _KEPT_AS_THEY_CAME or not is_bare_jpeg(data):
        kept = encode(picture)
        picture = decode(kept)
    return StoredPhoto(picture, images.put(kept), len(kept), received_sha256, fingerprint(picture))
