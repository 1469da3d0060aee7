"""Hearing what the bot says in a chat: waiting for words, buttons, edits, or silence."""

import asyncio
import re
from collections.abc import Callable

from bot.sandbox.events import EventKind
from bot.sandbox.objects import Chat, Message, User
from bot.sandbox.transcript import Entry, transcript
from bot.sandbox.world import World

TIMEOUT = 10.0  # seconds

Expected = str | re.Pattern[str] | Callable[[Message], bool] | None
"""A part of the words, a pattern found in them, a test of the message, or None for any message."""


class NotSaid(AssertionError):
    """The bot did not say (or said) what was expected; the message shows the conversation so far."""


class Listener:
    """Somebody in a chat. `expect` reads the bot's messages and edits there in order, each once."""

    def __init__(self, world: World, user: User, chat: Chat) -> None:
        self._world = world
        self.user = user
        self.chat = chat
        self._read = 0  # how many of the bot's messages and edits `expect` has gone through

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the bot said to this chat, as it stands now, oldest first."""
        bot = self._world.bot.id
        return tuple(message for message in self._world.messages(self.chat.id) if message.sender.id == bot)

    def transcript(self) -> list[Entry]:
        """The whole chat, from all sides, as it stands now."""
        return transcript(self._world.messages(self.chat.id))

    def transcript_text(self) -> str:
        return "\n".join(str(entry) for entry in self.transcript())

    def skip(self) -> None:
        """Let `expect` begin with what the bot says from now on."""
        self._read = len(self._world.said(self.chat.id))

    async def expect(self, what: Expected = None, *, timeout: float = TIMEOUT) -> Message:
        """The next message or edit of the bot that fits; what came before it counts as read.

        Raises `NotSaid` with the conversation so far when `timeout` seconds pass without one.
        """
        said = self._world.said(self.chat.id)
        place = self._read
        with self._world.events.listen() as events:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        while place < len(said):
                            place += 1
                            if _fits(what, said[place - 1]):
                                self._read = place
                                return said[place - 1]
                        await events.get()
            except TimeoutError:
                raise self._complaint(f"the bot did not say {_described(what)} within {timeout:g} s") from None

    async def expect_many(self, count: int, *, timeout: float = TIMEOUT) -> list[Message]:
        """The bot's next `count` messages and edits."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout
        return [await self.expect(timeout=max(deadline - now(), 0.0)) for _ in range(count)]

    async def expect_silence(self, seconds: float) -> None:
        """Raises `NotSaid` when the bot says or edits anything here within `seconds`."""
        said = self._world.said(self.chat.id)
        with self._world.events.listen() as events:
            try:
                async with asyncio.timeout(seconds):
                    while len(said) == self._read:
                        await events.get()
            except TimeoutError:
                return
        raise self._complaint("the bot was expected to be silent")

    async def expect_action(self, action: str = "typing", *, timeout: float = TIMEOUT) -> None:
        """Wait until the bot shows that it is busy, from now on."""
        with self._world.events.listen() as events:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        event = await events.get()
                        if event.kind is EventKind.ACTION and (event.chat_id, event.action) == (self.chat.id, action):
                            return
            except TimeoutError:
                raise self._complaint(f"the bot did not show {action!r} within {timeout:g} s") from None

    def _complaint(self, what: str) -> NotSaid:
        shown = self.transcript_text() or "(nothing was said)"
        unread = len(self._world.said(self.chat.id)) - self._read
        return NotSaid(f"{what}; the chat of {self.user.first_name} ({unread} unread):\n{shown}")


def _fits(what: Expected, message: Message) -> bool:
    if what is None:
        return True
    if isinstance(what, str):
        return what in message.words
    if isinstance(what, re.Pattern):
        return what.search(message.words) is not None
    return what(message)


def _described(what: Expected) -> str:
    if what is None:
        return "anything"
    if isinstance(what, str):
        return repr(what)
    return repr(what.pattern) if isinstance(what, re.Pattern) else "what the test wants"
