"""The commands that Telegram offers while people type: per role, and in each language. The lines are in `menus.ftl`."""

import asyncio
import logging

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest, TelegramError

from bot.catalogue import LANGUAGES, catalogue_for
from bot.context import Services
from review.people import Acquaintance, acquaintance, with_chat_access
from review.tables import Role

_log = logging.getLogger(__name__)

EVERYBODY = ("start", "help", "why", "language", "privacy", "my_data", "delete_my_data")
BY_ROLE: dict[Role | None, tuple[str, ...]] = {
    None: EVERYBODY,
    Role.REVIEWER: EVERYBODY,
    Role.MODERATOR: (*EVERYBODY, "review", "queue", "stats", "model"),
    Role.ADMIN: (*EVERYBODY, "review", "queue", "stats", "model", "retrain", "moderator", "invite", "block"),
}


async def set_all(bot: Bot, services: Services) -> None:
    """At the start: for everybody in every language, and for who has a role in the language that they are written to.

    Menus are a convenience: what fails is logged and never fatal.
    """
    for language in LANGUAGES:
        code = None if language == "en" else language  # English is for everybody whose language has no menu
        await _set(bot, _menu(EVERYBODY, language), BotCommandScopeAllPrivateChats(), code)
        in_groups = [BotCommand(services.settings.group_command, catalogue_for(language)("menu-in-groups"))]
        await _set(bot, in_groups, BotCommandScopeAllGroupChats(), code)
    for user_id, known in (await asyncio.to_thread(_with_roles, services)).items():
        # Who never wrote to the bot has no chat yet: their menu comes with their /start.
        await set_for(bot, user_id, services.settings.role_of(user_id, known.chat_access), known.language)


async def set_for(bot: Bot, user_id: int, role: Role | None, language: str | None) -> None:
    """In one person's chat with the bot, after their role or language changed; `language` is an IETF tag."""
    await _set(bot, _menu(BY_ROLE[role], language), BotCommandScopeChat(user_id))


async def reset_for(bot: Bot, user_id: int) -> None:
    """Let one person have everybody's menu, in the language of their Telegram."""
    try:
        await bot.delete_my_commands(BotCommandScopeChat(user_id))
    except TelegramError as error:
        _log.info("a menu of commands could not be taken away: %s", type(error).__name__)


def _menu(names: tuple[str, ...], language: str | None) -> list[BotCommand]:
    words = catalogue_for(language)
    return [BotCommand(name, words(f"menu-{name}")) for name in names]


async def _set(bot: Bot, commands: list[BotCommand], scope: BotCommandScope, code: str | None = None) -> None:
    try:
        await bot.set_my_commands(commands, scope=scope, language_code=code)
    except BadRequest as error:
        if isinstance(scope, BotCommandScopeChat) and "chat not found" in error.message.lower():
            _log.info("who has a role but has not written to the bot yet gets their menu with their /start")
        else:
            _log.info("a menu of commands could not be set: %s", error)
    except TelegramError as error:
        _log.info("a menu of commands could not be set: %s", type(error).__name__)


def _with_roles(services: Services) -> dict[int, Acquaintance]:
    with services.database.read() as session:
        named = {*services.settings.moderators, *services.settings.admins, *with_chat_access(session)}
        return {user_id: acquaintance(session, user_id) for user_id in sorted(named)}
