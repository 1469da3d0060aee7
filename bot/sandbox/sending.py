"""Bot API methods by which the bot sends: texts, photos, documents, albums, and that it is busy."""

import asyncio
import io
import secrets
from typing import Any

from PIL import Image

from bot.sandbox.arguments import caption_words, keyboard, reply_target, target_chat, text_words, thread
from bot.sandbox.errors import BadRequest
from bot.sandbox.files import NotAPicture
from bot.sandbox.objects import Content
from bot.sandbox.parameters import Parameters, Upload
from bot.sandbox.wire import Json
from bot.sandbox.world import World

PHOTO_LIMIT = 10 * 1024 * 1024  # bytes
SIDES_LIMIT = 10_000  # width plus height in pixels
RATIO_LIMIT = 20
ALBUM_LIMIT = 10
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "upload_document",
        "upload_video",
        "upload_video_note",
        "upload_voice",
        "record_video",
        "record_video_note",
        "record_voice",
        "choose_sticker",
        "find_location",
    }
)


async def send_message(world: World, parameters: Parameters) -> Json:
    chat = target_chat(world, parameters)
    text, marks = text_words(parameters)
    return world.post(
        chat,
        Content(text=text, entities=marks),
        reply_to=reply_target(world, parameters, chat),
        keyboard=keyboard(parameters),
        thread_id=thread(world, parameters, chat),
    ).to_json()


async def send_photo(world: World, parameters: Parameters) -> Json:
    return await _send_file(world, parameters, "photo")


async def send_document(world: World, parameters: Parameters) -> Json:
    return await _send_file(world, parameters, "document")


async def send_media_group(world: World, parameters: Parameters) -> list[Json]:
    chat = target_chat(world, parameters)
    media: Any = parameters.json("media", "media")
    if not isinstance(media, list) or not media:
        raise BadRequest("there are no messages to send")
    if len(media) > ALBUM_LIMIT:
        raise BadRequest("too many messages to send as an album")
    contents = [await media_content(world, parameters, one) for one in media]
    if len({bool(content.photo) for content in contents}) > 1:
        raise BadRequest("document can't be mixed with other media types")
    reply_to, thread_id = reply_target(world, parameters, chat), thread(world, parameters, chat)
    album = str(secrets.randbits(53)) if len(contents) > 1 else None
    return [
        world.post(chat, content, reply_to=reply_to, media_group_id=album, thread_id=thread_id).to_json()
        for content in contents
    ]


async def send_chat_action(world: World, parameters: Parameters) -> bool:
    chat = target_chat(world, parameters)
    action = parameters.text("action")
    if action not in ACTIONS:
        raise BadRequest("wrong parameter action in request")
    world.act(chat, action)
    return True


async def media_content(world: World, parameters: Parameters, media: Any) -> Content:
    """The content that an InputMediaPhoto or InputMediaDocument describes."""
    if not isinstance(media, dict):
        raise BadRequest("can't parse InputMedia: expected an Object")
    kind, value = media.get("type"), media.get("media")
    if kind not in ("photo", "document"):
        raise BadRequest(f"type {kind!r} of InputMedia is not one that the sandbox knows: photo, document")
    if not isinstance(value, str):
        raise BadRequest("can't parse InputMedia: Can't find field \"media\"")
    words = {name: media[name] for name in ("caption", "parse_mode") if isinstance(media.get(name), str)}
    caption, marks = caption_words(Parameters(words, {}))
    return await _file_content(world, str(kind), parameters.attached(value), caption, marks)


async def _send_file(world: World, parameters: Parameters, kind: str) -> Json:
    chat = target_chat(world, parameters)
    given = parameters.file(kind)
    if given is None:
        raise BadRequest(f"there is no {kind} in the request")
    caption, marks = caption_words(parameters)
    return world.post(
        chat,
        await _file_content(world, kind, given, caption, marks),
        reply_to=reply_target(world, parameters, chat),
        keyboard=keyboard(parameters),
        thread_id=thread(world, parameters, chat),
    ).to_json()


async def _file_content(
    world: World, kind: str, given: str | Upload | None, caption: str | None, marks: Any
) -> Content:
    if isinstance(given, Upload) and not given.data:
        raise BadRequest("file must be non-empty")
    if kind == "document":
        if isinstance(given, Upload):
            document = await asyncio.to_thread(world.files.document, given.data, given.file_name, given.mime_type)
        else:
            document = world.files.document_by_id(given or "")
        return Content(document=document, caption=caption, entities=marks)
    if not isinstance(given, Upload):
        return Content(photo=world.files.photo_by_id(given or ""), caption=caption, entities=marks)
    if len(given.data) > PHOTO_LIMIT:
        raise BadRequest(
            f"file of size {len(given.data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    try:
        with Image.open(io.BytesIO(given.data)) as picture:
            width, height = picture.size
        if width + height > SIDES_LIMIT or max(width, height) > RATIO_LIMIT * min(width, height):
            raise BadRequest("PHOTO_INVALID_DIMENSIONS")
        photo = await asyncio.to_thread(world.files.photo, given.data)
    except (NotAPicture, OSError, SyntaxError, ValueError) as error:
        raise BadRequest("IMAGE_PROCESS_FAILED") from error
    return Content(photo=photo, caption=caption, entities=marks)
