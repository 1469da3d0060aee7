"""What the screen says in words."""

from datetime import datetime

from review.items import ItemView
from review.phrases import duration, percent
from review.policy import Reason
from review.tables import VerdictKind

_JUST_NOW = 60  # seconds
_WHY = {
    Reason.DISPUTED: "Whoever sent it says that the answer is wrong.",
    Reason.OUT_OF_DOMAIN: "It is unlike the photos that the model learnt from.",
    Reason.LOW_CONFIDENCE: "The model is not sure enough to answer alone.",
    Reason.NO_MODEL: "No model looked at it: there was none.",
    Reason.AUDIT: "A random check of what the model answered alone.",
}
_WHY_BRIEFLY = {
    Reason.DISPUTED: "disputed",
    Reason.OUT_OF_DOMAIN: "unlike",
    Reason.LOW_CONFIDENCE: "unsure",
    Reason.NO_MODEL: "no model",
    Reason.AUDIT: "random check",
}
BLIND = "Several people look at it, each without the others' answers."
NOTHING_WAITS = "Nothing waits for review.\n\nNew photos appear here by themselves."
NOTHING_FOR_YOU = (
    "Nothing waits for you.\n\nWhat is left is in others' hands or put off, or you left it to others."
    "\n\nNew photos appear here by themselves."
)
PAUSED = "Nothing was pressed for a while, so the photos went back to the queue.\n\nAny key goes on."
LOOKING = "Looking for the next photo…"
DELETED = "The photo was deleted."
TOO_SMALL = "The window is too small for a photo."


def why(item: ItemView) -> list[str]:
    """Why a person is asked, the weightiest reason first."""
    if item.blind:
        return [BLIND]
    known = [reason for reason in _WHY if reason in item.reasons]
    return [_WHY[reason] for reason in known] or ["It waits for a person."]


def why_briefly(item: ItemView) -> list[str]:
    """The same in a word or two each."""
    return ["blind"] if item.blind else [_WHY_BRIEFLY[reason] for reason in _WHY if reason in item.reasons]


def waiting(item: ItemView, now: datetime) -> str:
    """How long whoever sent it has waited."""
    seconds = (now - item.submitted_at).total_seconds()
    return "sent just now" if seconds < _JUST_NOW else f"sent {duration(seconds)} ago"


def claimed(item: ItemView) -> str | None:
    """What askers say it shows."""
    if item.blind or not item.claimed_labels:
        return None
    return "They say: " + ", ".join("none of these" if label == "none" else label for label in item.claimed_labels)


def guess(item: ItemView) -> str:
    """The model's answer in a few words."""
    if item.suggested_label is None:
        return "The model said nothing of it."
    return f"{item.suggested_label}, {percent(item.confidence or 0)} sure"


def verdict(kind: VerdictKind, label: str | None, free_name: str | None) -> str:
    """What a reviewer said."""
    match kind:
        case VerdictKind.LABEL:
            return label or ""
        case VerdictKind.NONE:
            return f"none of these ({free_name})" if free_name else "none of these"
        case VerdictKind.CANT_TELL:
            return "can't tell"
        case VerdictKind.SKIP:
            return "left to others"
        case VerdictKind.DEFER:
            return "put off for an hour"
        case _:
            return kind.value
