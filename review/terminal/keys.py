"""Which key does what. Labels come first: reviewers press little else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Command(StrEnum):
    """What a key does that is no label."""

    NONE = "none"
    """the photo shows none of the labels"""

    NAME = "name"
    """none of the labels, and what it is instead"""

    CANT_TELL = "cant_tell"
    SKIP = "skip"
    DEFER = "defer"
    UNDO = "undo"
    GROUP = "group"
    OPEN = "open"
    REOPEN = "reopen"
    LABELS = "labels"
    """a label by its name, for vocabularies with more labels than keys"""

    THEME = "theme"
    HELP = "help"
    QUIT = "quit"


# Each letter also works with Shift, which is what is left of it where a label begins with it.
_LETTERS = {
    Command.NONE: "n",
    Command.CANT_TELL: "t",
    Command.SKIP: "s",
    Command.DEFER: "l",
    Command.UNDO: "u",
    Command.GROUP: "g",
    Command.OPEN: "o",
    Command.REOPEN: "r",
    Command.QUIT: "q",
}
_FIXED = {"0": Command.NONE, "N": Command.NAME, "/": Command.LABELS, "*": Command.THEME, "?": Command.HELP}
_DIGITS = "123456789"


@dataclass(frozen=True)
class LabelKey:
    """A label with its keys: `digit` for the first nine, `letter` where no other label begins with it."""

    label: str
    digit: str | None
    letter: str | None


class Keys:
    """The keys of a vocabulary. Letters that two labels share are nobody's: nothing is labelled by mistake."""

    def __init__(self, labels: Sequence[str]) -> None:
        first = Counter(label[:1].casefold() for label in labels)
        self.labels = tuple(
            LabelKey(
                label=label,
                digit=_DIGITS[number] if number < len(_DIGITS) else None,
                letter=letter if (letter := label[:1].casefold()).isalpha() and first[letter] == 1 else None,
            )
            for number, label in enumerate(labels)
        )
        self._labels = {key: one.label for one in self.labels for key in (one.digit, one.letter) if key is not None}
        self._commands = {**_FIXED}
        for command, letter in _LETTERS.items():
            for key in (letter, letter.upper()):
                if key != letter or not first[letter]:
                    self._commands.setdefault(key, command)

    def label(self, key: str) -> str | None:
        """The label that this key gives; None: it gives none."""
        return self._labels.get(key)

    def command(self, key: str) -> Command | None:
        """What else this key does; None: nothing."""
        return self._commands.get(key)

    def key_of(self, command: Command) -> str:
        """The key that is shown for a command."""
        found = [key for key, does in self._commands.items() if does is command]
        return min(found, key=lambda key: (not key.islower(), not key.isalpha()))
