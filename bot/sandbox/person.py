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
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox import groups
from bot.sandbox.events import CallbackAnswer
from bot.sandbox.files import Clip
from bot.sandbox.listening import TIMEOUT, Listener
from bot.sandbox.objects import Chat, Content, Message, User
from bot.sandbox.wire import Json
from bot.sandbox.world import World

ALBUM_SIZES = range(2, 11)


class Person(Listener):
    """One person in one chat: the private chat with the bot, or through `at` a group, a topic of it or a channel."""

    def __init__(
        self, world: World, user: User, chat: Chat, topic: int | None = None, behind: Chat | None = None
    ) -> None:
        super().__init__(world, user, chat)
        self.topic = topic
        self._behind = behind

    def __repr__(self) -> str:
        return f"<Person {self.user.first_name} ({self.user.id}) in chat {self.chat.id}>"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.first_name

    def at(self, group: Chat, *, topic: int | None = None, behind: Chat | None = None) -> "Person":
        """The same person in a group or channel that they are in; reads what is said there from now on.

        `behind` a chat they speak in its name: the group itself (as an anonymous admin), or a channel of theirs.
        """
        if topic is not None:
            self._world.topics[group.id].setdefault(topic, None)
        person = Person(self._world, self.user, group, topic, behind)
        person.skip()
        return person

    # What a person sends.

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

    async def send_sticker(self, data: bytes, emoji: str = "🐻", *, reply_to: Message | None = None) -> Message:
        """Send a picture, TGS or WebM bytes as a sticker; raises `files.NotAPicture`."""
        return self._say(Content(sticker=await asyncio.to_thread(self._world.files.sticker, data, emoji)), reply_to)

    async def send_animation(self, clip: Clip, caption: str | None = None) -> Message:
        """Send a GIF, or a video without sound: an animation, which is a document as well."""
        return self._say(Content(animation=await asyncio.to_thread(self._world.files.animation, clip), caption=caption))

    async def send_video(self, clip: Clip, caption: str | None = None) -> Message:
        return self._say(Content(video=await asyncio.to_thread(self._world.files.video, clip), caption=caption))

    async def send_voice(self, data: bytes, seconds: int = 2) -> Message:
        return self._say(Content(voice=self._world.files.voice(data, seconds)))

    async def send_other(self, kind: str, payload: Any) -> Message:
        """Send what the sandbox has no words for, as that field of Message: a location, a dice, a service message."""
        return self._say(Content(others={kind: payload}))

    async def send_album(
        self, items: Sequence[bytes | Clip], caption: str | None = None, *, reply_to: Message | None = None
    ) -> list[Message]:
        """Send two to ten photos and videos together; the caption belongs to the first."""
        contents = [
            Content(video=await asyncio.to_thread(self._world.files.video, item))
            if isinstance(item, Clip)
            else Content(photo=await asyncio.to_thread(self._world.files.photo, item))
            for item in items
        ]
        return self._say_together(contents, caption, reply_to)

    async def send_documents(
        self, files: Sequence[tuple[bytes, str]], caption: str | None = None, *, reply_to: Message | None = None
    ) -> list[Message]:
        """Send two to ten files (bytes and name) together."""
        documents = [await asyncio.to_thread(self._world.files.document, data, name) for data, name in files]
        return self._say_together([Content(document=document) for document in documents], caption, reply_to)

    async def forward(self, message: Message) -> Message:
        """Forward a message; its photo keeps its file_unique_id."""
        origin: Json = {
            "type": "user",
            "sender_user": message.sender.to_json(),
            "date": int(message.date.timestamp()),
        }
        content = self._now(message).content
        return self._say(replace(content, origin=content.origin or origin))

    # What a person does with messages.

    async def edit_text(self, message: Message, text: str) -> Message:
        return self._world.edit(self.user, self._now(message), Content(text=text))

    async def edit_caption(self, message: Message, caption: str | None) -> Message:
        now = self._now(message)
        return self._world.edit(self.user, now, replace(now.content, caption=caption, entities=()))

    async def edit_photo(self, message: Message, data: bytes) -> Message:
        """Put another photo in the place of what the message showed; the caption stays."""
        photo = await asyncio.to_thread(self._world.files.photo, data)
        now = self._now(message)
        return self._world.edit(self.user, now, Content(photo=photo, caption=now.caption))

    def delete(self, message: Message) -> None:
        """Delete a message for both sides; the bot is not told, and can no longer quote or edit it."""
        self._world.delete(self._now(message))

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

    # What a person does with the group that they are in.

    def open_topic(self, name: str) -> "Person":
        """Open a topic of a forum; returns this person in it."""
        return self.at(self.chat, topic=groups.open_topic(self._world, self.user, self.chat, name))

    def join(self, group: Chat) -> "Person":
        """Become a member; returns this person there."""
        groups.join(self._world, self.user, group)
        return self.at(group)

    def leave(self) -> None:
        groups.leave(self._world, self.user, self.chat)

    async def change_group_photo(self, data: bytes) -> Message:
        photo = await asyncio.to_thread(self._world.files.photo, data)
        return groups.change_photo(self._world, self.user, self.chat, photo)

    def remove_bot(self) -> None:
        groups.bot_is_removed(self._world, self.user, self.chat)

    def add_bot(self) -> None:
        groups.bot_is_added(self._world, self.user, self.chat)

    def _say(self, content: Content, reply_to: Message | None = None, album: str | None = None) -> Message:
        return self._world.say(
            self.user,
            self.chat.id,
            content,
            reply_to=reply_to,
            media_group_id=album,
            thread_id=self.topic,
            behind=self._behind,
        )

    def _say_together(
        self, contents: Sequence[Content], caption: str | None, reply_to: Message | None
    ) -> list[Message]:
        if len(contents) not in ALBUM_SIZES:
            raise ValueError(f"an album has 2 to 10 photos, not {len(contents)}")
        album = str(secrets.randbits(53))
        return [
            self._say(replace(content, caption=None if place else caption), reply_to, album)
            for place, content in enumerate(contents)
        ]

    def _now(self, message: Message) -> Message:
        now = self._world.find(message.chat.id, message.message_id)
        if now is None:
            raise ValueError(f"message {message.message_id} was deleted")
        return now
