"""What is counted, timed and logged of updates, photos and messages: kinds, numbers, durations; never who or what."""

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from telegram.error import TelegramError

from bot.inbox import StoredUpdate
from bot.metrics import MessageOutcome, Metrics, PhotoOutcome, Stage
from bot.updates import UpdateKind, kind_of
from review.arrival import Accepted, ReceivedPhoto, Refused, Rejected
from review.clock import utc_now
from review.intake import Intake
from review.outbox import PendingMessage
from review.policy import Decision

_log = logging.getLogger(__name__)

_PICTURES = (UpdateKind.PHOTO, UpdateKind.DOCUMENT, UpdateKind.STICKER)


class ObservedUpdates:
    """`with observed(update):` around the handling of an update; what it raises is counted and raised on."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def __call__(self, update: StoredUpdate) -> Iterator[None]:
        """Time the wait before it and the handling itself, and log the end."""
        kind = kind_of(update.payload)
        self._metrics.took(Stage.INBOX, utc_now() - update.received_at)
        message = update.payload.get("message")
        if kind in _PICTURES and isinstance(message, dict) and type(message.get("message_id")) is int:
            self._metrics.begun(update.chat_id, message["message_id"], update.received_at)
        began = time.perf_counter()
        try:
            yield
        except Exception as error:  # whatever it is, it is only counted here, and raised on
            self._metrics.error(type(error).__name__)
            raise
        _log.info("update handled", extra={"update": update.update_id, "kind": kind.value, "ms": _since(began)})


class ObservedIntake:
    """An intake that tells what became of each photo."""

    def __init__(self, intake: Intake, metrics: Metrics) -> None:
        self._intake = intake
        self._metrics = metrics

    async def receive(self, photo: ReceivedPhoto) -> Accepted | Rejected | Refused:
        """As `Intake.receive`."""
        began = time.perf_counter()
        result = await self._intake.receive(photo)
        outcome = _outcome(result)
        self._metrics.photo(outcome)
        _log.info("photo %s", outcome.value.replace("_", " "), extra={**_facts(result), "ms": _since(began)})
        return result


class ObservedDelivery:
    """What became of each message that was to be sent."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def sending(self) -> AbstractContextManager[None]:
        """Around the sending itself."""
        return self._metrics.stage(Stage.DELIVERY)

    def sent(self, message: PendingMessage) -> None:
        """It was sent, and that is recorded."""
        self._metrics.message(MessageOutcome.DELIVERED)
        self._metrics.replied(message.recipient.chat_id, message.recipient.reply_to_message_id, utc_now())
        _log.info("message delivered", extra={"message_id": message.id, "kind": message.kind})

    def postponed(self, error: TelegramError) -> None:
        """It is to be sent later."""
        self._metrics.message(MessageOutcome.POSTPONED)
        self._metrics.error(type(error).__name__)

    def given_up(self) -> None:
        """It will never be sent."""
        self._metrics.message(MessageOutcome.GIVEN_UP)


def _outcome(result: Accepted | Rejected | Refused) -> PhotoOutcome:
    if isinstance(result, Rejected):
        return PhotoOutcome.REJECTED
    if isinstance(result, Refused):
        return PhotoOutcome.REFUSED
    if result.known or result.repeated:
        return PhotoOutcome.REPEATED
    return PhotoOutcome.ANSWERED if result.routing.decision is Decision.ANSWER else PhotoOutcome.IN_REVIEW


def _facts(result: Accepted | Rejected | Refused) -> dict[str, object]:
    if isinstance(result, Rejected):
        return {"problem": result.problem.value}
    if isinstance(result, Refused):
        return {"refusal": result.refusal.value}
    facts: dict[str, object] = {"submission": result.submission_id}
    if result.item_id is not None:
        facts["item"] = result.item_id
    if result.prediction is not None:
        facts["model"] = result.prediction.model_version
    return facts


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
