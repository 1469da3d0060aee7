"""One sitting of a reviewer: photos come, verdicts go, and nobody waits for either."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from textual.app import ComposeResult
from textual.filter import LineFilter, NoColor

from review.clock import utc_now
from review.judging import Circumstances
from review.queue import Claim
from review.tables import Channel, VerdictKind
from review.terminal import words
from review.terminal.answers import Answers
from review.terminal.background import Background
from review.terminal.cards import Card, Cards
from review.terminal.desk import Answer, Desk
from review.terminal.graphics import Terminal
from review.terminal.keys import Command, Keys
from review.terminal.pace import Pace
from review.terminal.patience import Patience
from review.terminal.preparation import Preparation
from review.terminal.similar import Labelled
from review.terminal.supply import First, Supply
from review.terminal.themes import DARK, LIGHT
from review.terminal.thumbnails import Thumbnail
from review.terminal.view import View


@dataclass(frozen=True)
class Choices:
    """What the reviewer, or whoever started the screen, chose."""

    name: str
    hide_answer: bool = False
    lease_seconds: float = 300.0
    idle_seconds: float = 600.0
    """without a key for so long, what is in hand goes back to the queue"""


class Sitting(Background):
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
        super().__init__(View(keys, name=choices.name, hide_answer=choices.hide_answer))
        self.no_color = not terminal.colour
        self.pace = Pace()
        self.shown: Card | None = None
        self.desk, self.cards, self.keys, self.terminal = desk, cards, keys, terminal
        self.choices = choices
        self.labelled = labelled
        self._clock = clock
        self.preparation = Preparation(self, cards, terminal)
        self.supply = Supply(
            desk,
            self.preparation.card,
            first=first,
            on_ready=self._advance,
            on_empty=self._show_empty,
            on_gone=self.tell_wrong,
        )
        self.answers = Answers(desk, on_settled=self._note_settled, on_refused=self._note_refused)
        self._shown_at = self.active_at = time.monotonic()
        self._pressed_at: float | None = None
        self._patience = Patience(desk)
        self._was_late = False
        self._busy = False  # another photo than the queue's next is on its way: keys wait for it
        self.paused = False
        self._leaving = False
        self._loop_of_app: asyncio.AbstractEventLoop | None = None
        self._left: int | None = None
        self.last_settled: int | None = None

    def compose(self) -> ComposeResult:
        yield self.view

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [NoColor()] if self.no_color else super().get_line_filters()  # Textual would make greys of colours

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
        self.go_on(self.answers.listen)
        self.call_after_refresh(lambda: self.go_on(self.supply.run))  # the photo's size is known then
        self.set_interval(max(self.choices.lease_seconds / 3, 0.5), self._renew)
        self.set_interval(0.25, self._watch)
        self.app_resume_signal.subscribe(self, lambda _: self._come_back())

    def leave(self) -> None:
        """Exit, from a signal's handler or another thread; at once if it has not begun yet."""
        self._leaving = True
        if self._loop_of_app is not None:
            self._loop_of_app.call_soon_threadsafe(self.exit)

    # Photos

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
            self.tell_lost(f"item {card.item.id} is not shown any more: nothing was said of it")
            return
        if (kind is VerdictKind.LABEL or free_name is not None) and not self.may_name():
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
                answer_shown=self.view.shows_answer(shown),
            ),
        )
        self.answers.say(answer)
        self.pace.add(seconds)
        if self._left is not None:
            self._left -= 1
        self.view.tell(f"item {item.id}: {words.verdict(kind, label, free_name)}")
        self._pressed_at = time.monotonic() if pressed_at is None else pressed_at
        self._advance()

    def may_name(self) -> bool:
        """Whether anything is drawn that could be named; says so if not."""
        if not self.view.photo.in_sight:
            left = (Command.NONE, Command.CANT_TELL, Command.SKIP, Command.DEFER)
            keys = ", ".join(self.keys.key_of(command) for command in left)
            self.view.tell_wrong(f"The photo is not to be seen, so it gets no name: {keys} count")
        return self.view.photo.in_sight

    def _note_settled(self, item_id: int) -> None:
        self.last_settled = item_id

    def _note_refused(self, sentence: str) -> None:
        self.pace.take_back()
        self.tell_lost(sentence)

    def hear_the_rest(self) -> None:
        """What became of answers after the screen ended; for when the desk is closed."""
        for sentence in self.answers.rest():
            self.pace.take_back()
            self.failures.append(sentence)

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

    # Time

    def _come_back(self) -> None:
        """From the shell, after Ctrl-Z: the terminal shows nothing of it any more."""
        self.view.photo.repaint()
        self.screen.refresh()
        self._renew()

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
        late = self._patience.late(now)
        self.view.show_progress(self.pace, left=self._left, unsaved=late.unsaved if late else 0)
        self.view.tell_over()
        if late:
            self.view.tell(late.sentence)
        elif self._was_late:
            self.view.tell("The database is there again, and all is saved")
        self._was_late = late is not None
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
            if self.shown is None and self.supply.empty and not self.paused:
                self.view.show_none(words.NOTHING_FOR_YOU if self._left else words.NOTHING_WAITS)

        self.go(count, alone="count")
