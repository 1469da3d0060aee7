"""Bot API methods by which the bot says who it is: getMe, its texts and its command menus."""

import re
from typing import Any

from bot.sandbox.errors import BadRequest
from bot.sandbox.events import Event, EventKind
from bot.sandbox.objects import Command
from bot.sandbox.parameters import Parameters
from bot.sandbox.profile import ProfileText, Scope, ScopeType
from bot.sandbox.wire import Json
from bot.sandbox.world import World

TEXT_LIMITS = {ProfileText.NAME: 64, ProfileText.DESCRIPTION: 512, ProfileText.SHORT_DESCRIPTION: 120}
COMMANDS_LIMIT = 100
DESCRIPTION_LIMIT = 256
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")


async def get_me(world: World, parameters: Parameters) -> Json:
    return {
        **world.bot.to_json(),
        "first_name": world.profile.text(ProfileText.NAME, None) or world.bot.first_name,
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def set_my_commands(world: World, parameters: Parameters) -> bool:
    listed: Any = parameters.json("commands", "commands")
    if not isinstance(listed, list):
        raise BadRequest("expected an Array of BotCommand")
    if len(listed) > COMMANDS_LIMIT:
        raise BadRequest("BOT_COMMANDS_TOO_MUCH")
    commands = [_command(one) for one in listed]
    world.profile.set_commands(_scope(world, parameters), _language(parameters), commands)
    world.events.publish(Event(EventKind.COMMANDS))
    return True


async def get_my_commands(world: World, parameters: Parameters) -> list[Json]:
    commands = world.profile.commands(_scope(world, parameters), _language(parameters))
    return [command.to_json() for command in commands]


async def delete_my_commands(world: World, parameters: Parameters) -> bool:
    world.profile.set_commands(_scope(world, parameters), _language(parameters), ())
    world.events.publish(Event(EventKind.COMMANDS))
    return True


async def set_my_name(world: World, parameters: Parameters) -> bool:
    return _set_text(world, parameters, ProfileText.NAME)


async def get_my_name(world: World, parameters: Parameters) -> Json:
    return _get_text(world, parameters, ProfileText.NAME)


async def set_my_description(world: World, parameters: Parameters) -> bool:
    return _set_text(world, parameters, ProfileText.DESCRIPTION)


async def get_my_description(world: World, parameters: Parameters) -> Json:
    return _get_text(world, parameters, ProfileText.DESCRIPTION)


async def set_my_short_description(world: World, parameters: Parameters) -> bool:
    return _set_text(world, parameters, ProfileText.SHORT_DESCRIPTION)


async def get_my_short_description(world: World, parameters: Parameters) -> Json:
    return _get_text(world, parameters, ProfileText.SHORT_DESCRIPTION)


def _set_text(world: World, parameters: Parameters, kind: ProfileText) -> bool:
    text = parameters.text(kind) or ""
    if len(text) > TEXT_LIMITS[kind]:
        raise BadRequest(f"bot {kind.replace('_', ' ')} is too long")
    world.profile.set_text(kind, _language(parameters), text)
    world.events.publish(Event(EventKind.COMMANDS))
    return True


def _get_text(world: World, parameters: Parameters, kind: ProfileText) -> Json:
    return {kind.value: world.profile.text(kind, _language(parameters))}


def _command(given: Any) -> Command:
    if not isinstance(given, dict):
        raise BadRequest("expected an Object as BotCommand")
    # People type "/start" for "start"; Telegram forgives it.
    name = str(given.get("command", "")).removeprefix("/")
    description = str(given.get("description", "")).strip()
    if not _COMMAND.fullmatch(name):
        raise BadRequest("BOT_COMMAND_INVALID")
    if not 0 < len(description) <= DESCRIPTION_LIMIT:
        raise BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")
    return Command(name, description)


def _scope(world: World, parameters: Parameters) -> Scope:
    given: Any = parameters.json("scope", "BotCommandScope")
    if given is None:
        return Scope()
    if not isinstance(given, dict) or given.get("type") not in list(ScopeType):
        raise BadRequest("can't parse BotCommandScope: unsupported type specified")
    kind = ScopeType(given["type"])
    try:
        chat_id = int(given["chat_id"]) if kind.value.startswith("chat") else None
        user_id = int(given["user_id"]) if kind is ScopeType.CHAT_MEMBER else None
    except (KeyError, TypeError, ValueError):
        raise BadRequest("can't parse BotCommandScope: a required field is missing or wrong") from None
    if chat_id is not None:
        world.reach(chat_id)
    return Scope(kind, chat_id, user_id)


def _language(parameters: Parameters) -> str:
    language = parameters.text("language_code") or ""
    if language and not _LANGUAGE.fullmatch(language):
        raise BadRequest("invalid language code specified")
    return language
