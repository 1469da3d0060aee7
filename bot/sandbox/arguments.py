"""What several Bot API methods ask for: a chat, a message, words with their marks, a quoted message, a keyboard."""

from typing import Any

from bot.sandbox.entities import Entity, utf16
from bot.sandbox.errors import BadRequest
from bot.sandbox.markup import parse, trimmed
from bot.sandbox.objects import Button, Chat, InlineKeyboard, Message
from bot.sandbox.parameters import Parameters
from bot.sandbox.world import World

TEXT_LIMIT = 4096  # UTF-16 units of a message, after its marks are parsed
CAPTION_LIMIT = 1024
BUTTON_DATA_LIMIT = 64  # bytes
BUTTONS_LIMIT = 100

Words = tuple[str, tuple[Entity, ...]]


def target_chat(world: World, parameters: Parameters) -> Chat:
    """The chat the bot wants to write to or read about."""
    given = parameters.text("chat_id")
    if given is None:
        raise BadRequest("chat_id is empty")
    try:
        return world.reach(int(given))
    except ValueError:
        raise BadRequest("chat not found") from None  # a name, which no chat of the sandbox has


def own_message(world: World, parameters: Parameters) -> Message:
    """The bot's own message that an edit is about."""
    chat = target_chat(world, parameters)
    message_id = parameters.integer("message_id")
    if message_id <= 0:
        raise BadRequest("message identifier is not specified")
    message = world.find(chat.id, message_id)
    if message is None:
        raise BadRequest("message to edit not found")
    if message.sender.id != world.bot.id:
        raise BadRequest("message can't be edited")
    return message


def text_words(parameters: Parameters) -> Words:
    text, marks = _words(parameters, "text", "entities")
    if not text:
        raise BadRequest("message text is empty")
    if utf16(text) > TEXT_LIMIT:
        raise BadRequest("message is too long")
    return text, marks


def caption_words(parameters: Parameters) -> tuple[str | None, tuple[Entity, ...]]:
    text, marks = _words(parameters, "caption", "caption_entities")
    if utf16(text) > CAPTION_LIMIT:
        raise BadRequest("message caption is too long")
    return text or None, marks


def reply_target(world: World, parameters: Parameters, chat: Chat) -> Message | None:
    """The message to quote; None when none is wanted, or when it is gone and the bot said that it may be."""
    wanted: Any = parameters.json("reply_parameters", "reply parameters")
    if wanted is None:
        message_id = parameters.integer("reply_to_message_id")
        may_be_gone = parameters.flag("allow_sending_without_reply")
    elif isinstance(wanted, dict) and isinstance(wanted.get("message_id"), int | str):
        message_id = _integer(wanted["message_id"])
        may_be_gone = wanted.get("allow_sending_without_reply") is True
        if "chat_id" in wanted and str(wanted["chat_id"]) != str(chat.id):
            raise BadRequest("the sandbox quotes only messages of the same chat")
    else:
        raise BadRequest("can't parse reply parameters JSON object")
    if message_id == 0:
        return None
    message = world.find(chat.id, message_id)
    if message is None and not may_be_gone:
        raise BadRequest("message to be replied not found")
    return message


def thread(world: World, parameters: Parameters, chat: Chat) -> int | None:
    """The topic of a forum to write in."""
    thread_id = parameters.integer("message_thread_id")
    if thread_id and thread_id not in world.topics.get(chat.id, {}):
        raise BadRequest("message thread not found")
    return thread_id or None


def keyboard(parameters: Parameters) -> InlineKeyboard | None:
    """The inline keyboard of reply_markup, checked as Telegram does."""
    markup: Any = parameters.json("reply_markup", "reply keyboard markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise BadRequest("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if markup.get("remove_keyboard") or markup.get("force_reply"):
            return None  # valid, and nothing that the sandbox's people would see
        raise BadRequest("the sandbox knows inline keyboards only")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequest('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays')
    buttons = tuple(tuple(_button(button) for button in row) for row in rows if row)
    if sum(len(row) for row in buttons) > BUTTONS_LIMIT:
        raise BadRequest("reply markup is too long")
    return InlineKeyboard(buttons) if buttons else None


def _words(parameters: Parameters, name: str, entities_name: str) -> Words:
    text = parameters.values.get(name, "")
    mode = parameters.text("parse_mode")
    if mode is None and parameters.text(entities_name):
        listed: Any = parameters.json(entities_name, "message entities")
        if not isinstance(listed, list):
            raise BadRequest("expected an Array of MessageEntity")
        return trimmed(text, tuple(_entity(one) for one in listed))
    return parse(text, mode)


def _entity(given: Any) -> Entity:
    try:
        return Entity(
            str(given["type"]), int(given["offset"]), int(given["length"]), given.get("url"), given.get("language")
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadRequest("can't parse MessageEntity") from None


def _button(given: Any) -> Button:
    if not isinstance(given, dict):
        raise BadRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text, data, url = given.get("text"), given.get("callback_data"), given.get("url")
    if not isinstance(text, str) or not text:
        raise BadRequest("can't parse inline keyboard button: Can't find field \"text\"")
    if isinstance(data, str):
        if not 0 < len(data.encode()) <= BUTTON_DATA_LIMIT:
            raise BadRequest("BUTTON_DATA_INVALID")
        return Button(text, callback_data=data)
    if isinstance(url, str):
        if not url.startswith(("http://", "https://", "tg://")):
            raise BadRequest(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        return Button(text, url=url)
    if set(given) - {"text", "callback_data", "url"}:
        raise BadRequest("the sandbox knows inline buttons with callback_data or url only")
    raise BadRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def _integer(value: int | str) -> int:
    try:
        return int(value)
    except ValueError:
        return 0
