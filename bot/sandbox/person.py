"""A person of the sandbox, for programs: says things to the bot, presses its buttons, waits for what it says.

    ana = sandbox.asker
    await ana.send_photo(jpeg)
    reply = await ana.expect("grizzly")
    answer = await ana.press(reply, "Right")
    edited = await ana.expect(lambda message: message.keyboard is None)
    print(ana.transcript_text())

Everything a person does is an update to the bot; nothing waits for the bot but `press` and the `expect` family.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence

from bot.sandbox.events import CallbackAnswer, EventKind
from bot.sandbox.objects import Chat, Content, Message, User
from bot.sandbox.transcript import Entry, transcript
from bot.sandbox.world import World

TIMEOUT = 10.0  # seconds
ALBUM_SIZES = range(2, 11)

Expected = str | re.Pattern[str] | Callable[[Message], bool] | None
"""A part of the words, a pattern found in them, a test of the message, or None for any message."""


class NotSaid(AssertionError):
    """The bot did not say (or said) what was expected; the message shows the conversation so far."""


class Person:
    """One person in one chat: the private chat with the bot, or through `at` a group or a topic of it.

    `expect` reads the bot's messages and edits in this chat in order, each once. `messages` shows them all.
    """

    def __init__(self, world: World, user: User, chat: Chat, topic: int | None = None) -> None:
        self._world = world
        self.user = user
        self.chat = chat
        self._topic = topic
        self._read = 0  # how many of the bot's messages and edits `expect` has gone through

    def __repr__(self) -> str:
        return f"<Person {self.user.first_name} ({self.user.id}) in chat {self.chat.id}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.first_name

    def at(self, group: Chat, *, topic: int | None = None) -> "Person":
        """The same person in a group of which they are a member; reads what is said there from now on."""
        person = Person(self._world, self.user, group, topic)
        person.skip()
        return person

    # What a person does.

    async def send_text(self, text: str, *, reply_to: Message | None = None) -> Message:
        """Also commands: "/start"."""
        return self._say(Content(text=text), reply_to)

    async def send_photo(self, data: bytes, caption: str | None = None, *, reply_to: Message | None = None) -> Message:
        """Send picture bytes as a photo, recompressed as Telegram does; raises `files.NotAPicture`."""
        photo = await asyncio.to_thread(self._world.files.photo, data)
        return self._say(Content(photo=photo, caption=caption), reply_to)

    async def send_document(
        self,
        data: bytes,
        file_name: str,
        *,
        caption: str | None = None,
        mime_type: str | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Send any bytes as a file, untouched; the type is guessed from the name unless given."""
        document = await asyncio.to_thread(self._world.files.document, data, file_name, mime_type)
        return self._say(Content(document=document, caption=caption), reply_to)

    async def send_album(self, photos: Sequence[bytes], caption: str | None = None) -> list[Message]:
        """Send two to ten photos together; the caption belongs to the first."""
        if len(photos) not in ALBUM_SIZES:
            raise ValueError(f"an album has 2 to 10 photos, not {len(photos)}")
        sizes = [await asyncio.to_thread(self._world.files.photo, data) for data in photos]
        album = str(secrets.randbits(53))
        return [
            self._say(Content(photo=photo, caption=None if place else caption), None, album)
            for place, photo in enumerate(sizes)
        ]

    async def edit_text(self, message: Message, text: str) -> Message:
        return self._world.edit(self.user, self._now(message), Content(text=text))

    async def edit_caption(self, message: Message, caption: str | None) -> Message:
        content = self._now(message).content
        return self._world.edit(
            self.user, self._now(message), Content(caption=caption, photo=content.photo, document=content.document)
        )

    async def press(self, message: Message, button: str, *, timeout: float = TIMEOUT) -> CallbackAnswer:
        """Press the button with this text or callback data on the message as it is now; waits for the answer.

        Raises `ValueError` when there is no such button (any more), `NotSaid` when the bot does not answer.
        """
        now = self._now(message)
        found = now.keyboard.find(button) if now.keyboard else None
        if found is None or found.callback_data is None:
            labels = [one.text for row in now.keyboard.rows for one in row] if now.keyboard else []
            raise ValueError(f"no button {button!r} to press on message {now.message_id}; it has {labels}")
        with self._world.events.listen() as events:
            query_id = self._world.press(self.user, now, found.callback_data)
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        event = await events.get()
                        if event.answer is not None and event.answer.query_id == query_id:
                            return event.answer
            except TimeoutError:
                raise self._complaint(f"the bot did not answer the button {button!r} within {timeout:g} s") from None

    def block(self) -> None:
        """Block the bot; it can no longer write. Any message of this person, or `unblock`, lets it again."""
        self._world.block(self.user)

    def unblock(self) -> None:
        self._world.unblock(self.user)

    # What a person sees.

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the bot said to this chat, as it stands now, oldest first."""
        return tuple(message for message in self._world.messages(self.chat.id) if message.sender.is_bot)

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

    def _say(self, content: Content, reply_to: Message | None, album: str | None = None) -> Message:
        return self._world.say(
            self.user, self.chat.id, content, reply_to=reply_to, media_group_id=album, thread_id=self._topic
        )

    def _now(self, message: Message) -> Message:
        now = self._world.find(message.chat.id, message.message_id)
        if now is None:
            raise ValueError(f"message {message.message_id} was deleted")
        return now

    def _complaint(self, what: str) -> NotSaid:
        shown = self.transcript_text() or "(nothing was said)"
        unread = len(self._world.said(self.chat.id)) - self._read
        return NotSaid(f"{what}; the chat of {self.name} ({unread} unread):\n{shown}")


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
