"""What happens in the world, told live to personas and to the chat page."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.objects import Message


class EventKind(StrEnum):
    MESSAGE = "message"
    EDITED = "edited"
    DELETED = "deleted"
    ACTION = "action"
    ANSWER = "answer"
    COMMANDS = "commands"
    PEOPLE = "people"
    CLOSED = "closed"


@dataclass(frozen=True)
class CallbackAnswer:
    """What answerCallbackQuery showed to the person who pressed."""

    query_id: str
    text: str | None = None
    show_alert: bool = False
    url: str | None = None


@dataclass(frozen=True)
class Event:
    kind: EventKind
    chat_id: int | None = None  # None: concerns every chat
    message: Message | None = None
    action: str | None = None
    answer: CallbackAnswer | None = None
    user_id: int | None = None  # only this person is told


class Events:
    """Every listener gets every event from the moment it listens."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event]] = set()

    def publish(self, event: Event) -> None:
        for listener in self._listeners:
            listener.put_nowait(event)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
