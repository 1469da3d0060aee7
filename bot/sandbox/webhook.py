"""The webhook: updates are posted to the bot one after the other, each again and again until it says 2xx."""

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.updates import UpdateQueue
from bot.sandbox.wire import Json, present

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header, which is no secret
# Telegram waits much longer between attempts; nobody wants to here.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds
ANSWER_SECONDS = 10.0  # how long the bot may take to answer


@dataclass(frozen=True)
class Webhook:
    """Where the bot wants to be told. The secret is not part of any repr."""

    url: str
    secret_token: str | None = field(default=None, repr=False)
    max_connections: int = 40
    has_certificate: bool = False  # the bot sent one of its own


class WebhookDelivery:
    """Posts the queue's updates while a webhook is set and the sandbox runs."""

    def __init__(self, updates: UpdateQueue) -> None:
        self._updates = updates
        self._hook: Webhook | None = None
        self._running = False
        self._task: asyncio.Task[None] | None = None
        self._failed_at: int | None = None
        self._failure: str | None = None
        self.answer_seconds = ANSWER_SECONDS
        self.longest_pause = LONGEST_PAUSE

    @property
    def is_set(self) -> bool:
        return self._hook is not None

    def set(self, hook: Webhook | None) -> None:
        """Deliver there from now on, or nowhere."""
        if hook is not None:
            self._updates.interrupt("terminated by setWebhook request")
        self._hook = hook
        self._failed_at = self._failure = None
        self._begin()

    def start(self) -> None:
        self._running = True
        self._begin()

    async def stop(self) -> None:
        """What is not delivered by now is delivered after the next start."""
        self._running = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def info(self) -> Json:
        """As getWebhookInfo tells it."""
        hook = self._hook
        told = {"url": hook.url if hook else "", "has_custom_certificate": bool(hook and hook.has_certificate)}
        if hook is None:
            return {**told, "pending_update_count": len(self._updates.pending)}
        return present(
            **told,
            pending_update_count=len(self._updates.pending),
            ip_address="127.0.0.1",
            last_error_date=self._failed_at,
            last_error_message=self._failure,
            max_connections=hook.max_connections,
            allowed_updates=sorted(self._updates.allowed) if self._updates.allowed else None,
        )

    def _begin(self) -> None:
        if self._task is not None:
            self._task.cancel()  # an update that was on its way comes once more, as with Telegram
            self._task = None
        if self._running and self._hook is not None:
            self._task = asyncio.create_task(self._deliver(self._hook))

    async def _deliver(self, hook: Webhook) -> None:
        pause = FIRST_PAUSE
        while True:
            pair = await self._updates.next()
            failure = await self._post(hook, pair[1])
            if failure is None:
                self._updates.delivered(pair)
                pause = FIRST_PAUSE
                continue
            self._failed_at, self._failure = int(time.time()), failure
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.longest_pause)

    async def _post(self, hook: Webhook, update: Any) -> str | None:
        """What went wrong, in Telegram's words; None when the bot said 2xx."""
        try:
            async with asyncio.timeout(self.answer_seconds):
                status = await _status_of(hook, json.dumps(update).encode())
        except TimeoutError:
            return "Read timeout expired"
        except ConnectionRefusedError:
            return "Connection refused"
        except (OSError, ValueError) as error:
            return f"Connection failed: {type(error).__name__}"
        code, _, reason = status.partition(" ")
        return None if code.startswith("2") else f"Wrong response from the webhook: {code} {reason}"


async def _status_of(hook: Webhook, body: bytes) -> str:
    """Post and read the answer to its end; returns "200 OK". Raises `OSError`, or `ValueError` for what is no HTTP."""
    parts = urlsplit(hook.url)
    is_tls = parts.scheme == "https"
    context = ssl.create_default_context() if is_tls else None
    if context is not None:
        # It is this machine, with whatever certificate the bot made for itself.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if is_tls else 80), ssl=context)
    try:
        path = parts.path or "/"
        lines = [
            f"POST {path}{f'?{parts.query}' if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *([f"{SECRET_HEADER}: {hook.secret_token}"] if hook.secret_token else []),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        version, _, status = (await reader.readline()).decode("latin-1").strip().partition(" ")
        if not version.startswith("HTTP/"):
            raise ValueError("no HTTP answer")
        await reader.read()
        return status
    finally:
        writer.close()
