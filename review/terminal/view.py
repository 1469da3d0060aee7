"""What is seen: a line of progress, the photo with what is known of it, a line of news, and the keys."""

import time
from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from review.terminal import lines, words
from review.terminal.cards import Card
from review.terminal.keys import Command, Keys
from review.terminal.pace import Pace
from review.terminal.panel import brief, facts
from review.terminal.photo import PhotoView
from review.terminal.thumbnails import Thumbnail, Thumbnails

_TOLD = 8.0  # seconds that a failure is shown
_NARROW = 72  # columns below which the photo needs all the room
_SHORT = 22  # rows below which the panel may be cut off above the model's answer


class View(Vertical):
    """The whole screen; it decides nothing."""

    DEFAULT_CSS = """
    View { background: $background; color: $foreground; }
    View #head { height: 1; background: $panel; padding: 0 1; }
    View #body { height: 1fr; }
    View #side { width: 34; padding: 0 1; background: $surface; }
    View #facts { height: auto; }
    View #alike { height: auto; display: none; }
    View #alike-title { color: $quiet; }
    View #message { height: 1; padding: 0 1; color: $quiet; }
    View #message.wrong { color: $text-error; background: $error-muted; }
    View #labels { height: auto; max-height: 3; padding: 0 1; }
    View #commands { height: auto; max-height: 2; padding: 0 1; color: $quiet; }
    View #brief { height: 1; padding: 0 1; background: $surface; display: none; }
    View #brief { text-wrap: nowrap; text-overflow: ellipsis; }
    View.narrow #brief { display: block; }
    View.narrow #side { display: none; }
    """

    def __init__(self, keys: Keys, *, name: str, hide_answer: bool) -> None:
        super().__init__()
        self.photo = PhotoView(id="photo")
        self._keys = keys
        self._reviewer = name
        self._hide_answer = hide_answer
        # No markup: people write square brackets, in names, notes and labels.
        self._head, self._facts, self._message = (
            Static(id=part, markup=False) for part in ("head", "facts", "message")
        )
        self._brief = Static(id="brief", markup=False)
        self._thumbnails = Thumbnails(id="thumbnails")
        # Kept, not looked for: what is shown may change before this is on the screen, and after it left it.
        self._alike = Vertical(Static("Most like it, and labelled:", id="alike-title"), self._thumbnails, id="alike")
        self._told_until = 0.0
        self._progress = ""

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._brief
        with Horizontal(id="body"):
            yield self.photo
            with Vertical(id="side"):
                yield self._facts
                yield self._alike
        yield self._message
        yield Static(lines.labels(self._keys), id="labels")
        yield Static(lines.commands(self._keys), id="commands")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW or event.size.height < _SHORT, "narrow")

    def show(self, card: Card, *, now: datetime) -> None:
        """A photo with all that is known of it so far."""
        self.show_picture(card)
        self.photo.repaint()  # words may be the same as of the one before
        hidden = self._hide_answer
        self._facts.update(facts(card, now=now, hide_answer=hidden, group_key=self._keys.key_of(Command.GROUP)))
        self._brief.update(" · ".join(brief(card, hide_answer=hidden)), layout=False)
        self.show_alike(card.similar or ())

    def shows_answer(self, card: Card) -> bool:
        """Whether the model's answer is to be read on the screen."""
        if self._hide_answer or card.item.blind or card.item.suggested_label is None:
            return False
        if not self.has_class("narrow"):
            return True
        return cell_len(brief(card, hide_answer=False)[0]) <= self._brief.content_size.width

    def show_picture(self, card: Card) -> None:
        """Only the photo, drawn again."""
        if card.drawing is None:
            self.photo.say(card.problem or words.TOO_SMALL)
        else:
            self.photo.show(card.drawing)

    def show_none(self, sentence: str) -> None:
        """Words in the photo's place, and nothing beside them."""
        self.photo.say(sentence)
        self._facts.update("")
        self._brief.update("", layout=False)
        self.show_alike(())

    def show_alike(self, similar: Sequence[Thumbnail]) -> None:
        """What is like it."""
        self._alike.display = bool(similar)
        self._thumbnails.show(similar)

    def show_progress(self, pace: Pace, *, left: int | None, unsaved: int) -> None:
        """How far the reviewer is."""
        width = self.size.width - 2
        head = lines.head(pace, name=self._reviewer, left=left, unsaved=unsaved, width=width)
        if str(head) != self._progress:  # asked several times a second: over ssh each line counts
            self._progress = str(head)
            self._head.update(head, layout=False)

    def tell(self, text: str) -> None:
        """A line of news; it covers no failure."""
        if time.monotonic() >= self._told_until:
            self._message.set_class(False, "wrong")
            self._message.update(text, layout=False)

    def tell_wrong(self, text: str) -> None:
        """A failure: its line stays for a while."""
        self._told_until = time.monotonic() + _TOLD
        self._message.set_class(True, "wrong")
        self._message.update(f"! {text}", layout=False)

    def tell_over(self) -> None:
        """A failure that stayed long enough goes."""
        if self._told_until and time.monotonic() >= self._told_until:
            self._told_until = 0.0
            self.tell("")
