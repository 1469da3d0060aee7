"""One sitting of a reviewer: what they say of the photos that come, and whether anybody is there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from review.clock import utc_now
from review.judging import Circumstances
from review.tables import Channel, VerdictKind
from review.terminal import words
from review.terminal.answers import Answers
from review.terminal.cards import Card, Cards
from review.terminal.desk import Answer, Desk
from review.terminal.graphics import Terminal
from review.terminal.keys import ANSWERS, Keys
from review.terminal.patience import Patience
from review.terminal.showing import Showing
from review.terminal.similar import Labelled
from review.terminal.supply import First
from review.terminal.themes import DARK, LIGHT
from review.terminal.view import View


@dataclass(frozen=True)
class Choices:
    """What the reviewer, or whoever started the screen, chose."""

    name: str
    hide_answer: bool = False
    lease_seconds: float = 300.0
    idle_seconds: float = 600.0
    """without a key for so long, what is in hand goes back to the queue"""


class Sitting(Showing):
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
        super().__init__(
            View(keys, name=choices.name, hide_answer=choices.hide_answer),
            desk=desk,
            cards=cards,
            terminal=terminal,
            labelled=labelled,
            first=first,
            clock=clock,
        )
        self.desk, self.keys, self.choices = desk, keys, choices
        self.answers = Answers(desk, on_settled=self._note_settled, on_refused=self._note_refused)
        self.active_at = time.monotonic()
        self.last_settled: int | None = None
        self._patience = Patience(desk)
        self._was_late = False
        self._leaving = False
        self._loop_of_app: asyncio.AbstractEventLoop | None = None

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
            keys = ", ".join(self.keys.key_of(command) for command in ANSWERS)
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
