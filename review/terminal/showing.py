"""Which photo is seen, and what is seen beside it; nobody waits for it to be read or drawn."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from textual.app import ComposeResult
from textual.filter import LineFilter, NoColor

from review.clock import utc_now
from review.queue import Claim
from review.terminal import words
from review.terminal.background import Background
from review.terminal.cards import Card, Cards
from review.terminal.desk import Desk
from review.terminal.graphics import Terminal
from review.terminal.pace import Pace
from review.terminal.preparation import Preparation
from review.terminal.similar import Labelled
from review.terminal.supply import First, Supply
from review.terminal.themes import DARK
from review.terminal.thumbnails import Thumbnail
from review.terminal.view import View


class Showing(Background):
    """A screen with one photo after the other. `shown` is what is seen; None: nothing is there yet, or left."""

    def __init__(
        self,
        view: View,
        *,
        desk: Desk,
        cards: Cards,
        terminal: Terminal,
        labelled: Labelled | None = None,
        first: First = lambda _session, _reviewer: (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(view)
        self.no_color = not terminal.colour
        self.pace = Pace()
        self.shown: Card | None = None
        self.paused = False
        self.cards, self.terminal, self.labelled = cards, terminal, labelled
        self.preparation = Preparation(self, cards, terminal)
        self.supply = Supply(
            desk,
            self.preparation.card,
            first=first,
            on_ready=self._advance,
            on_empty=self._show_empty,
            on_gone=self.tell_wrong,
        )
        self._clock = clock
        self._shown_at = time.monotonic()
        self._pressed_at: float | None = None
        self._busy = False  # another photo than the queue's next is on its way: keys wait for it
        self._left: int | None = None

    def compose(self) -> ComposeResult:
        yield self.view

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [NoColor()] if self.no_color else super().get_line_filters()  # Textual would make greys of colours

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def _advance(self) -> None:
        self._show(self.supply.next())

    def _show(self, card: Card | None) -> None:
        """Show it, or say that nothing is there yet."""
        self.shown = card
        self._shown_at = time.monotonic()
        self._count()
        if card is None:
            self.view.show_none(words.PAUSED if self.paused else words.LOOKING)
            return
        self.view.show(card, now=self._clock())
        if card.picture is not None and not self.view.photo.in_sight:
            self.draw_again()  # it was made ready for another size
        if self._pressed_at is not None:
            self.call_after_refresh(self._note_wait, self._pressed_at)
            self._pressed_at = None
        if self.labelled is not None and card.similar is None and not card.item.blind:
            self.go(partial(self._look_around, card, self.labelled))

    def _note_wait(self, pressed_at: float) -> None:
        self.pace.waits.append(time.monotonic() - pressed_at)

    def _show_empty(self) -> None:
        self._count()  # what is said depends on it

    def on_photo_view_resized(self) -> None:
        self.draw_again()

    def draw_again(self) -> None:
        """Everything in hand, for another size or another background."""

        async def draw_again() -> None:
            for card in [self.shown, *self.supply.cards]:
                if card is not None:
                    await self.preparation.draw_again(card)
                    if card is self.shown:
                        self.view.show_picture(card)

        self.start(draw_again, alone="draw")

    async def _look_around(self, card: Card, labelled: Labelled) -> None:
        """Find what is like it; nobody waits for that."""

        def look() -> Sequence[Thumbnail] | None:
            if self.shown is not card or card.item.image_sha256 is None:
                return None  # the reviewer is faster than this
            nearest = labelled.nearest(card.item.id, card.item.image_sha256)
            return self.preparation.small([(one.image_sha256, one.label) for one in nearest])

        card.similar = await self.in_thread(self.background, look)
        if self.shown is card:
            self.view.show_alike(card.similar or ())

    async def show_now(self, claim: Claim) -> None:
        """Show an item in hand at once; the one shown now comes after it."""
        card = await self.preparation.card(claim)
        if self.shown is not None:
            self.supply.put_first(self.shown)
        self.supply.satisfied()
        self._show(card)

    async def show_anew(self) -> None:
        """Read again what is shown: it is different by now."""
        if (shown := self.shown) is not None:
            card = await self.preparation.card(shown.claim)
            if self.shown is shown:
                self.shown = card
                self.view.show(card, now=self._clock())

    @contextmanager
    def _another(self) -> Iterator[None]:
        """While another photo is on its way, keys count for nothing: they would be meant for one or the other."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def _count(self) -> None:
        async def count() -> None:
            self._left = await self.in_thread(self.background, self.cards.left)
            if self.shown is None and self.supply.empty and not self.paused:
                self.view.show_none(words.NOTHING_FOR_YOU if self._left else words.NOTHING_WAITS)

        self.go(count, alone="count")
