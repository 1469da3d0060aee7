"""What the page asks for, read from JSON and checked; what makes no sense is refused with status 400."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from review.bulk import InHand
from review.claimable import Among
from review.phrases import one_line
from review.policy import Reason
from review.tables import VerdictKind

MOST_ITEMS = 200  # of one request
_MOST_BESIDES = 1000
_MOST_STROKES = 1000
_LONGEST_NAME = 64
_LONGEST_DEFERRAL = timedelta(days=90)
_LONGEST_LOOK = 86_400  # seconds
_LARGEST_ID = 2**63 - 1
_SAID = (VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.CANT_TELL, VerdictKind.SKIP, VerdictKind.DEFER)

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Saying:
    """A verdict for all of `items`; `deferred_for` goes with `DEFER`."""

    kind: VerdictKind
    label: str | None
    free_name: str | None
    deferred_for: timedelta | None
    items: list[InHand]


def among(given: Given) -> Among:
    """The group that is filtered by."""
    reason = _text(given, "reason")
    if reason is not None and reason not in set(Reason):
        raise _refused("reason", f"one of {', '.join(Reason)}")
    blind = given.get("blind")
    if blind is not None and not isinstance(blind, bool):
        raise _refused("blind", "true or false")
    # Why a blind one waits is not told, so all of those are among any reason's.
    return Among(suggested_label=_label(given), reason=None if blind else reason, blind=blind)


def count(given: Given) -> int:
    """How many items are wanted."""
    found = given.get("count")
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= MOST_ITEMS:
        raise _refused("count", f"a number of 1 to {MOST_ITEMS}")
    return found


def besides(given: Given) -> list[int]:
    """Items that are not wanted."""
    found = given.get("besides", [])
    if not isinstance(found, list) or len(found) > _MOST_BESIDES:
        raise _refused("besides", f"a list of at most {_MOST_BESIDES} items' numbers")
    return [item_id(one) for one in found]


def in_hand(given: Given) -> list[InHand]:
    """Items with their tokens, none twice."""
    rows = given.get("items")
    if not isinstance(rows, list) or len(rows) > MOST_ITEMS:
        raise _refused("items", f"a list of at most {MOST_ITEMS}")
    found: dict[int, InHand] = {}
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("token"), str):
            raise _refused("items", 'objects with "id" and "token"')
        seconds = row.get("seconds")
        if seconds is not None and (
            not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= _LONGEST_LOOK
        ):  # NaN is not between them either
            raise _refused("seconds", f"a number of 0 to {_LONGEST_LOOK:,}")
        shown = row.get("answer_shown")
        if shown is not None and not isinstance(shown, bool):
            raise _refused("answer_shown", "true or false")
        found[item_id(row.get("id"))] = InHand(item_id(row.get("id")), row["token"][:_LONGEST_NAME], seconds, shown)
    return list(found.values())


def strokes(given: Given) -> list[dict[str, Any]]:
    """What was said one after the other; each is checked when its turn comes."""
    found = given.get("strokes")
    if not isinstance(found, list) or len(found) > _MOST_STROKES or not all(isinstance(one, dict) for one in found):
        raise _refused("strokes", f"a list of at most {_MOST_STROKES} verdicts or undos")
    return found


def item_id(found: object) -> int:
    """One item's number."""
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= _LARGEST_ID:
        raise _refused("id", "an item's number")
    return found


def item_in_path(request: Request) -> int:
    """The number of the item that a route with {item:int} is about; 404 for one that no item can have."""
    found: int = request.path_params["item"]
    if not 1 <= found <= _LARGEST_ID:
        raise HTTPException(404, f"no item {str(found)[:20]}")
    return found


def saying(given: Given, labels: Collection[str]) -> Saying:
    """A verdict. `labels` are the model's."""
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in set(_SAID):
        raise _refused("kind", f"one of {', '.join(_SAID)}")
    label = _label(given) if kind == VerdictKind.LABEL else None
    if kind == VerdictKind.LABEL and label not in labels:
        raise _refused("label", f"one of {', '.join(labels)}; the model may have changed: load the page again")
    free_name = _text(given, "free_name") if kind == VerdictKind.NONE else None
    hours = given.get("hours") if kind == VerdictKind.DEFER else None
    deferred_for = None
    if kind == VerdictKind.DEFER:
        longest = _LONGEST_DEFERRAL / timedelta(hours=1)
        if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 < hours <= longest:
            raise _refused("hours", f"a number above 0, of at most {longest:.0f}")
        deferred_for = timedelta(hours=hours)
    return Saying(VerdictKind(kind), label, free_name, deferred_for, in_hand(given))


def _label(given: Given) -> str | None:
    """As it is, its spaces too: a label is compared with the model's, and shown as they are."""
    found = given.get("label")
    if found is None or found == "":
        return None
    if not isinstance(found, str) or len(found) > _LONGEST_NAME or not found.isprintable():
        raise _refused("label", f"text of at most {_LONGEST_NAME} printable characters")
    return found


def _text(given: Given, name: str) -> str | None:
    """On one line and printable; None for nothing."""
    found = given.get(name)
    if found is None:
        return None
    if not isinstance(found, str):
        raise _refused(name, "text")
    found = one_line(found)
    if len(found) > _LONGEST_NAME:
        raise _refused(name, f"at most {_LONGEST_NAME} characters")
    return found or None


def _refused(name: str, expected: str) -> HTTPException:
    return HTTPException(400, f"{name}: expected {expected}")
