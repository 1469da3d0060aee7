"""The Bot API's objects as far as the sandbox has them; `to_json` gives what goes over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.sandbox.entities import Entity, merged
from bot.sandbox.media import Document, PhotoSize, Sticker, Video, Voice
from bot.sandbox.wire import Json, present


class ChatType(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


@dataclass(frozen=True)
class User:
    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False

    def to_json(self) -> Json:
        return present(
            id=self.id,
            is_bot=self.is_bot,
            first_name=self.first_name,
            username=self.username,
            language_code=None if self.is_bot else self.language_code,
        )


# Who a message is from when a chat wrote it: Telegram puts these in the place of a user.
GROUP_ANONYMOUS_BOT = User(1087968824, "Group", "GroupAnonymousBot", is_bot=True)
CHANNEL_BOT = User(136817688, "Channel", "Channel_Bot", is_bot=True)

TOPIC_OPENED = "forum_topic_created"  # the field of the message that opens a topic


@dataclass(frozen=True)
class Chat:
    id: int
    type: ChatType
    title: str | None = None
    first_name: str | None = None
    username: str | None = None
    is_forum: bool = False

    def to_json(self) -> Json:
        return present(
            id=self.id,
            type=self.type.value,
            title=self.title,
            first_name=self.first_name,
            username=self.username,
            is_forum=self.is_forum or None,
        )


@dataclass(frozen=True)
class Command:
    """One line of a bot's command menu."""

    command: str
    description: str

    def to_json(self) -> Json:
        return {"command": self.command, "description": self.description}


@dataclass(frozen=True)
class Button:
    """One inline button: exactly one of `callback_data` and `url`."""

    text: str
    callback_data: str | None = None
    url: str | None = None

    def to_json(self) -> Json:
        return present(text=self.text, callback_data=self.callback_data, url=self.url)


@dataclass(frozen=True)
class InlineKeyboard:
    rows: tuple[tuple[Button, ...], ...]

    def to_json(self) -> Json:
        return {"inline_keyboard": [[button.to_json() for button in row] for row in self.rows]}

    def find(self, wanted: str) -> Button | None:
        """The first button with this text or this callback data."""
        buttons = [button for row in self.rows for button in row]
        return next((button for button in buttons if wanted in (button.text, button.callback_data)), None)


@dataclass(frozen=True)
class Content:
    """What a message shows: a text, or one kind of file with an optional caption, or something else.

    `others` are fields of Message that the sandbox only passes on: a location, a dice, what a service message tells.
    `origin` is a MessageOrigin: whose message was forwarded.
    """

    text: str | None = None
    caption: str | None = None
    photo: tuple[PhotoSize, ...] = ()
    document: Document | None = None
    sticker: Sticker | None = None
    animation: Video | None = None
    video: Video | None = None
    voice: Voice | None = None
    entities: tuple[Entity, ...] = ()  # what the sender marked in the text or caption
    others: Mapping[str, Any] = field(default_factory=dict)
    origin: Json | None = None

    @property
    def words(self) -> str:
        return self.text or self.caption or ""

    def to_json(self) -> Json:
        marked = [entity.to_json() for entity in merged(self.words, self.entities)] or None
        document = self.animation.as_document() if self.animation else self.document
        return present(
            forward_origin=self.origin,
            text=self.text,
            entities=marked if self.text else None,
            photo=[size.to_json() for size in self.photo] or None,
            document=document.to_json() if document else None,
            sticker=self.sticker.to_json() if self.sticker else None,
            animation=self.animation.to_json() if self.animation else None,
            video=self.video.to_json() if self.video else None,
            voice=self.voice.to_json() if self.voice else None,
            caption=self.caption,
            caption_entities=marked if self.caption else None,
            **self.others,
        )


@dataclass(frozen=True)
class Message:
    message_id: int
    chat: Chat
    sender: User
    date: datetime
    content: Content
    reply_to: "Message | None" = None
    keyboard: InlineKeyboard | None = None
    media_group_id: str | None = None
    thread_id: int | None = None
    sender_chat: Chat | None = None  # the chat that wrote it, if no person did
    edit_date: datetime | None = field(default=None, compare=False)

    @property
    def text(self) -> str | None:
        return self.content.text

    @property
    def caption(self) -> str | None:
        return self.content.caption

    @property
    def words(self) -> str:
        """The text or the caption, whichever the message has; "" if neither."""
        return self.content.words

    def to_json(self, *, quoted: bool = False) -> Json:
        """As Telegram sends it; a quoted message does not quote in turn, and posts in channels name no person."""
        return present(
            message_id=self.message_id,
            # In a group without topics it is the first message of a chain of replies, and no topic.
            message_thread_id=self.thread_id,
            is_topic_message=True if self.thread_id and self.chat.is_forum else None,
            **{"from": None if self.chat.type is ChatType.CHANNEL else self.sender.to_json()},
            sender_chat=self.sender_chat.to_json() if self.sender_chat else None,
            chat=self.chat.to_json(),
            date=int(self.date.timestamp()),
            edit_date=int(self.edit_date.timestamp()) if self.edit_date else None,
            media_group_id=self.media_group_id,
            reply_to_message=self.reply_to.to_json(quoted=True) if self.reply_to and not quoted else None,
            **self.content.to_json(),
            reply_markup=self.keyboard.to_json() if self.keyboard else None,
        )
