"""The connection to the Bot API server."""

import os
from datetime import timedelta

from pydantic import SecretStr
from telegram.error import RetryAfter
from telegram.ext import ExtBot

from bot.transport import AiohttpRequest


class _Bot(ExtBot[None]):
    """The library's own `repr` holds the token, and shows up wherever objects are printed."""

    def __repr__(self) -> str:
        return "<the bot>"


def build_bot(token: SecretStr, base_url: str) -> ExtBot[None]:
    """The bot, talking to the server at `base_url`."""
    # The library's waits become timedeltas, as they will be by default; its old whole seconds come with a warning each.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    return _Bot(
        token.get_secret_value(),
        base_url=f"{base_url}/bot",
        base_file_url=f"{base_url}/file/bot",
        # Many chats at once; a photo of 20 MB over a slow line takes its time.
        request=AiohttpRequest(connection_pool_size=64, read_timeout=30, write_timeout=30, pool_timeout=30),
        get_updates_request=AiohttpRequest(connection_pool_size=2),
    )


def wait_of(error: RetryAfter) -> timedelta:
    """How long the server wants us to wait."""
    wait = error.retry_after
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
