"""The reviewer's screen: which key does what."""

import time
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from review.tables import VerdictKind
from review.terminal import talks
from review.terminal.attention import Attention
from review.terminal.dialogues import Help
from review.terminal.keys import ANSWERS, Command
from review.terminal.sitting import Sitting
from review.terminal.themes import DARK, LIGHT

_OF_THE_PHOTO = {*ANSWERS, Command.NAME, Command.LABELS}
_TALKS = {
    Command.NAME: talks.name_it,
    Command.LABELS: talks.label_by_name,
    Command.GROUP: talks.show_group,
    Command.OPEN: talks.show_alone,
    Command.REOPEN: talks.reopen,
}


class ReviewApp(Sitting):
    """A sitting with its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),
    ]

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._attention = Attention()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self.active_at = time.monotonic()
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        if len(self.screen_stack) > 1:
            return  # a dialogue's
        if self.paused:
            self.resume()
            return
        key = event.character or ""
        label, command = self.keys.label(key), self.keys.command(key)
        if label is None and command is None:
            if event.is_printable:
                self.view.tell(f"{key!r} does nothing: ? shows the keys")
            return
        if self._attention.held_down(key, event.time):
            self.view.tell("A key that is held down counts once")
        elif (label or command in _OF_THE_PHOTO) and self.shown and not self.view.photo.seen_by(event.time):
            self.view.tell("That key came before the photo: it counts for nothing")
        elif label is not None:
            self.answer(VerdictKind.LABEL, label, pressed_at=event.time)
        elif command in ANSWERS:
            self.answer(ANSWERS[command], pressed_at=event.time)
        elif command is not None:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        match command:
            case Command.HELP:
                self.push_screen(Help(self.keys))
            case Command.QUIT:
                self.exit()
            case Command.THEME:
                self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
                self.call_after_refresh(self.draw_again)
            case Command.UNDO:
                self.go(self.undo)
            case _:
                self.go(partial(_TALKS[command], self))
