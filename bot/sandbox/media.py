"""The Bot API's objects for what was sent as a file: photos, documents, stickers, animations, videos, voices."""

from dataclasses import dataclass

from bot.sandbox.wire import Json, present


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
        return present(
            file_id=self.file_id,
            file_unique_id=self.file_unique_id,
            file_name=self.file_name,
            mime_type=self.mime_type,
            file_size=self.file_size,
            thumbnail=self.thumbnail.to_json() if self.thumbnail else None,
        )


@dataclass(frozen=True)
class Sticker:
    """A picture (WebP), an animation (TGS, a packed Lottie) or a short video (WebM)."""

    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int
    emoji: str
    is_animated: bool = False
    is_video: bool = False

    def to_json(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "type": "regular",
            "width": self.width,
            "height": self.height,
            "is_animated": self.is_animated,
            "is_video": self.is_video,
            "emoji": self.emoji,
            "set_name": "bears_of_the_sandbox",
            "file_size": self.file_size,
        }


@dataclass(frozen=True)
class Video:
    """A video, or an animation (a video without sound, or a GIF), which has the same fields."""

    file_id: str
    file_unique_id: str
    width: int
    height: int
    duration: int  # seconds
    file_name: str
    mime_type: str
    file_size: int
    thumbnail: PhotoSize | None = None

    def to_json(self) -> Json:
        return present(
            file_id=self.file_id,
            file_unique_id=self.file_unique_id,
            width=self.width,
            height=self.height,
            duration=self.duration,
            file_name=self.file_name,
            mime_type=self.mime_type,
            file_size=self.file_size,
            thumbnail=self.thumbnail.to_json() if self.thumbnail else None,
        )

    def as_document(self) -> Document:
        """What an animation is as well, for clients that do not know animations."""
        return Document(
            self.file_id, self.file_unique_id, self.file_name, self.mime_type, self.file_size, self.thumbnail
        )


@dataclass(frozen=True)
class Voice:
    file_id: str
    file_unique_id: str
    duration: int  # seconds
    mime_type: str
    file_size: int

    def to_json(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "duration": self.duration,
            "mime_type": self.mime_type,
            "file_size": self.file_size,
        }
