"""From the outbox to Telegram: every message at least once, in order within a chat, no chat waiting for another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import IO, Any

from prometheus_client import CollectorRegistry
from telegram import Bot, InlineKeyboardMarkup, InputFile, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot import inbox, messages
from bot.answer_keyboard import right_or_wrong, wrong_ones
from bot.catalogue import Catalogue, Catalogues
from bot.connection import wait_of
from bot.data_file import data_file
from bot.metrics import Metrics
from bot.observation import ObservedDelivery
from bot.removal import take_away
from bot.work import Together, WorkInHand, until_done
from review import albums, outbox, showings, submissions
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError
from review.explanations import ExplainedPhoto, Unexplained
from review.outbox import OutboxKind, PendingMessage, Recipient, Sent
from review.storage import ImageStore

_log = logging.getLogger(__name__)

_AT_ONCE = 32  # chats written to side by side
_LOOK_SECONDS = 0.5  # how soon is seen what another process (a reviewer's command line) put there
_LONGEST_WAIT = timedelta(minutes=5)
_FILE_SECONDS = 120.0
_PATIENCE = timedelta(days=3)  # then nobody wants to hear it any more
# What is made when it is sent can be asked for again. What is large, and fails each time, is not to keep the answers
# behind it for days.
_PATIENCE_IF_MADE = timedelta(hours=1)
_MADE = frozenset({OutboxKind.EXPLANATION.value, OutboxKind.MY_DATA.value})

# Draws the explanation of a submission in the words of a language.
Explain = Callable[[int, Catalogue], Awaitable[ExplainedPhoto | Unexplained]]


@dataclass(frozen=True)
class _Content:
    """What is sent: a text, or a picture or a file with it, and buttons; or what stands in place of the message that it
    `removes`, if that cannot be deleted.
    """

    text: str
    photo: bytes | None = None
    buttons: InlineKeyboardMarkup | None = None
    file: IO[bytes] | None = None
    file_name: str = ""
    removes: int | None = None


class Delivery:
    """Sends what people are to be told."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        images: ImageStore,
        explain: Explain,
        metrics: Metrics | None = None,
        *,
        catalogues: Catalogues | None = None,
    ) -> None:
        self._bot = bot
        self._database = database
        self._images = images
        self._explain = explain
        self._catalogues = catalogues or Catalogues()
        self._observed = ObservedDelivery(metrics or Metrics(CollectorRegistry()))
        self._drawn: set[int] = set()  # messages whose pictures are being drawn
        self._sent = Together(self._mark_sent)
        self.work: WorkInHand[int] = WorkInHand()

    async def run(self) -> None:
        """Deliver until cancelled; `work.finish` then lets what is being sent be recorded, too."""
        while True:
            # Before the query: what ends while it runs would look pending and idle, and be sent twice.
            in_hand = set(self.work)
            # Drawings take seconds and wait for each other; they hold up their own chats only.
            limit = _AT_ONCE - len(in_hand - self._drawn)
            for message in await until_done(partial(self._due, in_hand, limit)) if limit > 0 else ():
                self.work.begin(message.id, self._deliver(message))
            await self.work.news(_LOOK_SECONDS)

    async def _deliver(self, message: PendingMessage) -> None:
        if message.kind == OutboxKind.ALBUM.value:
            sealed = await until_done(lambda: self._seal(message))
            if sealed is None:
                return
            message = sealed
        try:
            content = await self._content(OutboxKind(message.kind), message)
        except (OSError, DatabaseError) as error:  # there is no room for a file, say
            await self._try_later(message, _LONGEST_WAIT, NetworkError(type(error).__name__))
            return
        except (KeyError, ValueError) as error:  # written by a newer program, say; it must not hold up the others
            _log.error("message %d of kind %s cannot be put into words, given up", message.id, message.kind)
            self._observed.given_up()
            await self._record(outbox.abandon, message.id, type(error).__name__, utc_now())
            return
        try:
            with self._observed.sending():
                sent = await self._send(message.recipient, content)
        except RetryAfter as error:
            await self._postpone(message, wait_of(error), error)
        except ChatMigrated as error:
            _log.info("message %d goes to the supergroup that its group became", message.id)
            await self._record(outbox.readdress, message.id, error.new_chat_id, utc_now())
        except (Forbidden, BadRequest) as error:
            _log.warning("message %d will never arrive, given up: %s", message.id, _reason(error))
            self._observed.given_up()
            await self._record(outbox.abandon, message.id, _reason(error), utc_now())
        except TelegramError as error:
            await self._try_later(
                message, min(timedelta(seconds=2.0 ** min(message.attempts, 20)), _LONGEST_WAIT), error
            )
        else:
            await self._sent.record(Sent(message.id, sent, utc_now()))
            if content.photo is not None:
                await self._record(showings.note_sheet, message.id, utc_now())
            self._observed.sent(message)

    async def _content(self, kind: OutboxKind, message: PendingMessage) -> _Content:
        words = self._catalogues.of(message.recipient.language)
        if kind is OutboxKind.MY_DATA:
            return await self._my_data(message)
        if kind is OutboxKind.REMOVAL:
            return _Content(words("photo-deleted"), removes=message.parameters["message"])
        if kind is not OutboxKind.EXPLANATION:
            text = messages.render(words, kind, message.parameters)
            return _Content(text, buttons=_buttons(words, kind, message.parameters))
        self._drawn.add(message.id)
        try:
            explained = await self._explain(message.parameters["submission"], words)
        finally:
            self._drawn.remove(message.id)
        if isinstance(explained, Unexplained):
            return _Content(messages.unexplained(words, explained))
        return _Content(messages.explanation_caption(words, explained), photo=explained.sheet)

    async def _my_data(self, message: PendingMessage) -> _Content:
        self._drawn.add(message.id)  # it may take as long as a drawing
        try:
            made = await asyncio.to_thread(data_file, self._database, self._images, message)
        finally:
            self._drawn.remove(message.id)
        return _Content(made.text, buttons=made.buttons, file=made.file, file_name=made.name)

    async def _send(self, recipient: Recipient, content: _Content) -> int | None:
        """As which message of the chat; None if it removed one."""
        if content.removes is not None:
            await take_away(self._bot, recipient.chat_id, content.removes, instead=content.text)
            return None
        return (await self._say(recipient, content)).message_id

    async def _say(self, recipient: Recipient, content: _Content) -> Message:
        quoted = recipient.reply_to_message_id
        reply = ReplyParameters(quoted, allow_sending_without_reply=True) if quoted else None
        if content.file is not None:
            with content.file:
                return await self._bot.send_document(
                    recipient.chat_id,
                    # Handed on as it is, it is read while it is sent: a file of 45 MB does not lie in memory.
                    InputFile(content.file, filename=content.file_name, read_file_handle=False),
                    caption=content.text,
                    message_thread_id=recipient.thread_id,
                    reply_parameters=reply,
                    reply_markup=content.buttons,
                    write_timeout=_FILE_SECONDS,
                    read_timeout=_FILE_SECONDS,
                )
        if content.photo is None:
            return await self._bot.send_message(
                recipient.chat_id,
                content.text,
                message_thread_id=recipient.thread_id,
                reply_parameters=reply,
                reply_markup=content.buttons,
            )
        return await self._bot.send_photo(
            recipient.chat_id,
            content.photo,
            caption=content.text,
            message_thread_id=recipient.thread_id,
            reply_parameters=reply,
        )

    async def _try_later(self, message: PendingMessage, wait: timedelta, error: TelegramError) -> None:
        """Postpone it, unless that went on for too long. What is to leave a chat leaves it, however late."""
        patience = _PATIENCE_IF_MADE if message.kind in _MADE else _PATIENCE
        if message.kind == OutboxKind.REMOVAL.value or utc_now() - message.created_at <= patience:
            await self._postpone(message, wait, error)
            return
        _log.warning("message %d did not arrive for long, given up: %s", message.id, _reason(error))
        self._observed.given_up()
        await self._record(outbox.abandon, message.id, _reason(error), utc_now())

    async def _postpone(self, message: PendingMessage, wait: timedelta, error: TelegramError) -> None:
        self._observed.postponed(error)
        _log.warning("message %d is postponed by %.0f s: %s", message.id, wait.total_seconds(), _reason(error))
        await self._record(outbox.postpone, message.id, utc_now() + wait, _reason(error))

    def _due(self, in_hand: set[int], limit: int) -> list[PendingMessage]:
        with self._database.read() as session:
            return outbox.due(session, utc_now(), limit, besides=in_hand)

    def _seal(self, message: PendingMessage) -> PendingMessage | None:
        with self._database.write() as session:
            waits = inbox.waits(session, message.recipient.chat_id, album=message.parameters["album"])
            return albums.seal(session, message.id, utc_now(), more_to_come=waits)

    def _mark_sent(self, sent: Sequence[Sent]) -> None:
        with self._database.write() as session:
            outbox.mark_sent(session, sent)

    async def _record(self, what: Callable[..., None], *arguments: object) -> None:
        def write() -> None:
            with self._database.write() as session:
                what(session, *arguments)

        await until_done(write)


def _buttons(words: Catalogue, kind: OutboxKind, parameters: Mapping[str, Any]) -> InlineKeyboardMarkup | None:
    """Under every answer its reader can say whether it is right."""
    if kind is OutboxKind.ALBUM:
        return wrong_ones(words, submissions.answered_in_album(parameters))
    submission = parameters.get("submission")
    return right_or_wrong(words, submission) if submission is not None else None


def _reason(error: TelegramError) -> str:
    """What may be logged and stored: Telegram's own words, but never the token, which `InvalidToken` repeats."""
    return type(error).__name__ if isinstance(error, InvalidToken) else f"{type(error).__name__}: {error}"
