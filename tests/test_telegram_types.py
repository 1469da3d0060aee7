"""The checker of what goes over the wire objects to what is wrong, and to nothing else."""

import json
from typing import Any

import pytest

from bot.sandbox.faults import DOWNLOAD, RequestRecord
from tests.telegram_types import objections_to_requests, objections_to_updates

KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
CHAT = {"id": 1, "type": "private", "first_name": "Ana"}


def asked(method: str, *, files: dict[str, int] | None = None, **parameters: Any) -> list[str]:
    """What is objected to in one request."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return objections_to_requests([RequestRecord(method, texts, files or {}, 200)])


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("getMe", {}),
        ("getUpdates", {"timeout": 30, "offset": 5, "allowed_updates": ["message"]}),
        ("sendMessage", {"chat_id": 1, "text": "12", "reply_parameters": {"message_id": 3}, "reply_markup": KEYBOARD}),
        ("sendmessage", {"chat_id": "@name", "text": "[1]", "message_thread_id": 7, "disable_notification": True}),
        ("answerCallbackQuery", {"callback_query_id": "123", "show_alert": True}),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": "b"}], "scope": {"type": "chat", "chat_id": 1}},
        ),
        ("sendMediaGroup", {"chat_id": 1, "media": [{"type": "photo", "media": "attach://one"}], "files": {"one": 5}}),
        ("sendPhoto", {"chat_id": 1, "files": {"photo": 5}}),
        ("setWebhook", {"url": "https://127.0.0.1/", "secret_token": "a", "max_connections": 4}),
        (DOWNLOAD, {"path": "photos/file_0.jpg"}),
    ],
)
def test_what_is_right_is_let_through(method: str, parameters: dict[str, Any]) -> None:
    assert asked(method, **parameters) == []


@pytest.mark.parametrize(
    ("method", "parameters", "objection"),
    [
        ("sendTelepathy", {}, "no such method"),
        ("sendMessage", {"chat_id": 1}, "text: Field required"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_to": 3}, "no parameter is called reply_to"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": "{"}, "reply_markup is no JSON"),
        ("sendMessage", {"chat_id": 1, "text": "x", "message_thread_id": "topic"}, "message_thread_id is no JSON"),
        ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": 1}, "disable_notification"),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_parameters": {"message_id": "3"}},
            "reply_parameters.message_id",
        ),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_parameters": {"message_id": 3, "allow": True}},
            "no field is called reply_parameters.allow",
        ),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "Yes", "data": "y"}]]}},
            "no field is called reply_markup.inline_keyboard.data",
        ),
        ("setMyCommands", {"commands": [{"command": "a"}]}, "commands.0.description: Field required"),
        ("sendPhoto", {"chat_id": 1, "files": {"picture": 5}}, "the file picture belongs to no parameter"),
    ],
)
def test_what_is_wrong_is_objected_to(method: str, parameters: dict[str, Any], objection: str) -> None:
    assert objection in "\n".join(asked(method, **parameters))


def test_updates_must_be_understood_by_both() -> None:
    message = {"message_id": 1, "date": 1_700_000_000, "chat": CHAT, "text": "x"}
    assert objections_to_updates([{"update_id": 1, "message": message}]) == []
    for wrong, objection in (
        ({"update_id": 1}, "an update is an id and one thing"),
        ({"update_id": 1, "telepathy": {}}, "no field is called telepathy"),
        ({"update_id": 1, "message": {**message, "hologram": 1}}, "no field is called message.hologram"),
        ({"update_id": 1, "message": {"message_id": 1}}, "aiogram: "),
        ({"update_id": 1, "message": {"message_id": 1}}, "python-telegram-bot: "),
        ({"update_id": 1, "message": {**message, "photo": []}}, "python-telegram-bot understood message.photo"),
    ):
        assert objection in "\n".join(objections_to_updates([wrong]))
