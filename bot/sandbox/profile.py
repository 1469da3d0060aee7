"""What the bot tells about itself: its name, its descriptions and its command menus."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.objects import Chat, ChatType, Command


class ScopeType(StrEnum):
    DEFAULT = "default"
    ALL_PRIVATE_CHATS = "all_private_chats"
    ALL_GROUP_CHATS = "all_group_chats"
    ALL_CHAT_ADMINISTRATORS = "all_chat_administrators"
    CHAT = "chat"
    CHAT_ADMINISTRATORS = "chat_administrators"
    CHAT_MEMBER = "chat_member"


@dataclass(frozen=True)
class Scope:
    """Who sees a command menu."""

    type: ScopeType = ScopeType.DEFAULT
    chat_id: int | None = None
    user_id: int | None = None


class ProfileText(StrEnum):
    NAME = "name"
    DESCRIPTION = "description"  # shown in an empty chat
    SHORT_DESCRIPTION = "short_description"  # shown on the bot's profile


class Profile:
    """Texts and menus per language; "" is the language of everybody else."""

    def __init__(self, name: str) -> None:
        self._texts: dict[tuple[ProfileText, str], str] = {(ProfileText.NAME, ""): name}
        self._menus: dict[tuple[Scope, str], tuple[Command, ...]] = {}

    def text(self, kind: ProfileText, language: str | None) -> str:
        return self._texts.get((kind, language or ""), self._texts.get((kind, ""), ""))

    def set_text(self, kind: ProfileText, language: str, text: str) -> None:
        """An empty text is forgotten."""
        self._texts.pop((kind, language), None)
        if text:
            self._texts[kind, language] = text

    def commands(self, scope: Scope, language: str) -> tuple[Command, ...]:
        """Exactly what was set for this scope and language."""
        return self._menus.get((scope, language), ())

    def set_commands(self, scope: Scope, language: str, commands: Sequence[Command]) -> None:
        """No commands: the wider scope's menu shows again."""
        self._menus.pop((scope, language), None)
        if commands:
            self._menus[scope, language] = tuple(commands)

    def menu(self, chat: Chat, user_id: int, language: str | None, *, is_owner: bool) -> tuple[Command, ...]:
        """What a person sees in a chat: the narrowest scope that has a menu, in their language first."""
        if chat.type is ChatType.PRIVATE:
            scopes = [Scope(ScopeType.CHAT, chat.id), Scope(ScopeType.ALL_PRIVATE_CHATS)]
        else:
            scopes = [Scope(ScopeType.CHAT_MEMBER, chat.id, user_id)]
            if is_owner:
                scopes.append(Scope(ScopeType.CHAT_ADMINISTRATORS, chat.id))
            scopes.append(Scope(ScopeType.CHAT, chat.id))
            if is_owner:
                scopes.append(Scope(ScopeType.ALL_CHAT_ADMINISTRATORS))
            scopes.append(Scope(ScopeType.ALL_GROUP_CHATS))
        for scope in [*scopes, Scope()]:
            for key in dict.fromkeys((language or "", "")):
                if menu := self._menus.get((scope, key)):
                    return menu
        return ()
