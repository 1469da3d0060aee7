"""What is known of a photo, beside it: why it is here, what the model thinks, what askers say, what is like it."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from review.phrases import percent
from review.terminal import words
from review.terminal.cards import Card

_NAME, _BAR, _BARS = 9, 12, 6
_EIGHTHS = " ▏▎▍▌▋▊▉"
Parts = list[str | Content | tuple[str, str]]


def facts(card: Card, *, now: datetime, hide_answer: bool, group_key: str) -> Content:
    """The panel's text."""
    item = card.item
    parts: Parts = [(f"Item {item.id}", "bold"), (f"  {words.waiting(item, now)}\n", "$quiet")]
    if card.members:  # before what may be long: whoever answers answers for these, too
        count = len(card.members)
        more = f"{count} near-duplicate{'s' if count > 1 else ''}"
        parts += [(f"▣ {more} settled with it", "bold $secondary"), (f"  {group_key} shows\n", "$quiet")]
    parts.append("\n")
    for sentence in words.why(item):
        parts.append(f"{sentence}\n")
    if (claimed := words.claimed(item)) is not None:
        parts.append((f"{claimed}\n", "bold $warning"))
    parts.append("\n")
    if hide_answer or item.blind:
        parts.append(("The model's answer is hidden.\n", "$quiet"))
    elif item.probabilities is None:
        parts.append((f"{words.guess(item)}\n", "$quiet"))
    else:
        parts += bars(item.probabilities)
    return Content.assemble(*parts)


def brief(card: Card, *, hide_answer: bool) -> list[str]:
    """What the panel says in a few words each, the model's answer first, then what is easily overlooked."""
    item = card.item
    if hide_answer or item.blind:
        parts = ["answer hidden"]
    elif item.suggested_label is None:
        parts = ["no answer"]
    else:
        parts = [f"{item.suggested_label} {percent(item.confidence or 0)}"]
    if card.members:
        parts.append(f"+{len(card.members)} alike")
    if (claimed := words.claimed(item)) is not None:
        parts.append(claimed.lower())
    return parts + words.why_briefly(item)


def bars(probabilities: dict[str, float]) -> Parts:
    """The likeliest labels with their calibrated probabilities (0..1), likeliest first."""
    ranked = sorted(probabilities.items(), key=lambda pair: -pair[1])
    parts: Parts = []
    for place, (label, share) in enumerate(ranked[:_BARS]):
        style = "bold" if place == 0 else ""
        parts += [
            (f"{_cut(label, _NAME):<{_NAME}} ", style),
            (_bar(share), "$primary" if place == 0 else "$secondary"),
            (f" {percent(share):>9}\n", style),
        ]
    if len(ranked) > _BARS:
        parts.append((f"and {len(ranked) - _BARS} more\n", "$quiet"))
    return parts


def captions(labels: Sequence[str], width: int) -> str:
    """What stands under small pictures of `width` cells each, a cell apart."""
    return " ".join(f"{_cut(label, width):^{width}}" for label in labels)


def _bar(share: float) -> str:
    eighths = round(max(0.0, min(share, 1.0)) * _BAR * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(_BAR)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
