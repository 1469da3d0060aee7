"""The Bot API's objects as far as the sandbox has them; `to_json` gives what goes over the wire."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.sandbox.entities import Entity, merged

Json = dict[str, Any]


class ChatType(StrEnum):
    PRIVATE = "private"
    SUPERGROUP = "supergroup"


@dataclass(frozen=True)
class User:
    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False

    def to_json(self) -> Json:
        return _present(
            id=self.id,
            is_bot=self.is_bot,
            first_name=self.first_name,
            username=self.username,
            language_code=None if self.is_bot else self.language_code,
        )


@dataclass(frozen=True)
class Chat:
    id: int
    type: ChatType
    title: str | None = None
    first_name: str | None = None
    username: str | None = None
    is_forum: bool = False

    def to_json(self) -> Json:
        return _present(
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
class PhotoSize:
    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int

    def to_json(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "width": self.width,
            "height": self.height,
            "file_size": self.file_size,
        }


@dataclass(frozen=True)
class Document:
    file_id: str
    file_unique_id: str
    file_name: str
    mime_type: str
    file_size: int
    thumbnail: PhotoSize | None = None

    def to_json(self) -> Json:
        return _present(
            file_id=self.file_id,
            file_unique_id=self.file_unique_id,
            file_name=self.file_name,
            mime_type=self.mime_type,
            file_size=self.file_size,
            thumbnail=self.thumbnail.to_json() if self.thumbnail else None,
        )


@dataclass(frozen=True)
class Button:
    """One inline button: exactly one of `callback_data` and `url`."""

    text: str
    callback_data: str | None = None
    url: str | None = None

    def to_json(self) -> Json:
        return _present(text=self.text, callback_data=self.callback_data, url=self.url)


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
    """What a message shows: a text, or a photo or a document with an optional caption."""

    text: str | None = None
    caption: str | None = None
    photo: tuple[PhotoSize, ...] = ()
    document: Document | None = None
    entities: tuple[Entity, ...] = ()  # what the sender marked in the text or caption

    @property
    def words(self) -> str:
        return self.text or self.caption or ""


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
        """As Telegram sends it; a quoted message does not quote in turn."""
        content = self.content
        marked = [entity.to_json() for entity in merged(content.words, content.entities)] or None
        return _present(
            message_id=self.message_id,
            message_thread_id=self.thread_id,
            is_topic_message=True if self.thread_id else None,
            **{"from": self.sender.to_json()},
            chat=self.chat.to_json(),
            date=int(self.date.timestamp()),
            edit_date=int(self.edit_date.timestamp()) if self.edit_date else None,
            media_group_id=self.media_group_id,
            reply_to_message=self.reply_to.to_json(quoted=True) if self.reply_to and not quoted else None,
            text=content.text,
            entities=marked if content.text else None,
            photo=[size.to_json() for size in content.photo] or None,
            document=content.document.to_json() if content.document else None,
            caption=content.caption,
            caption_entities=marked if content.caption else None,
            reply_markup=self.keyboard.to_json() if self.keyboard else None,
        )


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
