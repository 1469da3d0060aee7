"""One sitting of a reviewer: photos come, verdicts go, and nobody waits for either."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from textual.app import App, ComposeResult

from model.errors import ImageError
from review.clock import utc_now
from review.errors import DatabaseError, ReviewError
from review.judging import Circumstances
from review.queue import Claim
from review.tables import Channel, VerdictKind
from review.terminal import words
from review.terminal.cards import Card, Cards
from review.terminal.desk import Answer, Desk
from review.terminal.graphics import Drawing, Terminal, draw
from review.terminal.keys import Keys
from review.terminal.pace import Pace
from review.terminal.similar import Labelled
from review.terminal.supply import First, Supply
from review.terminal.themes import DARK, LIGHT
from review.terminal.thumbnails import Thumbnail, thumbnail
from review.terminal.view import View

T = TypeVar("T")

_SLOW = 0.7  # seconds after which it is said that the database lets itself be waited for
_AGAIN = 0.5  # seconds until a database that cannot be read is tried again
_SMALL = 160  # pixels of a photo that is shown small


@dataclass(frozen=True)
class Choices:
    """What the reviewer, or whoever started the screen, chose."""

    name: str
    hide_answer: bool = False
    lease_seconds: float = 300.0
    idle_seconds: float = 600.0
    """without a key for so long, what is in hand goes back to the queue"""


class Sitting(App[None]):
    """What the screen does, without its keys. Whoever runs it closes the desk afterwards, however it ended."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "bearbot review"

    def __init__(
        self,
        *,
        desk: Desk,
        cards: Cards,
        keys: Keys,
        terminal: Terminal,
        choices: Choices,
        labelled: Labelled | None = None,
        first: First = lambda _session, _reviewer: (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self.pace = Pace()
        self.failures: list[str] = []
        self.shown: Card | None = None
        self.desk, self.cards, self.keys, self.terminal = desk, cards, keys, terminal
        self.view = View(keys, name=choices.name, hide_answer=choices.hide_answer)
        self.choices = choices
        self.labelled = labelled
        self._clock = clock
        self.supply = Supply(
            desk,
            self._prepared,
            first=first,
            on_ready=self._advance,
            on_empty=self._show_empty,
            on_gone=self.tell_wrong,
        )
        self._written: asyncio.Queue[tuple[Answer, Future[str | None]]] = asyncio.Queue()
        self._shown_at = self.active_at = time.monotonic()
        self._pressed_at: float | None = None
        self._waiting_since: float | None = None  # for the database
        self._busy = False  # another photo than the queue's next is on its way: keys wait for it
        self.paused = False
        self._leaving = False
        self._loop_of_app: asyncio.AbstractEventLoop | None = None
        self._left: int | None = None
        self.last_settled: int | None = None
        # A thread for each: decoding never waits for a look at thousands of labelled photos.
        self.preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self.background = ThreadPoolExecutor(1, thread_name_prefix="background")

    def compose(self) -> ComposeResult:
        yield self.view

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def on_mount(self) -> None:
        self._loop_of_app = asyncio.get_running_loop()
        if self._leaving:
            self.exit()
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = (DARK if self.terminal.dark else LIGHT).name
        self.view.show_none(words.LOOKING)
        self._start(self._listen)
        self.call_after_refresh(lambda: self._start(self.supply.run))  # the photo's size is known then
        self.set_interval(max(self.choices.lease_seconds / 3, 0.5), self._renew)
        self.set_interval(0.25, self._watch)
        self.app_resume_signal.subscribe(self, lambda _: self._renew())

    def leave(self) -> None:
        """Exit, from a signal's handler or another thread; at once if it has not begun yet."""
        self._leaving = True
        if self._loop_of_app is not None:
            self._loop_of_app.call_soon_threadsafe(self.exit)

    def on_unmount(self) -> None:
        for pool in (self.preparing, self.background):
            pool.shutdown(wait=False, cancel_futures=True)

    # Photos

    async def _prepared(self, claim: Claim) -> Card:
        """The card of an item in hand, drawn for the screen as it is; raises `NotFound`. Waits for the database."""

        def prepare() -> Card:
            card = self.cards.card(claim)
            card.drawing = self._drawing(card)
            return card

        while True:
            try:
                return await self.in_thread(self.preparing, prepare)
            except DatabaseError as error:
                self.view.tell(str(error))
                await asyncio.sleep(_AGAIN)

    def _drawing(self, card: Card) -> Drawing | None:
        """For the photo's place, in any thread."""
        place = self.view.photo
        if card.picture is None or place.size.width < 1 or place.size.height < 1:
            return None
        return draw(card.picture, *place.size, terminal=self.terminal, background=place.background_colors[1])

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
        if self._pressed_at is not None:
            self.call_after_refresh(self._note_wait, self._pressed_at)
            self._pressed_at = None
        if self.labelled is not None and card.similar is None and not card.item.blind:
            self.go(partial(self._look_around, card, self.labelled))

    def _note_wait(self, pressed_at: float) -> None:
        self.pace.waits.append(time.monotonic() - pressed_at)

    def _show_empty(self) -> None:
        self.view.show_none(words.NOTHING_WAITS)
        self._count()

    def on_photo_view_resized(self) -> None:
        self.draw_again()

    def draw_again(self) -> None:
        """Everything in hand, for another size or another background."""

        async def draw_again() -> None:
            for card in [self.shown, *self.supply.cards]:
                if card is not None:
                    card.drawing = await self.in_thread(self.preparing, partial(self._drawing, card))
                    if card is self.shown:
                        self.view.show_picture(card)

        self._start(draw_again, alone="draw")

    async def _look_around(self, card: Card, labelled: Labelled) -> None:
        """Find what is like it; nobody waits for that."""

        def look() -> Sequence[Thumbnail] | None:
            if self.shown is not card or card.item.image_sha256 is None:
                return None  # the reviewer is faster than this
            nearest = labelled.nearest(card.item.id, card.item.image_sha256)
            return self.small([(one.image_sha256, one.label) for one in nearest])

        card.similar = await self.in_thread(self.background, look)
        if self.shown is card:
            self.view.show_alike(card.similar or ())

    def small(self, photos: Sequence[tuple[str | None, str]]) -> list[Thumbnail]:
        """Small pictures of (sha256, caption), in any thread; without those whose photo is gone."""
        found = []
        for sha256, caption in photos:
            try:
                found.append(thumbnail(self.cards.picture(sha256, _SMALL), caption, self.terminal.cell))
            except (ReviewError, ImageError, OSError):
                continue
        return found

    # Verdicts

    def answer(
        self,
        kind: VerdictKind,
        label: str | None = None,
        *,
        free_name: str | None = None,
        pressed_at: float | None = None,
        card: Card | None = None,
    ) -> None:
        """Say this of the photo that is shown, and go on. `card` is what was meant, if it may be another by now."""
        shown = self.shown
        if shown is None or self._busy:
            self.view.tell("There is no photo yet: that key counts for nothing")
            return
        if card is not None and card is not shown:
            self.tell_wrong(f"item {card.item.id} is not shown any more: nothing was said of it")
            return
        seconds = time.monotonic() - self._shown_at
        item = shown.item
        answer = Answer(
            item_id=item.id,
            kind=kind,
            label=label,
            free_name=free_name,
            how=Circumstances(
                channel=Channel.TERMINAL,
                seconds=round(seconds, 3),
                answer_shown=not (self.choices.hide_answer or item.blind) and item.suggested_label is not None,
            ),
        )
        self._written.put_nowait((answer, self.desk.say(answer)))
        self.pace.add(seconds)
        if self._left is not None:
            self._left -= 1
        self.view.tell(f"item {item.id}: {words.verdict(kind, label, free_name)}")
        self._pressed_at = time.monotonic() if pressed_at is None else pressed_at
        self._advance()

    async def _listen(self) -> None:
        """Hear, in order, what became of each answer."""
        while True:
            answer, future = await self._written.get()
            try:
                final = await asyncio.wrap_future(future)
            except ReviewError as error:
                self.pace.take_back()
                said = words.verdict(answer.kind, answer.label, answer.free_name)
                self.tell_wrong(f"{said!r} does not count: {error}")
            else:
                self.last_settled = answer.item_id if final is not None else self.last_settled

    async def undo(self) -> None:
        """Take the last answer back and show its photo again; the one shown now comes after it."""
        with self._another():
            taken = await asyncio.wrap_future(self.desk.undo())
            self.pace.take_back()
            if taken.claim is None:
                self.view.tell(f"item {taken.item_id}: taken back; you need not look at it again")
            else:
                await self.show_now(taken.claim)
                self.view.tell(f"item {taken.item_id}: taken back, here it is again")

    async def reopen(self, item_id: int, note: str) -> None:
        """Have people look once more, and show it now."""
        with self._another():
            await self.show_now(await asyncio.wrap_future(self.desk.reopen(item_id, note)))
            self.view.tell(f"item {item_id} is open again")

    async def show_now(self, claim: Claim) -> None:
        """Show an item in hand at once; the one shown now comes after it."""
        card = await self._prepared(claim)
        if self.shown is not None:
            self.supply.put_first(self.shown)
        self.supply.satisfied()
        self._show(card)

    async def show_anew(self) -> None:
        """Read again what is shown: it is different by now."""
        if (shown := self.shown) is not None:
            card = await self._prepared(shown.claim)
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

    # Time

    def _renew(self) -> None:
        async def renew() -> None:
            lost = await asyncio.wrap_future(self.desk.renew())
            self.supply.forget(lost)
            if self.shown is not None and self.shown.item.id in lost:
                self.tell_wrong(f"item {self.shown.item.id} is somebody else's by now")
                self._advance()

        if not self.paused:
            self.go(renew)

    def _watch(self) -> None:
        """Several times a second: is anything waited for, is anybody there?"""
        now = time.monotonic()
        if not self.desk.unsaved and self.desk.trouble is None:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        slow = self._waiting_since is not None and now - self._waiting_since > _SLOW
        unsaved = len(self.desk.unsaved) if slow else 0
        self.view.show_progress(self.pace, left=self._left, unsaved=unsaved)
        self.view.tell_over()
        if slow:
            kept = f"{unsaved} answer{'s are' if unsaved != 1 else ' is'} kept and saved as soon as it can be"
            self.view.tell(f"{self.desk.trouble or 'The database is busy'}; {kept}")
        if not self.paused and now - self.active_at > self.choices.idle_seconds:
            self._pause()

    def _pause(self) -> None:
        """Nobody is there: what is in hand goes back to those who are."""
        self.paused = True
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.supply.pause()
        self.desk.put_back()
        self._show(None)

    def resume(self) -> None:
        """Somebody is there again."""
        self.paused = False
        self.supply.resume()
        self._show(None)

    def _count(self) -> None:
        async def count() -> None:
            self._left = await self.in_thread(self.background, self.cards.left)

        self._start(partial(self._said_if_it_fails, count), alone="count")

    # Work

    def tell_wrong(self, text: str) -> None:
        """Say that something failed, now and at the end."""
        self.failures.append(text)
        self.view.tell_wrong(text)

    def go(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it while the screen goes on; an expected failure is said."""
        self._start(partial(self._said_if_it_fails, work))

    def _start(self, work: Callable[[], Awaitable[None]], *, alone: str | None = None) -> None:
        """In the background; what is called the same `alone` ends when another of it begins."""
        # Called when it begins: a coroutine that is cancelled before would be one that nobody awaited.
        self.run_worker(
            work,
            group=alone or "default",
            exclusive=alone is not None,
        )

    async def _said_if_it_fails(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except DatabaseError as error:  # of a read beside the queue: what the queue itself waits for is said elsewhere
            self.view.tell(str(error))
        except (ReviewError, OSError) as error:
            self.tell_wrong(str(error))

    async def in_thread(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Its result, when it is there."""
        return await asyncio.get_running_loop().run_in_executor(pool, work)
