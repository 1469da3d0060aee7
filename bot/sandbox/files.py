"""The files that went through the sandbox, in memory, addressed as Telegram does."""

import base64
import hashlib
import io
import mimetypes
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from PIL import Image, ImageOps

from bot.sandbox.errors import BadRequest
from bot.sandbox.media import Document, PhotoSize, Sticker, Video, Voice

DOWNLOAD_LIMIT = 20_000_000  # bytes a bot may fetch through getFile
SIDES = (90, 320, 800, 1280)  # longest side of Telegram's photo sizes s, m, x, y
_TGS, _WEBM = b"\x1f\x8b", b"\x1aE\xdf\xa3"  # how animated and video stickers begin
PIXELS = 120_000_000  # no phone sends more; beyond it a picture is not decoded


class NotAPicture(ValueError):
    """These bytes cannot be sent as a photo, only as a document."""


class FileKind(StrEnum):
    """Valued by the folder in which Telegram keeps them."""

    PHOTO = "photos"
    DOCUMENT = "documents"
    STICKER = "stickers"
    ANIMATION = "animations"
    VIDEO = "videos"
    VOICE = "voice"


# How ids begin, by which people who read logs tell them apart.
_PREFIXES = {
    FileKind.PHOTO: "AgACAgI",
    FileKind.DOCUMENT: "BQACAgI",
    FileKind.STICKER: "CAACAgI",
    FileKind.ANIMATION: "CgACAgI",
    FileKind.VIDEO: "BAACAgI",
    FileKind.VOICE: "AwACAgI",
}


@dataclass(frozen=True)
class Clip:
    """A video as people pick it; the sandbox does not decode it, so it is told how large and how long it is."""

    data: bytes
    file_name: str = "video.mp4"
    seconds: int = 3
    width: int = 640
    height: int = 360
    poster: bytes | None = None  # a picture for its thumbnail


@dataclass(frozen=True)
class StoredFile:
    kind: FileKind
    file_id: str
    file_unique_id: str
    path: str  # as in getFile's file_path
    mime_type: str
    data: bytes


