"""Settings of `bot`."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from model.settings import Settings, Unfit
from review.admission import Access
from review.pings import QuietHours
from review.tables import ChatAccess, Role

_ID = re.compile(r"-?[0-9]{1,16}")  # what any database can hold
_TOKEN = re.compile(r"\d+:[\w-]{20,}")
_WITH_TOKEN = re.compile(r"(/file)?/bot\d+:.*$")
# Telegram allows any length from 1 on; a short one could be guessed by asking often.
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
# Telegram's rule for commands.
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
# What the bot answers to already, besides what people ask with in groups.
COMMANDS = frozenset(
    {
        *("start", "help", "why", "language", "privacy", "my_data", "delete_my_data"),
        *("review", "queue", "stats", "model", "retrain", "moderator", "invite", "block", "unblock"),
    }
)
_WEBHOOK_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """What is logged: this and what is more serious."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Address:
    """Where a server of ours listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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
    access: Access = Field(
        default=Access.OPEN,
        description="who may use the bot: open, allow_list (BOT_ALLOWED_ASKERS) or invitation (these, and the invited)",
    )
    allowed_askers: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(), description="Telegram user ids, comma-separated, that may use the bot where not everybody may"
    )
    overdue_hours: float = Field(
        default=24.0,
        ge=0,
        le=87_600,
        description="after how long askers hear that nobody has reviewed their photo yet (0: never)",
    )
    rate_limit_per_minute: int = Field(
        default=0, ge=0, description="photos that one asker may send in a minute; 0: as many as they like"
    )
    daily_quota: int = Field(
        default=0, ge=0, description="photos that one asker may send within 24 hours; 0: as many as they like"
    )
    busy_from: int = Field(
        default=300, ge=1, description="from this place in the line of photos on, senders are told that they must wait"
    )
    max_waiting: int = Field(
        default=10_000, ge=1, description="photos that may wait in the line; more are refused, to be sent again later"
    )
    ping_minutes: int = Field(
        default=0,
        ge=0,
        le=10_080,
        description="moderators are called when something urgent waits, at most once in so many minutes; 0: never",
    )
    ping_waiting_minutes: int = Field(
        default=60,
        ge=1,
        description="what waits for people for so long is urgent; disputes and strange photos always are",
    )
    quiet_hours: str = Field(
        default="", description="when nobody is called, such as 22-7: from 22:00 until 7:00 (default: at no time)"
    )
    timezone: str = Field(default="UTC", description="of the quiet hours: an IANA name such as Europe/Madrid")
    group_command: str = Field(
        default="bear", description="what people ask with in a group, after a slash, in reply to a photo"
    )
    poll_timeout_seconds: int = Field(default=30, ge=1, le=50, description="how long one request for updates waits")
    shutdown_seconds: float = Field(default=10.0, gt=0, description="how long work in hand may take when the bot stops")
    webhook_url: str | None = Field(
        default=None,
        description="https address where Telegram brings updates, instead of being asked; the bot listens at its path",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="lets Telegram in at the webhook and is needed with it: 16-256 of A-Z a-z 0-9 _ -; a secret",
    )
    webhook_listen: str = Field(
        default="127.0.0.1:8081", description="host:port where the bot listens for the webhook, behind a reverse proxy"
    )
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="port of /metrics and /healthz on 127.0.0.1 (default: none)"
    )
    log_format: LogFormat = Field(default=LogFormat.TEXT, description="text, or json: one object a line")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error")

    @field_validator("token")
    @classmethod
    def _like_a_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value().strip()):
            raise Unfit("digits, a colon and about 35 letters, as @BotFather gives it", "copy it again from @BotFather")
        return SecretStr(value.get_secret_value().strip())

    @field_validator("base_url")
    @classmethod
    def _root_of_a_server(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Unfit("a server's root such as https://api.telegram.org or http://127.0.0.1:8081")
        # Whoever copies an address with the token in it means its root; and the token must not show up with the root.
        return _WITH_TOKEN.sub("", value).rstrip("/").removesuffix("/bot")

    @field_validator("quiet_hours")
    @classmethod
    def _two_hours(cls, value: str) -> str:
        try:
            if value:
                QuietHours.parse(value)
        except ValueError:
            raise Unfit("two hours such as 22-7 (quiet from 22:00 until 7:00)") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            if value != "UTC":  # which needs no list of timezones
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Unfit(
                "a timezone such as Europe/Madrid or UTC",
                "correct it; or if it is one, install the package tzdata, since this machine has no list of them",
            ) from None
        return value

    @field_validator("group_command")
    @classmethod
    def _fit_for_telegram(cls, value: str) -> str:
        return group_command(value)

    @field_validator("webhook_url")
    @classmethod
    def _reachable_for_telegram(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if not parts.hostname or not secure or not plain or not _WEBHOOK_PATH.fullmatch(parts.path):
            raise Unfit(
                "an address such as https://bot.example.org/telegram (https, or http on this machine alone; "
                "a path of plain letters, and nothing after it)"
            )
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
            raise Unfit("16 to 256 of A-Z a-z 0-9 _ -", "take the output of `openssl rand -hex 32`")
        return value

    @field_validator("webhook_listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        _address(value)
        return value

    @field_validator("log_level", "log_format", "access", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _no_webhook_without_a_secret(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError(
                "BOT_WEBHOOK_SECRET is not set: with BOT_WEBHOOK_URL alone anybody could send updates "
                "(put the output of `openssl rand -hex 32` there)"
            )
        return self

    @field_validator("moderators", "admins", "allowed_askers", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        ids = [part.strip() for part in value.split(",") if part.strip()]
        if not all(_ID.fullmatch(part) for part in ids):
            raise Unfit("Telegram user ids (numbers), separated by commas", "@userinfobot in Telegram tells them")
        return tuple(int(part) for part in ids)

    @property
    def webhook_path(self) -> str:
        """Where the webhook is on the server that listens."""
        return urlsplit(self.webhook_url or "").path or "/"

    @property
    def webhook_address(self) -> Address:
        """Where the server of the webhook listens."""
        return _address(self.webhook_listen)

    def role_of(self, user_id: int, chat_access: ChatAccess | None) -> Role | None:
        """What this Telegram user may do in the chat; None for everybody else.

        Admins are named here alone; what one of them decided in the chat about a moderator outweighs the list here.
        """
        if user_id in self.admins:
            return Role.ADMIN
        moderates = user_id in self.moderators if chat_access is None else chat_access is ChatAccess.GRANTED
        return Role.MODERATOR if moderates else None


def group_command(text: str) -> str:
    """A command that people can ask with in groups, without its slash; raises `Unfit`."""
    command = text.removeprefix("/")
    if not _COMMAND.fullmatch(command):
        raise Unfit("a command such as bear: 1 to 32 of a-z 0-9 _")
    if command in COMMANDS:
        raise Unfit(f"a command that has no other meaning, and /{command} has one")
    return command


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _address(text: str) -> Address:
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:  # no number, or too large
        port = None
    if not parts.hostname or port is None or parts.path or parts.username:
        raise Unfit("host:port such as 127.0.0.1:8081")
    return Address(parts.hostname, port)
