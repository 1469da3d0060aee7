"""What reviewers type or tap, read as a verdict."""

import difflib
from collections.abc import Sequence

from model.labels import verdict_word
from review.errors import UnknownLabel
from review.tables import VerdictKind

# Words that mean something else than a label; `model.labels` keeps them from being one.
_WORDS = {"none": VerdictKind.NONE, "cant_tell": VerdictKind.CANT_TELL}


def parse_verdict(text: str, labels: Sequence[str]) -> tuple[VerdictKind, str | None]:
    """`text` as a kind and, for a label, the label as the model writes it; upper and lower case count alike.

    Raises `UnknownLabel` with the likely guess.
    """
    word = verdict_word(text)
    if word in _WORDS:
        return _WORDS[word], None
    wanted = text.strip().casefold()
    for label in labels:
        if label.casefold() == wanted:
            return VerdictKind.LABEL, label
    expected = (*labels, *_WORDS)
    guess = next(iter(difflib.get_close_matches(wanted, expected, n=1)), None)
    raise UnknownLabel(text, expected=expected, guess=guess)
