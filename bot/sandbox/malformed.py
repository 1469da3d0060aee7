"""Updates that a bot should never get, and may: newer than its library, damaged, or made to harm it."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.wire import Json

_CHAT: Json = {"id": 990_001, "type": "private", "first_name": "Mallory"}
_USER: Json = {"id": 990_001, "is_bot": False, "first_name": "Mallory"}
_HUGE = 2**70


def _message(**fields: Any) -> Json:
    return {"message_id": 1, "date": 1_700_000_000, "chat": _CHAT, "from": _USER, **fields}


# From the id that it has in the queue to the update. All but the last kinds carry this id as they should.
MALFORMED: Mapping[str, Callable[[int], Any]] = {
    "nothing happened": lambda number: {"update_id": number},
    "unknown kind": lambda number: {"update_id": number, "telepathy": {"thought": "bear"}},
    "unknown kind of message": lambda number: {"update_id": number, "message": _message(hologram={"depth": 3})},
    "empty message": lambda number: {"update_id": number, "message": {}},
    "message is no object": lambda number: {"update_id": number, "message": "bear"},
    "message is a list": lambda number: {"update_id": number, "message": [1, 2]},
    "message is null": lambda number: {"update_id": number, "message": None},
    "no chat": lambda number: {"update_id": number, "message": {"message_id": 1, "date": 1_700_000_000}},
    "chat is null": lambda number: {"update_id": number, "message": _message(chat=None)},
    "chat id is text": lambda number: {"update_id": number, "message": _message(chat={**_CHAT, "id": "bear"})},
    "no date": lambda number: {"update_id": number, "message": {"message_id": 1, "chat": _CHAT, "from": _USER}},
    "date is far off": lambda number: {"update_id": number, "message": _message(date=_HUGE, text="x")},
    "unknown type of chat": lambda number: {
        "update_id": number,
        "message": _message(chat={**_CHAT, "type": "hive"}, text="x"),
    },
    "photo is empty": lambda number: {"update_id": number, "message": _message(photo=[])},
    "photo is no list": lambda number: {"update_id": number, "message": _message(photo={"file_id": "x"})},
    "photo without an id": lambda number: {"update_id": number, "message": _message(photo=[{"width": 1}])},
    "photo of no known file": lambda number: {
        "update_id": number,
        "message": _message(photo=[{"file_id": "gone", "file_unique_id": "gone", "width": 9, "height": 9}]),
    },
    "document without a name": lambda number: {
        "update_id": number,
        "message": _message(document={"file_id": "gone", "file_unique_id": "gone"}),
    },
    "entities beyond the text": lambda number: {
        "update_id": number,
        "message": _message(text="x", entities=[{"type": "bot_command", "offset": 50, "length": 9}]),
    },
    "huge ids": lambda number: {
        "update_id": number,
        "message": _message(
            message_id=_HUGE, chat={**_CHAT, "id": _HUGE}, text="x", **{"from": {**_USER, "id": _HUGE}}
        ),
    },
    "callback query without a message": lambda number: {
        "update_id": number,
        "callback_query": {"id": "1", "from": _USER, "chat_instance": "1", "data": "x"},
    },
    "callback query without data": lambda number: {
        "update_id": number,
        "callback_query": {"id": "1", "from": _USER, "chat_instance": "1", "message": _message(text="x")},
    },
    "callback query of nobody": lambda number: {
        "update_id": number,
        "callback_query": {"id": "1", "chat_instance": "1", "data": "x", "message": _message(text="x")},
    },
    "callback query of an inaccessible message": lambda number: {
        "update_id": number,
        "callback_query": {
            "id": "1",
            "from": _USER,
            "chat_instance": "1",
            "data": "x",
            "message": {"message_id": 1, "date": 0, "chat": _CHAT},
        },
    },
    "id is text": lambda number: {"update_id": str(number), "message": _message(text="x")},
    "no id": lambda number: {"message": _message(text="x")},
    "id is null": lambda number: {"update_id": None, "message": _message(text="x")},
    "no object": lambda number: "bear",
}

# What no server of Telegram's ever sent, since the id is how an update is acknowledged.
WITHOUT_ID = frozenset({"id is text", "no id", "id is null", "no object"})
