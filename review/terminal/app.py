"""The reviewer's screen: which key does what."""

import time
from functools import partial
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from review.tables import VerdictKind
from review.terminal import talks
from review.terminal.dialogues import Help
from review.terminal.keys import Command
from review.terminal.sitting import Sitting
from review.terminal.themes import DARK, LIGHT

_HELD_KEY = 0.05  # seconds between two of the same key: closer ones come from a key that is held down
_KINDS = {
    Command.NONE: VerdictKind.NONE,
    Command.CANT_TELL: VerdictKind.CANT_TELL,
    Command.SKIP: VerdictKind.SKIP,
    Command.DEFER: VerdictKind.DEFER,
}
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
    _last_key = ("", 0.0)

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
        held = key == self._last_key[0] and event.time - self._last_key[1] < _HELD_KEY
        self._last_key = (key, event.time)
        if held:
            self.view.tell("A key that is held down counts once")
        elif label is not None:
            self.answer(VerdictKind.LABEL, label, pressed_at=event.time)
        elif command in _KINDS:
            self.answer(_KINDS[command], pressed_at=event.time)
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
