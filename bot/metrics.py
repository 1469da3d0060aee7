"""What is counted and timed while the bot runs, in a registry that is handed in."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot.updates import UpdateKind

# From a commit (milliseconds) to the whole way of a photo behind a long line (minutes).
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_MOST_ON_THEIR_WAY = 20_000  # photos whose receipt is remembered; the oldest are forgotten, not counted wrongly


class Stage(StrEnum):
    """The stages of a photo's way that are timed."""

    COMMIT = "commit"
    """into the inbox"""

    INBOX = "inbox"
    """the wait from the commit to an attempt to handle it"""

    DOWNLOAD = "download"
    DECODE = "decode"
    """untrusted bytes to a picture, in the image store"""

    MODEL = "model"
    """the wait for a batch, and the network"""

    RECORD = "record"
    """submission, prediction, item and reply in one transaction"""

    DELIVERY = "delivery"
    """from the outbox to Telegram: rendering and sending"""

    WHOLE = "whole"
    """from the receipt of a photo until the first reply to it is sent"""


class PhotoOutcome(StrEnum):
    """What became of a photo when it was handled."""

    ANSWERED = "answered"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    """no usable picture"""

    REFUSED = "refused"
    """not taken in: too large, too many, or from whom none are taken"""

    REPEATED = "repeated"
    """known already, answered from what is known"""


class MessageOutcome(StrEnum):
    """What became of an attempt to deliver a message."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    GIVEN_UP = "given_up"


class PollOutcome(StrEnum):
    """How a request for updates ended."""

    UPDATES = "updates"
    NOTHING = "nothing"
    FAILED = "failed"
    CONFLICT = "conflict"
    NOT_STORED = "not_stored"


class Metrics:
    """Counters and histograms in `registry`; its methods may be called from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._updates = Counter("bearbot_updates", "Updates received", ["kind"], registry=registry)
        self._photos = Counter("bearbot_photos", "Photos handled", ["outcome"], registry=registry)
        self._messages = Counter("bearbot_messages", "Attempts to deliver", ["outcome"], registry=registry)
        self._polls = Counter("bearbot_polls", "Requests for updates", ["outcome"], registry=registry)
        self._errors = Counter("bearbot_errors", "Failures by the name of their exception", ["kind"], registry=registry)
        self._stages = Histogram(
            "bearbot_stage_seconds", "How long each stage took", ["stage"], buckets=_BUCKETS, registry=registry
        )
        # By chat and message: when photos were received whose first reply was not sent yet, oldest first.
        self._on_their_way: dict[tuple[int, int], datetime] = {}
        # A series that appears with its first event hides that event from `rate()`.
        for counter, values in (
            (self._updates, UpdateKind),
            (self._photos, PhotoOutcome),
            (self._messages, MessageOutcome),
            (self._polls, PollOutcome),
        ):
            for value in values:
                counter.labels(value.value)
        for stage in Stage:
            self._stages.labels(stage.value)

    def update(self, kind: UpdateKind) -> None:
        """An update came."""
        self._updates.labels(kind.value).inc()

    def photo(self, outcome: str) -> None:
        """A photo was handled; `outcome` is the value of a `PhotoOutcome`."""
        self._photos.labels(PhotoOutcome(outcome).value).inc()

    def message(self, outcome: str) -> None:
        """A message was delivered or not; `outcome` is the value of a `MessageOutcome`."""
        self._messages.labels(MessageOutcome(outcome).value).inc()

    def poll(self, outcome: PollOutcome) -> None:
        """A request for updates ended."""
        self._polls.labels(outcome.value).inc()

    def error(self, kind: str) -> None:
        """Something failed; `kind` is the name of the exception's class, never its text."""
        self._errors.labels(kind).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside, also if it fails; `name` is the value of a `Stage`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(Stage(name).value).observe(time.perf_counter() - began)

    def took(self, name: str, duration: timedelta) -> None:
        """A stage that began elsewhere has ended; what a clock that was set meanwhile makes negative counts as 0."""
        self._stages.labels(Stage(name).value).observe(max(duration.total_seconds(), 0.0))

    def begun(self, chat_id: int, message_id: int | None, received_at: datetime) -> None:
        """A photo is being handled that was received at `received_at`; the same one again changes nothing."""
        if message_id is None:
            return
        self._on_their_way.setdefault((chat_id, message_id), received_at)
        while len(self._on_their_way) > _MOST_ON_THEIR_WAY:
            self._on_their_way.pop(next(iter(self._on_their_way)))

    def replied(self, chat_id: int, reply_to_message_id: int | None, now: datetime) -> None:
        """A message was sent; if it is the first reply to a photo, its whole way has ended."""
        received_at = self._on_their_way.pop((chat_id, reply_to_message_id or 0), None)
        if received_at is not None:
            self.took(Stage.WHOLE, now - received_at)
