"""The lines above and below the photo: progress, and which key does what."""

from collections.abc import Iterable

from textual.content import Content

from review.terminal.keys import Command, Keys, LabelKey
from review.terminal.pace import Pace

_COMMANDS = {
    Command.NONE: "none",
    Command.NAME: "name",
    Command.CANT_TELL: "can't tell",
    Command.SKIP: "skip",
    Command.DEFER: "later",
    Command.UNDO: "undo",
    Command.OPEN: "zoom",
    Command.HELP: "help",
    Command.QUIT: "quit",
}

_TOGETHER = "\N{NO-BREAK SPACE}"  # a line is broken between keys, never within what is said of one


def head(pace: Pace, *, name: str, left: int | None, unsaved: int, width: int) -> Content:
    """Who reviews, and how far they are; `unsaved` answers are waiting for the database."""
    figures = [f"{pace.done} done"]
    if left is not None:
        figures.append(f"{left:,} left")
    if (each := pace.seconds_each) is not None and (a_minute := pace.a_minute) is not None:
        figures += [f"{a_minute:.0f} a minute", f"{each:.1f} s each"]
    if unsaved:
        figures.append(f"saving {unsaved}")
    right, brand = " · ".join(figures), "bearbot review"
    space = width - len(brand) - len(right)
    who = f" · {name}"
    if len(who) > space - 2:
        who = f"{who[: max(space - 3, 0)]}…" if space > 6 else ""
    return Content.assemble((brand, "bold $primary"), (who, "$quiet"), " " * max(space - len(who), 1), right)


def labels(keys: Keys) -> Content:
    """Each label with what is pressed for it."""
    return _joined(_label(one) for one in keys.labels)


def commands(keys: Keys) -> Content:
    """The other keys that are needed most."""
    parts = ((keys.key_of(one), said.replace(" ", _TOGETHER)) for one, said in _COMMANDS.items())
    return _joined(Content.assemble((key, "bold $accent"), f"{_TOGETHER}{said}") for key, said in parts)


def _label(one: LabelKey) -> Content:
    if one.digit is None and one.letter is None:
        return Content.assemble(("/", "bold $accent"), f"{_TOGETHER}{one.label}")
    parts: list[str | tuple[str, str]] = []
    if one.digit is not None:
        parts.append((f"{_TOGETHER}{one.digit}{_TOGETHER}", "bold $background on $primary"))
    if one.letter is None:
        parts.append((f"{_TOGETHER}{one.label}", "bold"))
    else:
        parts += [_TOGETHER, (one.label[:1], "bold underline $accent"), (one.label[1:], "bold")]
    return Content.assemble(*parts)


def _joined(parts: Iterable[Content]) -> Content:
    """With spaces at which lines may break, and none within a part."""
    return Content("  ").join(list(parts))
