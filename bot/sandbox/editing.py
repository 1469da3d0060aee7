"""Bot API methods by which the bot changes or takes back what it sent, and answers pressed buttons."""

from dataclasses import replace
from typing import Any

from bot.sandbox.arguments import caption_words, keyboard, own_message, target_chat, text_words
from bot.sandbox.errors import BadRequest
from bot.sandbox.events import CallbackAnswer
from bot.sandbox.objects import ChatType, Content, InlineKeyboard, Message
from bot.sandbox.parameters import Parameters
from bot.sandbox.sending import media_content
from bot.sandbox.wire import Json
from bot.sandbox.world import World

ANSWER_LIMIT = 200  # characters of a toast or alert


async def edit_message_text(world: World, parameters: Parameters) -> Json:
    message = own_message(world, parameters)
    if message.text is None:
        raise BadRequest("there is no text in the message to edit")
    text, marks = text_words(parameters)
    return _change(world, message, Content(text=text, entities=marks), keyboard(parameters))


async def edit_message_caption(world: World, parameters: Parameters) -> Json:
    message = own_message(world, parameters)
    if message.text is not None:
        raise BadRequest("there is no caption in the message to edit")
    caption, marks = caption_words(parameters)
    return _change(world, message, replace(message.content, caption=caption, entities=marks), keyboard(parameters))


async def edit_message_reply_markup(world: World, parameters: Parameters) -> Json:
    message = own_message(world, parameters)
    return _change(world, message, message.content, keyboard(parameters))


async def edit_message_media(world: World, parameters: Parameters) -> Json:
    message = own_message(world, parameters)
    media: Any = parameters.json("media", "media")
    if media is None:
        raise BadRequest("input media is not specified")
    return _change(world, message, await media_content(world, parameters, media), keyboard(parameters))


async def delete_message(world: World, parameters: Parameters) -> bool:
    chat = target_chat(world, parameters)
    message_id = parameters.integer("message_id")
    if message_id <= 0:
        raise BadRequest("message identifier is not specified")
    message = world.find(chat.id, message_id)
    if message is None:
        raise BadRequest("message to delete not found")
    if message.sender.id != world.bot.id and chat.type is not ChatType.PRIVATE:
        raise BadRequest("message can't be deleted")  # the bot is no administrator of the sandbox's groups
    world.delete(message)
    return True


async def answer_callback_query(world: World, parameters: Parameters) -> bool:
    text = parameters.text("text")
    if text is not None and len(text) > ANSWER_LIMIT:
        raise BadRequest("MESSAGE_TOO_LONG")
    query_id = parameters.text("callback_query_id") or ""
    world.answer(CallbackAnswer(query_id, text, parameters.flag("show_alert"), parameters.text("url")))
    return True


def _change(world: World, message: Message, content: Content, buttons: InlineKeyboard | None) -> Json:
    # An edit without a keyboard takes the buttons away: Telegram does so too.
    if content == message.content and buttons == message.keyboard:
        raise BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    return world.change(message, content, buttons).to_json()
