"""Which key does what: the same here, in `bearbot review next` and on the page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from review.tables import VerdictKind


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


ANSWERS = {  # what is said by a key alone
    Command.NONE: VerdictKind.NONE,
    Command.CANT_TELL: VerdictKind.CANT_TELL,
    Command.SKIP: VerdictKind.SKIP,
    Command.DEFER: VerdictKind.DEFER,
}
# Each letter also works with Shift, unless that is another key.
_LETTERS = {
    "n": Command.NONE,
    "c": Command.CANT_TELL,
    "s": Command.SKIP,
    "d": Command.DEFER,
    "u": Command.UNDO,
    "z": Command.OPEN,
    "r": Command.REOPEN,
    "q": Command.QUIT,
}
_FIXED = {
    **{letter.upper(): command for letter, command in _LETTERS.items()},
    **_LETTERS,
    "N": Command.NAME,
    "G": Command.GROUP,
    "/": Command.LABELS,
    "*": Command.THEME,
    "?": Command.HELP,
}
_DIGITS = "123456789"


@dataclass(frozen=True)
class LabelKey:
    """A label with its keys: `digit` for the first nine, `letter` where it is free and no other label has it."""

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
                letter=letter if first[letter := label[:1].casefold()] == 1 and _is_free(letter) else None,
            )
            for number, label in enumerate(labels)
        )
        self._labels = {key: one.label for one in self.labels for key in (one.digit, one.letter) if key is not None}
        self._commands = _FIXED if "g" in first else {**_FIXED, "g": Command.GROUP}

    def label(self, key: str) -> str | None:
        """The label that this key gives; None: it gives none."""
        return self._labels.get(key)

    def command(self, key: str) -> Command | None:
        """What else this key does; None: nothing."""
        return self._commands.get(key)

    def key_of(self, command: Command) -> str:
        """The key that is shown for a command."""
        return next(key for key in (*_LETTERS, *_FIXED) if _FIXED[key] is command)


def _is_free(letter: str) -> bool:
    return letter.isalpha() and letter not in _FIXED
