"""Photos that are claimed, decoded and drawn before they are needed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence

from sqlalchemy.orm import Session

from review.errors import NotFound
from review.queue import Claim
from review.tables import Reviewer
from review.terminal.cards import Card
from review.terminal.desk import Desk

READY = 2  # photos ahead: more would be kept from others, fewer are too few for who presses fast
_AFTER = 0.03  # seconds: the photo that was just taken is painted first, as both want the one interpreter
_LOOK_AGAIN = 2.0  # seconds between looks at an empty queue

First = Callable[[Session, Reviewer], Sequence[int]]


class Supply:
    """Keeps photos ready, in one event loop. Whoever takes one with `next` has it in hand."""

    def __init__(
        self,
        desk: Desk,
        prepare: Callable[[Claim], Awaitable[Card]],
        *,
        first: First,
        on_ready: Callable[[], None],
        on_empty: Callable[[], None],
        on_gone: Callable[[str], None],
    ) -> None:
        """`on_ready` is called when a photo is there that somebody waits for, `on_empty` when none is to be had.

        `on_gone` hears of an item that was deleted before it could be shown.
        """
        self._desk = desk
        self._prepare = prepare
        self._first = first
        self._on_ready, self._on_empty, self._on_gone = on_ready, on_empty, on_gone
        self._cards: deque[Card] = deque()
        self._hungry = True
        self._paused = False
        self._stir = asyncio.Event()  # something changed, and more photos may be wanted
        self.empty = False
        """whether the queue was empty when it was looked at last"""

    @property
    def cards(self) -> Sequence[Card]:
        """What is ready, the next one first."""
        return tuple(self._cards)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._stir.clear()
            missing = READY - len(self._cards) + self._hungry
            if self._paused or missing <= 0:
                await self._stir.wait()
                continue
            if not self._hungry:
                await asyncio.sleep(_AFTER)
                missing = READY - len(self._cards) + self._hungry
            claims = await asyncio.wrap_future(self._desk.take(missing, first=self._first))
            self.empty = not claims
            for claim in claims:
                await self._add(claim)
            if not claims:
                if self._hungry and not self._paused:
                    self._on_empty()
                try:
                    await asyncio.wait_for(self._stir.wait(), _LOOK_AGAIN)
                except TimeoutError:
                    continue

    async def _add(self, claim: Claim) -> None:
        try:
            card = None if self._paused else await self._prepare(claim)
        except NotFound as error:
            self._on_gone(str(error))
            card = None
        if card is None or self._paused:  # it may have been paused meanwhile
            self._desk.put_back([claim.item_id])
            return
        self._cards.append(card)
        if self._hungry:
            self._on_ready()

    def next(self) -> Card | None:
        """The next photo; None: there is none yet, and `on_ready` will be called."""
        card = self._cards.popleft() if self._cards else None
        self._hungry = card is None
        self._stir.set()
        return card

    def put_first(self, card: Card) -> None:
        """This one comes next; what is too much goes back to the queue, the last first."""
        self._cards.appendleft(card)
        while len(self._cards) > READY:
            self._desk.put_back([self._cards.pop().claim.item_id])

    def satisfied(self) -> None:
        """Somebody has a photo that did not come from here."""
        self._hungry = False

    def forget(self, items: Collection[int]) -> None:
        """These are somebody else's by now."""
        kept = [card for card in self._cards if card.claim.item_id not in items]
        if len(kept) < len(self._cards):
            self._cards = deque(kept)
            self._stir.set()

    def pause(self) -> None:
        """Forget everything and take nothing more; whoever calls gives back what is in hand."""
        self._paused = self._hungry = True
        self._cards.clear()

    def resume(self) -> None:
        """Take photos again."""
        self._paused = False
        self._stir.set()