class FileStore:
    """Identical bytes of one kind are one file: their ids are stable, also from one run to the next."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._photos: dict[bytes, tuple[PhotoSize, ...]] = {}
        self._sizes: dict[str, tuple[PhotoSize, ...]] = {}
        self._documents: dict[str, Document] = {}
        self._lock = threading.Lock()  # pictures are recompressed in threads; two must not get one path

    def photo(self, data: bytes) -> tuple[PhotoSize, ...]:
        """Recompress a picture into Telegram's sizes, smallest first; raises `NotAPicture`."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._photos:
            picture = _open(data)
            largest = max(picture.size)
            sides = [*(side for side in SIDES[:-1] if side < largest), min(largest, SIDES[-1])]
            sizes = tuple(self._size(picture, side) for side in sides)
            self._photos[digest] = sizes
            self._sizes.update({size.file_id: sizes for size in sizes})
        return self._photos[digest]

    def document(self, data: bytes, file_name: str, mime_type: str | None = None) -> Document:
        """Keep bytes as they are; a picture gets a thumbnail."""
        mime_type = mime_type or mimetypes.guess_type(file_name)[0] or "application/octet-stream"
        stored = self._add(FileKind.DOCUMENT, data, PurePosixPath(file_name).suffix, mime_type)
        try:
            thumbnail = self._size(_open(data), 320) if mime_type.startswith("image/") else None
        except NotAPicture:
            thumbnail = None
        document = Document(stored.file_id, stored.file_unique_id, file_name, mime_type, len(data), thumbnail)
        self._documents[stored.file_id] = document
        return document

    def sticker(self, data: bytes, emoji: str) -> Sticker:
        """A picture becomes a WebP of 512 pixels; TGS (gzip) and WebM bytes stay; raises `NotAPicture` for others."""
        if data.startswith(_TGS):
            return self._sticker(data, (512, 512), emoji, ".tgs", is_animated=True)
        if data.startswith(_WEBM):
            return self._sticker(data, (512, 512), emoji, ".webm", is_video=True)
        picture = _open(data, keep_alpha=True)
        picture.thumbnail((512, 512), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=90)
        return self._sticker(buffer.getvalue(), picture.size, emoji, ".webp")

    def animation(self, clip: Clip) -> Video:
        """A GIF or a video without sound; most GIFs become MP4 on Telegram, but not those that some clients send."""
        return self._video(FileKind.ANIMATION, clip)

    def video(self, clip: Clip) -> Video:
        return self._video(FileKind.VIDEO, clip)

    def voice(self, data: bytes, seconds: int) -> Voice:
        stored = self._add(FileKind.VOICE, data, ".oga", "audio/ogg")
        return Voice(stored.file_id, stored.file_unique_id, seconds, stored.mime_type, len(data))

    def photo_by_id(self, file_id: str) -> tuple[PhotoSize, ...]:
        self._check(file_id, FileKind.PHOTO)
        return self._sizes[file_id] if file_id in self._sizes else self.photo(self._by_id[file_id].data)

    def document_by_id(self, file_id: str) -> Document:
        self._check(file_id, FileKind.DOCUMENT)
        return self._documents[file_id]

    def get(self, file_id: str) -> StoredFile:
        """Raises `BadRequest` for an id that no file has."""
        if file_id not in self._by_id:
            raise BadRequest("invalid file_id")
        return self._by_id[file_id]

    def at(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)

    def _check(self, file_id: str, kind: FileKind) -> None:
        if file_id.startswith(("http://", "https://")):
            raise BadRequest("failed to get HTTP URL content")  # the sandbox fetches nothing from outside
        if file_id not in self._by_id:
            raise BadRequest("wrong file identifier/HTTP URL specified")
        if self._by_id[file_id].kind is not kind:
            raise BadRequest("type of file mismatch")

    def _sticker(
        self,
        data: bytes,
        size: tuple[int, int],
        emoji: str,
        suffix: str,
        *,
        is_animated: bool = False,
        is_video: bool = False,
    ) -> Sticker:
        mime_type = {".webp": "image/webp", ".webm": "video/webm"}.get(suffix, "application/x-tgsticker")
        stored = self._add(FileKind.STICKER, data, suffix, mime_type)
        return Sticker(
            stored.file_id, stored.file_unique_id, *size, len(data), emoji, is_animated=is_animated, is_video=is_video
        )

    def _video(self, kind: FileKind, clip: Clip) -> Video:
        mime_type = mimetypes.guess_type(clip.file_name)[0] or "video/mp4"
        stored = self._add(kind, clip.data, PurePosixPath(clip.file_name).suffix, mime_type)
        return Video(
            stored.file_id,
            stored.file_unique_id,
            clip.width,
            clip.height,
            clip.seconds,
            clip.file_name,
            mime_type,
            len(clip.data),
            self._size(_open(clip.poster), 320) if clip.poster else None,
        )

    def _size(self, picture: Image.Image, side: int) -> PhotoSize:
        small = picture.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=87)
        stored = self._add(FileKind.PHOTO, buffer.getvalue(), ".jpg", "image/jpeg")
        return PhotoSize(stored.file_id, stored.file_unique_id, small.width, small.height, len(stored.data))

    def _add(self, kind: FileKind, data: bytes, suffix: str, mime_type: str) -> StoredFile:
        digest = hashlib.sha256(kind.encode() + data).digest()
        file_id = _PREFIXES[kind] + _letters(digest)
        with self._lock:
            if file_id not in self._by_id:
                path = f"{kind.value}/file_{len(self._by_id)}{suffix if suffix.isascii() else ''}"
                unique_id = ("AQAD" if kind is FileKind.PHOTO else "AgAD") + _letters(digest[:9])
                stored = StoredFile(kind, file_id, unique_id, path, mime_type, data)
                self._by_id[file_id] = self._by_path[path] = stored
            return self._by_id[file_id]


def _letters(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _open(data: bytes, *, keep_alpha: bool = False) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height > PIXELS:
            raise NotAPicture(f"{picture.width} x {picture.height} pixels are too many for a photo")
        picture.draft("RGB", (2 * SIDES[-1], 2 * SIDES[-1]))  # a JPEG is decoded at a fraction of its size
        upright = ImageOps.exif_transpose(picture)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            layer = upright.convert("RGBA")
            if keep_alpha:
                return layer
            ground = Image.new("RGB", layer.size, "white")
            ground.paste(layer, mask=layer.getchannel("A"))
            return ground
        bare = upright.convert("RGB")
        bare.info.clear()  # Telegram passes on no comments, profiles or places
        return bare
    except (
        OSError,
        SyntaxError,  # what PIL raises for some broken headers
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise NotAPicture("not a picture that can be read; it can be sent as a file") from error
