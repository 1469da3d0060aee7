"""The webhook: Telegram brings updates, and is told 200 only after the commit to the inbox."""

import asyncio
import hmac
import json
import logging
import time

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import BadRequest, InvalidToken
from telegram.ext import ExtBot

from bot.errors import ServerError
from bot.listener import Listener
from bot.metrics import Metrics
from bot.reception import ALLOWED_UPDATES, Reception
from bot.settings import BotSettings
from review.errors import DatabaseError

_log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - where the secret stands, not the secret
BODY_LIMIT = 2**20  # bytes; Telegram's updates have some thousand
_READ_SECONDS = 10.0
_CONNECTIONS = 40  # that Telegram may use at once; what waits is committed in milliseconds
_SAY_AGAIN_SECONDS = 60.0  # wrong secrets come by the thousand, if somebody tries


class Webhook:
    """Listens where the settings say, behind a reverse proxy that speaks https."""

    def __init__(self, settings: BotSettings, reception: Reception, metrics: Metrics) -> None:
        assert settings.webhook_url is not None  # there is no webhook without both, the settings see to it
        assert settings.webhook_secret is not None
        self._url = settings.webhook_url
        self._secret = settings.webhook_secret
        self._reception = reception
        self._metrics = metrics
        self._said_at: float | None = None
        app = Starlette(routes=[Route(settings.webhook_path, self._receive, methods=["POST"])])
        app.router.redirect_slashes = False
        self.listener = Listener(app, settings.webhook_address, setting="BOT_WEBHOOK_LISTEN")

    async def announce(self, bot: ExtBot[None]) -> None:
        """Tell Telegram where to bring updates; raises `ServerError` if it refuses, `NetworkError` if it may pass."""
        try:
            await bot.set_webhook(
                self._url,
                secret_token=self._secret.get_secret_value(),
                allowed_updates=ALLOWED_UPDATES,
                max_connections=_CONNECTIONS,
            )
        except BadRequest as error:
            raise ServerError(f"BOT_WEBHOOK_URL={self._url} is refused by the Bot API server: {error}") from error
        except InvalidToken:  # it knows the token, but not the method
            raise ServerError("the Bot API server has no webhooks: unset BOT_WEBHOOK_URL") from None

    async def _receive(self, request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode("latin-1")  # as Starlette decoded it
        if not hmac.compare_digest(given, self._secret.get_secret_value().encode()):
            self._note_stranger()
            return _closing(403)
        try:
            async with asyncio.timeout(_READ_SECONDS):
                body = await _read(request)
        except TimeoutError:
            return _closing(408)
        except ClientDisconnect:
            return _closing(400)  # nobody is there to read it
        if body is None:
            _log.warning("an update of more than %d bytes is not taken", BODY_LIMIT)
            return _closing(413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):  # the latter for a thousand brackets
            update = None
        if not isinstance(update, dict):
            self._metrics.error("MalformedUpdate")
            return Response(status_code=400)
        try:
            await self._reception.take([update])
        except (DatabaseError, OSError):  # the reception has said it; Telegram keeps the update and brings it again
            return Response(status_code=503, headers={"Retry-After": "1"})
        return Response(status_code=200)

    def _note_stranger(self) -> None:
        self._metrics.error("WrongWebhookSecret")
        now = time.monotonic()
        if self._said_at is None or now - self._said_at > _SAY_AGAIN_SECONDS:
            self._said_at = now
            _log.warning("somebody came to the webhook without the secret and was sent away")


async def _read(request: Request) -> bytes | None:
    """The body; None for one that is too large, which is not read on."""
    announced = request.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced[:20]) > BODY_LIMIT:
        return None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _closing(status: int) -> Response:
    """An answer to a request whose body was not read: what follows on that connection would be the rest of it."""
    return Response(status_code=status, headers={"Connection": "close"})
