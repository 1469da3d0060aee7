"""From the outbox to Telegram: every message at least once, in order within a chat, no chat waiting for another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from prometheus_client import CollectorRegistry
from telegram import Bot, Message, ReplyParameters
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot import messages
from bot.catalogue import catalogue_for
from bot.connection import wait_of
from bot.metrics import Metrics
from bot.observation import ObservedDelivery
from bot.work import WorkInHand
from review import outbox
from review.clock import utc_now
from review.database import Database
from review.explanations import ExplainedPhoto, Unexplained
from review.outbox import OutboxKind, PendingMessage, Recipient

_log = logging.getLogger(__name__)

_AT_ONCE = 32  # chats written to side by side
_LOOK_SECONDS = 0.5  # how soon is seen what another process (a reviewer's command line) put there
_LONGEST_WAIT = timedelta(minutes=5)

# Draws the explanation of a submission.
Explain = Callable[[int], Awaitable[ExplainedPhoto | Unexplained]]


class Delivery:
    """Sends what people are to be told."""

    def __init__(self, bot: Bot, database: Database, explain: Explain, metrics: Metrics | None = None) -> None:
        self._bot = bot
        self._database = database
        self._explain = explain
        self._observed = ObservedDelivery(metrics or Metrics(CollectorRegistry()))
        self._drawn: set[int] = set()  # messages whose pictures are being drawn
        self.work: WorkInHand[int] = WorkInHand()

    async def run(self) -> None:
        """Deliver until cancelled; `work.finish` then lets what is being sent be recorded, too."""
        while True:
            # Before the query: what ends while it runs would look pending and idle, and be sent twice.
            in_hand = set(self.work)
            # Drawings take seconds and wait for each other; they hold up their own chats only.
            limit = _AT_ONCE - len(in_hand - self._drawn)
            for message in await asyncio.to_thread(self._due, in_hand, limit) if limit > 0 else ():
                self.work.begin(message.id, self._deliver(message))
            await self.work.news(_LOOK_SECONDS)

    async def _deliver(self, message: PendingMessage) -> None:
        try:
            text, sheet = await self._content(OutboxKind(message.kind), message)
        except (KeyError, ValueError) as error:  # written by a newer program, say; it must not hold up the others
            _log.error("message %d of kind %s cannot be put into words, given up", message.id, message.kind)
            self._observed.given_up()
            await asyncio.to_thread(self._record, outbox.abandon, message.id, type(error).__name__, utc_now())
            return
        try:
            with self._observed.sending():
                sent = await self._send(message.recipient, text, sheet)
        except RetryAfter as error:
            await self._postpone(message, wait_of(error), error)
        except (Forbidden, BadRequest) as error:
            _log.warning("message %d will never arrive, given up: %s", message.id, _reason(error))
            self._observed.given_up()
            await asyncio.to_thread(self._record, outbox.abandon, message.id, _reason(error), utc_now())
        except TelegramError as error:
            await self._postpone(
                message, min(timedelta(seconds=2.0 ** min(message.attempts, 20)), _LONGEST_WAIT), error
            )
        else:
            await asyncio.to_thread(self._record, outbox.mark_sent, message.id, sent.message_id, utc_now())
            self._observed.sent(message)

    async def _content(self, kind: OutboxKind, message: PendingMessage) -> tuple[str, bytes | None]:
        """The words, and the picture that they stand under, if any."""
        words = catalogue_for(message.recipient.language)
        if kind is not OutboxKind.EXPLANATION:
            return messages.render(words, kind, message.parameters), None
        self._drawn.add(message.id)
        try:
            explained = await self._explain(message.parameters["submission"])
        finally:
            self._drawn.remove(message.id)
        if isinstance(explained, Unexplained):
            return messages.unexplained(words, explained), None
        return messages.explanation_caption(words, explained), explained.sheet

    async def _send(self, recipient: Recipient, text: str, photo: bytes | None) -> Message:
        quoted = recipient.reply_to_message_id
        reply = ReplyParameters(quoted, allow_sending_without_reply=True) if quoted else None
        if photo is None:
            return await self._bot.send_message(
                recipient.chat_id, text, message_thread_id=recipient.thread_id, reply_parameters=reply
            )
        return await self._bot.send_photo(
            recipient.chat_id, photo, caption=text, message_thread_id=recipient.thread_id, reply_parameters=reply
        )

    async def _postpone(self, message: PendingMessage, wait: timedelta, error: TelegramError) -> None:
        self._observed.postponed(error)
        _log.warning("message %d is postponed by %.0f s: %s", message.id, wait.total_seconds(), _reason(error))
        await asyncio.to_thread(self._record, outbox.postpone, message.id, utc_now() + wait, _reason(error))

    def _due(self, in_hand: set[int], limit: int) -> list[PendingMessage]:
        with self._database.read() as session:
            return outbox.due(session, utc_now(), limit, besides=in_hand)

    def _record(self, what: Callable[..., None], *arguments: object) -> None:
        with self._database.write() as session:
            what(session, *arguments)


def _reason(error: TelegramError) -> str:
    """What may be logged and stored: Telegram's own words, but never the token, which `InvalidToken` repeats."""
    return type(error).__name__ if isinstance(error, InvalidToken) else f"{type(error).__name__}: {error}"
