"""What a person sends from the chat page: words, photos and videos (several go together), files as they are."""

from collections.abc import Sequence

from bot.sandbox.files import Clip
from bot.sandbox.objects import Message
from bot.sandbox.parameters import Upload
from bot.sandbox.person import ALBUM_SIZES, Person


async def say(
    person: Person, text: str | None, uploads: Sequence[Upload], *, as_files: bool, quoted: Message | None
) -> None:
    """Send it as Telegram's clients would; raises `NotAPicture`, or `ValueError` where there is nothing to send."""
    if not uploads:
        if text is None:
            raise ValueError("there is nothing to send")
        await person.send_text(text, reply_to=quoted)
        return
    most = ALBUM_SIZES[-1]
    for start in range(0, len(uploads), most):
        caption = text if start == 0 else None
        together = uploads[start : start + most]
        if as_files:
            await _send_files(person, together, caption, quoted)
        else:
            await _send_media(person, together, caption, quoted)


async def _send_files(person: Person, uploads: Sequence[Upload], caption: str | None, quoted: Message | None) -> None:
    if len(uploads) == 1:
        (upload,) = uploads
        await person.send_document(
            upload.data, upload.file_name, caption=caption, mime_type=upload.mime_type, reply_to=quoted
        )
    else:
        await person.send_documents([(upload.data, upload.file_name) for upload in uploads], caption, reply_to=quoted)


async def _send_media(person: Person, uploads: Sequence[Upload], caption: str | None, quoted: Message | None) -> None:
    if len(uploads) > 1:
        items = [_clip(upload) if _is_video(upload) else upload.data for upload in uploads]
        await person.send_album(items, caption, reply_to=quoted)
        return
    (upload,) = uploads
    if upload.mime_type == "image/gif":
        await person.send_animation(_clip(upload), caption)
    elif _is_video(upload):
        await person.send_video(_clip(upload), caption)
    else:
        await person.send_photo(upload.data, caption, reply_to=quoted)


def _is_video(upload: Upload) -> bool:
    return (upload.mime_type or "").startswith("video/")


def _clip(upload: Upload) -> Clip:
    return Clip(upload.data, upload.file_name)
