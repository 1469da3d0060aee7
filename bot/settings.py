"""Settings of `bot`."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from model.settings import Settings
from review.tables import ChatAccess, Role

_TOKEN = re.compile(r"\d+:[\w-]{20,}")
_WITH_TOKEN = re.compile(r"(/file)?/bot\d+:.*$")


class BotSettings(Settings):
    """Who the bot is, where it listens, and who may do what."""

    model_config = SettingsConfigDict(env_prefix="BOT_")

    token: SecretStr = Field(description="the bot's token, as @BotFather gave it; a secret")
    base_url: str = Field(default="https://api.telegram.org", description="root of the Bot API server")
    moderators: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(), description="Telegram user ids, comma-separated, that review in the chat with /review"
    )
    admins: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(), description="Telegram user ids, comma-separated, that may do everything moderators may"
    )
    poll_timeout_seconds: int = Field(default=30, ge=1, le=50, description="how long one request for updates waits")
    shutdown_seconds: float = Field(default=10.0, gt=0, description="how long work in hand may take when the bot stops")

    @field_validator("token")
    @classmethod
    def _like_a_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value().strip()):
            raise ValueError("expected digits, a colon and about 35 letters, as @BotFather gives it")
        return SecretStr(value.get_secret_value().strip())

    @field_validator("base_url")
    @classmethod
    def _root_of_a_server(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("expected a server's root such as https://api.telegram.org or http://127.0.0.1:8081")
        # Whoever copies an address with the token in it means its root; and the token must not show up with the root.
        return _WITH_TOKEN.sub("", value).rstrip("/").removesuffix("/bot")

    @field_validator("moderators", "admins", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        ids = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.lstrip("-").isdigit() for part in ids):
            raise ValueError("expected Telegram user ids (numbers), separated by commas")
        return tuple(int(part) for part in ids)

    def role_of(self, user_id: int, chat_access: ChatAccess | None) -> Role | None:
        """What this Telegram user may do in the chat; None for everybody else.

        Admins are named here alone; what one of them decided in the chat about a moderator outweighs the list here.
        """
        if user_id in self.admins:
            return Role.ADMIN
        moderates = user_id in self.moderators if chat_access is None else chat_access is ChatAccess.GRANTED
        return Role.MODERATOR if moderates else None
