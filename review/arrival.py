"""A photo that comes in, and what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import PIL.Image

from model.errors import ImageProblem
from review.limits import Refusal
from review.outbox import Recipient
from review.policy import Routing

if TYPE_CHECKING:  # importing it loads torch, and a bot whose torch is broken still takes photos in
    from model.serving import Prediction

# Brings a photo's bytes; raises `ImageError` for those that are refused before they were fetched.
Fetch = Callable[[], Awaitable[bytes]]


class Predictor(Protocol):
    """The model, wherever it runs."""

    @property
    def version(self) -> str | None:
        """The version that judges now; None while no model is loaded."""

    async def predict(self, picture: PIL.Image.Image) -> "Prediction | None":
        """What the model says of an RGB picture; None while no model can be loaded."""


@dataclass(frozen=True)
class ReceivedPhoto:
    """A photo from outside, as bytes or as what brings them: a photo that is known is not fetched again.

    `source_key` names the very message it came with; `recipient` None: nobody is told. Photos of one `album` (named
    uniquely within the chat) were sent together and are answered together. `sent_at` None: now. `update_id` names the
    update of the inbox that brought it: once that is given up, nothing of the photo is recorded.
    """

    source_key: str
    source: str
    data: bytes | Fetch
    recipient: Recipient | None
    telegram_user_id: int | None = None
    language: str | None = None
    file_unique_id: str | None = None
    album: str | None = None
    sent_at: datetime | None = None
    update_id: int | None = None


@dataclass(frozen=True)
class Accepted:
    """A submission, and what the model said when it was asked for it (None if it was not, or is not there).

    `repeated`: this very message was recorded before, and nothing was done again. `known`: this photo was, and what is
    known of it was said; `item_id` then is where people look at it.
    """

    submission_id: int
    item_id: int | None
    routing: Routing
    prediction: "Prediction | None"
    repeated: bool = False
    known: bool = False


@dataclass(frozen=True)
class Rejected:
    """Bytes that are no usable picture."""

    problem: ImageProblem
    message: str


@dataclass(frozen=True)
class Refused:
    """Not taken in: its sender sent too many or had their data deleted, or there is no room."""

    refusal: Refusal
