"""Cards made ready before they are shown: read, decoded and drawn for the screen as it is, in a thread."""

import asyncio
from collections.abc import Sequence

from model.errors import ImageError
from review.errors import DatabaseError, ReviewError
from review.queue import Claim
from review.terminal.background import Background
from review.terminal.cards import Card, Cards
from review.terminal.graphics import Drawing, Terminal, draw, tinted
from review.terminal.thumbnails import Thumbnail, thumbnail

_AGAIN = 0.5  # seconds until a database that cannot be read is tried again
_LEAST = (8, 4)  # columns and rows: in less nobody knows a bear
_SMALL = 160  # pixels of a photo that is shown small


class Preparation:
    """Makes cards ready for the photo's place on this screen."""

    def __init__(self, app: Background, cards: Cards, terminal: Terminal) -> None:
        self._app, self._cards, self._terminal = app, cards, terminal

    async def card(self, claim: Claim) -> Card:
        """The card of an item in hand; raises `NotFound`. Waits for the database."""

        def prepare() -> Card:
            card = self._cards.card(claim)
            card.drawing = self._drawing(card)
            return card

        while True:
            try:
                return await self._app.in_thread(self._app.preparing, prepare)
            except DatabaseError as error:
                self._app.view.tell(str(error))
                await asyncio.sleep(_AGAIN)

    async def draw_again(self, card: Card) -> None:
        """For another size or another background."""
        card.drawing = await self._app.in_thread(self._app.preparing, lambda: self._drawing(card))

    def small(self, photos: Sequence[tuple[str | None, str]]) -> list[Thumbnail]:
        """Small pictures of (sha256, caption), in any thread; without those whose photo is gone."""
        found = []
        for sha256, caption in photos:
            try:
                picture = tinted(self._cards.picture(sha256, _SMALL), self._terminal)
                found.append(thumbnail(picture, caption, self._terminal.cell))
            except (ReviewError, ImageError, OSError):
                continue
        return found

    def _drawing(self, card: Card) -> Drawing | None:
        """For the photo's place, in any thread; None where there is no photo, or too little room for it."""
        place = self._app.view.photo
        if card.picture is None or place.size.width < _LEAST[0] or place.size.height < _LEAST[1]:
            return None
        return draw(card.picture, *place.size, terminal=self._terminal, background=place.background_colors[1])
