"""Checks of `bearbot doctor`: the token, the Bot API server, how updates come, and who reviews in the chat."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bot.findings import Finding, Health

if TYPE_CHECKING:  # imported where they are needed: `--help` loads neither telegram nor pydantic
    from bot.settings import BotSettings

_SERVER_SECONDS = 10.0
_RECENT_SECONDS = 3600.0  # Telegram keeps the last error of a webhook for ever


def token_and_server() -> Iterator[Finding]:
    """Whether the server knows the bot, brings it what people send, and anybody may review there."""
    from bot.settings import BotSettings
    from model.errors import SettingsError

    try:
        settings = BotSettings.load()
    except SettingsError as error:
        if "BOT_TOKEN" in str(error):
            mend = "ask @BotFather in Telegram for a token (/newbot) and put BOT_TOKEN=... into .env, or `bearbot demo`"
            yield Finding("token", Health.FAILED, str(error), mend)
        else:
            yield Finding("settings", Health.FAILED, str(error), "correct it in the environment or in .env")
        return
    answers = asyncio.run(server(settings))
    yield answers
    if answers.health is Health.OK:
        yield from asyncio.run(_webhook(settings))
    if not settings.moderators and not settings.admins:
        yield Finding(
            "moderators",
            Health.NOTE,
            "nobody may review in the chat",
            "put BOT_MODERATORS=id,id into .env; `bearbot review next` works without",
        )


async def server(settings: "BotSettings") -> Finding:
    """Whether it answers and knows the token."""
    from telegram.error import InvalidToken, RetryAfter, TelegramError

    from bot.connection import build_bot, wait_of
    from bot.redaction import redacted

    # It would log what the server answers, and that may quote the address with the token in it.
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    bot = build_bot(settings.token, settings.base_url)
    try:
        async with asyncio.timeout(_SERVER_SECONDS):
            await bot.initialize()
            return Finding("server", Health.OK, f"{settings.base_url} knows the bot as @{bot.username}")
    except InvalidToken:
        mend = "copy BOT_TOKEN again from @BotFather, or correct BOT_BASE_URL"
        return Finding("token", Health.FAILED, f"{settings.base_url} does not know this token", mend)
    except RetryAfter as error:
        found = f"{settings.base_url} wants {wait_of(error).total_seconds():.0f} s of patience"
        return Finding("server", Health.NOTE, found, "try again then; `bearbot run` waits by itself")
    except TimeoutError:
        mend = "check the network, a proxy, BOT_BASE_URL"
        return Finding("server", Health.FAILED, f"{settings.base_url} did not answer in {_SERVER_SECONDS:.0f} s", mend)
    except TelegramError as error:
        mend = "check the network, a proxy, BOT_BASE_URL"
        return Finding("server", Health.FAILED, redacted(f"{settings.base_url}: {error}", settings.token), mend)
    finally:
        await bot.shutdown()


async def _webhook(settings: "BotSettings") -> list[Finding]:
    from telegram.error import RetryAfter, TelegramError

    from bot.connection import build_bot
    from bot.redaction import redacted
    from review.clock import utc_now

    bot = build_bot(settings.token, settings.base_url)
    try:
        async with asyncio.timeout(_SERVER_SECONDS), bot:
            info = await bot.get_webhook_info()
    except (TimeoutError, RetryAfter) as error:
        return [Finding("webhook", Health.NOTE, f"the server did not tell of it ({type(error).__name__})", "try again")]
    except TelegramError as error:
        if settings.webhook_url is None:  # a server without webhooks has none that stands in the way
            return []
        found = redacted(f"the server tells nothing of webhooks: {error}", settings.token)
        return [Finding("webhook", Health.FAILED, found, "unset BOT_WEBHOOK_URL, or correct BOT_BASE_URL")]
    waiting = f"{info.pending_update_count} updates wait"
    # Many people put the token into the address of their webhook.
    set_url = redacted(info.url, settings.token)
    if settings.webhook_url is None:
        if not info.url:
            return []
        mend = "`bearbot run` removes it, since BOT_WEBHOOK_URL is not set; another program may still use it"
        return [Finding("webhook", Health.NOTE, f"updates are brought to {set_url}, {waiting}", mend)]
    if info.url != settings.webhook_url:
        found = f"updates are brought to {set_url}" if info.url else "none is set yet"
        return [Finding("webhook", Health.NOTE, f"{found}, {waiting}", "`bearbot run` sets BOT_WEBHOOK_URL")]
    failed_at, reason = info.last_error_date, redacted(info.last_error_message or "", settings.token)
    if failed_at is not None and (utc_now() - failed_at).total_seconds() < _RECENT_SECONDS:
        mend = f"is `bearbot run` running, and does the reverse proxy lead to {settings.webhook_address}?"
        return [
            Finding("webhook", Health.FAILED, f"{set_url} failed at {failed_at:%H:%M} UTC: {reason}, {waiting}", mend)
        ]
    return [Finding("webhook", Health.OK, f"updates are brought to {set_url}, {waiting}")]


def moderators_of_settings() -> Sequence[int]:
    """Who moderates by the settings, though they may never have reviewed; Telegram ids."""
    from bot.settings import BotSettings
    from model.errors import SettingsError

    try:
        settings = BotSettings.load()
    except SettingsError:  # without a bot nobody reviews in the chat
        return ()
    return (*settings.moderators, *settings.admins)
