"""What the screen asks and shows above the photo: a name, a reason, the keys, the group, the photo alone."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from review.terminal.graphics import Drawing
from review.terminal.keys import Command, Keys
from review.terminal.photo import PhotoView
from review.terminal.thumbnails import Thumbnail, Thumbnails

_HELP = {
    Command.NONE: "it shows none of these",
    Command.NAME: "none of these, and what it is instead",
    Command.CANT_TELL: "you can't tell: others will",
    Command.SKIP: "leave it to others",
    Command.DEFER: "later: nobody is given it for an hour",
    Command.UNDO: "take your last answer back, as often as you like",
    Command.GROUP: "near-duplicates: see them, split them off",
    Command.OPEN: "the photo alone; again: in your viewer",
    Command.REOPEN: "have people look once more at a settled item",
    Command.LABELS: "type a label's name, or how it begins",
    Command.THEME: "light or dark",
    Command.QUIT: "leave; what you hold goes back to the queue",
}


class Dialogue(ModalScreen[str | None]):
    """Closes with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]
    DEFAULT_CSS = """
    Dialogue { align: center middle; }
    Dialogue > Vertical {
        width: 64; max-width: 100%; height: auto; max-height: 100%; padding: 1 2;
        background: $surface; border: round $primary;
    }
    Dialogue Input { margin-top: 1; }
    Dialogue .hint { color: $quiet; }
    """

    def action_leave(self) -> None:
        """Nothing is said."""
        self.dismiss(None)


class Line(Input):
    """A line of text of at most so many characters; what is pasted is cut, and that is told."""

    class Cut(Message):
        """More was pasted than there is room for."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()  # it would drop what does not fit whole, without a word
        event.stop()
        text, selection = " ".join(event.text.split()), self.selection
        room = (
            self.max_length - len(self.value) + abs(selection.end - selection.start) if self.max_length else len(text)
        )
        if len(text) > room:
            self.post_message(self.Cut())
        self.replace(text[: max(room, 0)], *sorted((selection.start, selection.end)))


class Question(Dialogue):
    """Asks for a line of text; brings it without spaces around, or None."""

    def __init__(
        self, question: str, *, value: str = "", hint: str = "", longest: int = 64, suggestions: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._question = question
        self._longest = longest
        self._hint = Static("Enter says it, Escape leaves it", markup=False, classes="hint")
        self._input = Line(
            value=value,
            placeholder=hint,
            max_length=longest,
            select_on_focus=False,  # the first key would overwrite what stands there
            suggester=SuggestFromList(suggestions, case_sensitive=False) if suggestions else None,
        )

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._question, markup=False)
            yield self._input
            yield self._hint

    def on_line_cut(self) -> None:
        self._hint.update(f"It was cut: {self._longest} characters at most. Enter says it, Escape leaves it")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class Notice(Dialogue):
    """Says what is too long for a line; any key closes it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._text, markup=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(None)


class Help(Dialogue):
    """All keys. It closes with what opened it, with Escape or q; other keys scroll where it is too long."""

    DEFAULT_CSS = """
    Help > VerticalScroll {
        width: 64; max-width: 100%; height: auto; max-height: 100%; padding: 1 2;
        background: $surface; border: round $primary;
    }
    """

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        parts: list[str | Content | tuple[str, str]] = [
            ("One key a photo", "bold $primary"),
            ("  ↑ ↓ scroll, q closes\n\n", "$quiet"),
        ]
        for one in self._keys.labels:
            pressed = " ".join(key for key in (one.digit, one.letter) if key) or "/"
            parts += [(f"{pressed:>5}", "bold $accent"), f"  {one.label}\n"]
        for command, meaning in _HELP.items():
            parts += [(f"{self._keys.key_of(command):>5}", "bold $accent"), f"  {meaning}\n"]
        with VerticalScroll():
            yield Static(Content.assemble(*parts))

    def on_key(self, event: events.Key) -> None:
        if self._keys.command(event.character or "") in (Command.HELP, Command.QUIT):
            event.stop()
            self.dismiss(None)


class Group(Dialogue):
    """An item's near-duplicates. Brings the number of the one to split off (from 0), "all", or None."""

    DEFAULT_CSS = """
    Group > Vertical { width: 90%; height: auto; }
    Group Thumbnails { height: auto; max-height: 18; min-height: 6; }
    """

    def __init__(self, thumbnails: Sequence[Thumbnail], *, shown: int, count: int) -> None:
        """The first `shown` of `count`; those whose photo is gone have no thumbnail."""
        super().__init__()
        self._thumbnails = thumbnails
        self._shown = shown
        self._count = count

    def compose(self) -> ComposeResult:
        more = f" The first {self._shown} of {self._count}." if self._shown < self._count else ""
        with Vertical():
            yield Static(Content.assemble(("Settled with it, as its near-duplicates.", "bold"), more))
            yield Thumbnails()
            yield Static(
                Content.from_markup(
                    "[b $accent]1-9[/] splits one off: it comes by itself   [b $accent]a[/] splits all   "
                    "[$quiet]any other key goes back[/]"
                )
            )

    def on_mount(self) -> None:
        thumbnails = self.query_one(Thumbnails)
        thumbnails.styles.height = 6 * min((len(self._thumbnails) + 3) // 4, 3)
        thumbnails.show(self._thumbnails)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        key = event.character or ""
        if key == "a":
            self.dismiss("all")
        elif key.isdecimal() and 1 <= int(key) <= self._shown:
            self.dismiss(str(int(key) - 1))
        else:
            self.dismiss(None)


class Alone(ModalScreen[str | None]):
    """The photo over the whole screen. Brings the key that closed it."""

    DEFAULT_CSS = """
    Alone { background: $background; }
    """

    def __init__(self, make: Callable[[int, int], Drawing]) -> None:
        """`make(columns, rows)` is called in a thread."""
        super().__init__()
        self._make = make

    def compose(self) -> ComposeResult:
        yield PhotoView()

    def on_resize(self) -> None:
        self.run_worker(self._draw, thread=True, exclusive=True)

    def _draw(self) -> None:
        view = self.query_one(PhotoView)
        width, height = self.app.size
        drawing = self._make(width, height)
        self.app.call_from_thread(view.show, drawing)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(event.character)
