"""Updates as they come from outside, before they are trusted: their number, and what kind of thing they are."""

from collections.abc import Mapping
from enum import StrEnum

_LARGEST = 2**63 - 1  # what the database can hold


class UpdateKind(StrEnum):
    """What an update is, without what it says: fit for logs and metrics."""

    PHOTO = "photo"
    DOCUMENT = "document"
    STICKER = "sticker"
    COMMAND = "command"
    TEXT = "text"
    OTHER_MESSAGE = "other_message"
    TAP = "tap"
    """a button under a message was pressed"""

    OTHER = "other"


def update_id_of(update: object) -> int | None:
    """The number of an update; None for what is no update: no object, or one without a usable number."""
    value = update.get("update_id") if isinstance(update, Mapping) else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST)):
        value = int(value)
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def kind_of(update: Mapping[str, object]) -> UpdateKind:
    """What kind of update it is; never fails, whatever strangers put into it."""
    if "callback_query" in update:
        return UpdateKind.TAP
    message = update.get("message")
    if not isinstance(message, Mapping):
        return UpdateKind.OTHER
    for kind in (UpdateKind.PHOTO, UpdateKind.DOCUMENT, UpdateKind.STICKER):
        if message.get(kind.value):
            return kind
    text = message.get("text")
    if not isinstance(text, str):
        return UpdateKind.OTHER_MESSAGE
    return UpdateKind.COMMAND if text.startswith("/") else UpdateKind.TEXT
