"""What the page asks for, read from JSON and checked; what makes no sense is refused with status 400."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from model.cleaning import Action
from model.errors import DatasetError
from review.cleaning.board import Choice
from review.cleaning.labels import given_label

MOST_PHOTOS = 2000  # of one request
_ACCEPT = "accept"
_LONGEST_KEY = 600
_LONGEST_LABEL = 255  # bytes that a folder's name may have

Given = Mapping[str, Any]


def group(given: Mapping[str, Any]) -> str:
    """The key of a group."""
    found = given.get("group")
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_KEY:
        raise _refused("group", "the key of a group of photos")
    return found


def count(request: Request) -> int:
    """How many photos are wanted."""
    found = request.query_params.get("count", "")
    if not found.isascii() or not found.isdigit() or not 1 <= int(found[:6]) <= MOST_PHOTOS:
        raise _refused("count", f"a number of 1 to {MOST_PHOTOS}")
    return int(found[:6])


def choices(given: Given) -> list[Choice]:
    """The photos that are decided about, with what the page says of each."""
    rows = given.get("items")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_PHOTOS:
        raise _refused("items", f"a list of 1 to {MOST_PHOTOS}")
    found = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), int) or isinstance(row["id"], bool):
            raise _refused("items", 'objects with "id", a photo\'s number, and "seen"')
        seen = row.get("seen")
        found.append(Choice(row["id"], None if seen is None else (_action(seen, "seen"), _label(seen))))
    return found


def action(given: Given, labels: Sequence[str]) -> tuple[Action | None, str | None]:
    """What is decided, with the label that goes with `RELABEL`; a new one needs "new". None: what is suggested."""
    if given.get("action") == _ACCEPT:
        return None, None
    found = _action(given, "action")
    if found is not Action.RELABEL:
        return found, None
    label, new = _label(given), given.get("new", False)
    if label is None or not isinstance(new, bool):
        raise _refused("label", f"one of {', '.join(labels)}")
    try:
        return found, given_label(label, labels, new=new)
    except DatasetError as error:
        raise HTTPException(400, str(error)) from None


def _action(given: object, name: str) -> Action:
    found = given.get("action") if isinstance(given, dict) else None
    if not isinstance(found, str) or found not in set(Action):
        raise _refused(name, f'"action" of {", ".join(Action)}')
    return Action(found)


def _label(given: Given) -> str | None:
    found = given.get("label")
    if found is not None and (not isinstance(found, str) or len(found.encode()) > _LONGEST_LABEL):
        raise _refused("label", f"text of at most {_LONGEST_LABEL} bytes")
    return found


def _refused(name: str, expected: str) -> HTTPException:
    return HTTPException(400, f"{name}: expected {expected}")
