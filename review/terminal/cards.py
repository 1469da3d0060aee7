"""Items as the screen shows them, read and decoded before they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from model.errors import ImageError
from model.images import decode
from review import items, near_duplicates
from review.database import Database
from review.errors import NotFound, ReviewError
from review.items import ItemView
from review.near_duplicates import Member
from review.queue import Claim
from review.storage import LocalImageStore
from review.terminal.graphics import Drawing
from review.terminal.thumbnails import Thumbnail

_SIDE = 1200  # pixels: more than any terminal shows


@dataclass(eq=False)
class Card:
    """An item in hand. `picture` is None if it cannot be shown; `problem` then says why.

    `drawing` and `similar` come later, from the background: None as long as they are not there.
    """

    claim: Claim
    item: ItemView
    picture: Image.Image | None
    problem: str | None = None
    path: Path | None = None
    members: Sequence[Member] = ()
    drawing: Drawing | None = field(default=None, repr=False)
    similar: Sequence[Thumbnail] | None = None


class Cards:
    """Reads items and photos; of any thread."""

    def __init__(self, database: Database, images: LocalImageStore) -> None:
        self._database = database
        self._images = images

    def card(self, claim: Claim) -> Card:
        """All that is shown of an item. Raises `NotFound`: it was deleted meanwhile."""
        with self._database.read() as session:
            item = items.view(session, claim.item_id, as_open=True)
            members = [one for one in near_duplicates.members(session, claim.item_id) if one.item_id != item.id]
        card = Card(claim, item, None, members=members)
        try:
            card.picture = self.picture(item.image_sha256)
        except (ReviewError, ImageError, OSError) as error:
            card.problem = str(error)
        else:
            assert item.image_sha256 is not None, "it has a picture"
            card.path = self._images.path(item.image_sha256)
        return card

    def picture(self, sha256: str | None, side: int = _SIDE) -> Image.Image:
        """A photo, at most about `side` pixels wide and high. Raises `NotFound`, `ImageError` or `OSError`."""
        if sha256 is None:
            raise NotFound("the photo was deleted")
        picture = decode(self._images.get(sha256), shrink_to=side)
        picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return picture

    def left(self) -> int:
        """How many items wait, those in somebody's hands included."""
        with self._database.read() as session:
            return items.count_open(session)
