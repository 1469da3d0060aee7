"""A label that is typed by its name, or by as much of it as no other label begins with."""

from collections.abc import Sequence

from review.errors import ReviewError, UnknownLabel
from review.tables import VerdictKind
from review.verdicts import parse_verdict

_WIDTH = 76  # characters of a sentence: with what stands before it, it fits in a line of 80
_TYPED = 20  # characters of what was typed that are repeated


def label_meant(typed: str, labels: Sequence[str]) -> tuple[VerdictKind, str | None]:
    """As `parse_verdict`, and a beginning will do. Raises `ReviewError` with a sentence of one line."""
    try:
        return parse_verdict(typed, labels)
    except UnknownLabel as unknown:
        begun = [label for label in labels if label.casefold().startswith(typed.strip().casefold())]
        if len(begun) == 1:
            return VerdictKind.LABEL, begun[0]
        said = repr(_cut(typed, _TYPED))
        if begun:
            sentence = f"{said} begins {len(begun)} labels: {', '.join(begun)}"
        elif unknown.guess is not None:
            sentence = f"no label is {said}: did you mean {unknown.guess!r}?"
        else:
            sentence = f"no label begins with {said}"
        raise ReviewError(_cut(sentence, _WIDTH)) from unknown


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
