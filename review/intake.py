"""One use case: a photo is stored, judged, routed and recorded, and what the asker hears is written with it."""

import asyncio
import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import PIL.Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.errors import ImageError, ImageProblem
from model.features import FeatureStore
from model.images import decode, encode
from review import outbox
from review.clock import utc_now
from review.database import Database
from review.outbox import OutboxKind, Recipient
from review.people import asker_for
from review.policy import WITHOUT_MODEL, Decision, Reason, Routing, draw, priority, route
from review.storage import ImageStore
from review.tables import Image, ItemStatus, Json, PredictionRecord, ReviewItem, Submission

if TYPE_CHECKING:  # importing it loads torch, and a bot whose torch is broken still takes photos in
    from model.serving import Prediction

_log = logging.getLogger(__name__)

# A second label that the model gives at least half of what it gives the first is worth telling.
CLOSE_RUNNER_UP = 0.5
# A burst of the worst photos that are accepted must not take all the memory: while it is decoded one takes 700 MB,
# then, until the model has judged it, 100 MB.
_DECODED_AT_ONCE = 3
_JUDGED_AT_ONCE = 16


class Predictor(Protocol):
    """The model, wherever it runs."""

    async def predict(self, picture: PIL.Image.Image) -> "Prediction | None":
        """What the model says of an RGB picture; None while no model can be loaded."""


@dataclass(frozen=True)
class ReceivedPhoto:
    """Bytes from outside. `source_key` names the very message they came with; `recipient` None: nobody is told."""

    source_key: str
    source: str
    data: bytes
    recipient: Recipient | None
    telegram_user_id: int | None = None
    language: str | None = None
    file_unique_id: str | None = None


@dataclass(frozen=True)
class RefusedPhoto:
    """A photo that is refused before its bytes were fetched."""

    source_key: str
    problem: ImageProblem
    recipient: Recipient | None
    limit: int | None = None


@dataclass(frozen=True)
class Accepted:
    """A submission. `repeated`: this very message was recorded before, and nothing was done again."""

    submission_id: int
    item_id: int | None
    routing: Routing
    prediction: "Prediction | None"
    repeated: bool = False


@dataclass(frozen=True)
class Rejected:
    """Bytes that are no usable picture."""

    problem: ImageProblem
    message: str


@dataclass(frozen=True)
class _Stored:
    """A picture in the image store."""

    picture: PIL.Image.Image
    sha256: str
    byte_size: int


class Intake:
    """Takes photos in. Blocking work runs in threads: the event loop is never held up."""

    def __init__(
        self,
        *,
        database: Database,
        images: ImageStore,
        features: FeatureStore,
        predictor: Predictor,
        audit_rate: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._images = images
        self._features = features
        self._predictor = predictor
        self._audit_rate = audit_rate
        self._clock = clock
        self._decoded = asyncio.Semaphore(_DECODED_AT_ONCE)
        self._judged = asyncio.Semaphore(_JUDGED_AT_ONCE)

    async def receive(self, photo: ReceivedPhoto) -> Accepted | Rejected:
        """Store, judge, route, record. The same `source_key` again changes nothing and asks no model."""
        known = await asyncio.to_thread(self._known, photo.source_key)
        if known is not None:
            return known
        try:
            async with self._judged:
                async with self._decoded:
                    stored = await asyncio.to_thread(self._store, photo.data)
                prediction = _sound(await self._predictor.predict(stored.picture))
        except ImageError as error:
            await self.refuse(RefusedPhoto(photo.source_key, error.problem, photo.recipient))
            return Rejected(error.problem, str(error))
        return await asyncio.to_thread(self._record, photo, stored, prediction)

    async def refuse(self, photo: RefusedPhoto) -> None:
        """Tell the asker why a photo is not taken in."""
        if photo.recipient is not None:
            await asyncio.to_thread(self._record_refusal, photo, photo.recipient)

    def _store(self, data: bytes) -> _Stored:
        """What is kept is what is judged: the picture without metadata, as it is read back."""
        kept = encode(decode(data))
        return _Stored(decode(kept), self._images.put(kept), len(kept))

    def _record(self, photo: ReceivedPhoto, stored: _Stored, prediction: "Prediction | None") -> Accepted:
        if prediction is not None:
            self._features.put(stored.sha256, prediction.backbone, prediction.features)
        routing = self._route(photo.source_key, prediction)
        now = self._clock()
        with self._database.write() as session:
            known = _recorded(session, photo.source_key)
            if known is not None:  # another process was quicker
                return known
            submission = self._submission(session, photo, stored, now)
            if prediction is not None:
                session.add(_prediction_record(submission.id, prediction, routing, now))
            item = _item(submission.id, prediction, routing, now) if routing.reviewed else None
            if item is not None:
                session.add(item)
            session.flush()
            if photo.recipient is not None:
                kind, parameters = _reply(prediction, routing)
                outbox.enqueue(
                    session,
                    kind=kind,
                    parameters=parameters,
                    recipient=photo.recipient,
                    dedupe_key=f"reply:{submission.id}",
                    now=now,
                )
            return Accepted(submission.id, item.id if item else None, routing, prediction)

    def _route(self, source_key: str, prediction: "Prediction | None") -> Routing:
        if prediction is None:
            return WITHOUT_MODEL
        return route(
            confidence=prediction.confidence,
            in_domain=prediction.in_domain,
            answer_threshold=prediction.answer_threshold,
            audit_rate=self._audit_rate,
            audit_draw=draw(source_key),
        )

    def _submission(self, session: Session, photo: ReceivedPhoto, stored: _Stored, now: datetime) -> Submission:
        if session.get(Image, stored.sha256) is None:
            session.add(
                Image(
                    sha256=stored.sha256,
                    received_sha256=hashlib.sha256(photo.data).hexdigest(),
                    width=stored.picture.width,
                    height=stored.picture.height,
                    byte_size=stored.byte_size,
                    created_at=now,
                )
            )
        asker = (
            asker_for(session, photo.telegram_user_id, photo.language, now)
            if photo.telegram_user_id is not None
            else None
        )
        recipient = photo.recipient
        submission = Submission(
            source_key=photo.source_key,
            source=photo.source,
            asker_id=asker.id if asker else None,
            chat_id=recipient.chat_id if recipient else None,
            message_id=recipient.reply_to_message_id if recipient else None,
            thread_id=recipient.thread_id if recipient else None,
            file_unique_id=photo.file_unique_id,
            image_sha256=stored.sha256,
            submitted_at=now,
        )
        session.add(submission)
        session.flush()
        return submission

    def _known(self, source_key: str) -> Accepted | None:
        with self._database.read() as session:
            return _recorded(session, source_key)

    def _record_refusal(self, photo: RefusedPhoto, recipient: Recipient) -> None:
        with self._database.write() as session:
            outbox.enqueue(
                session,
                kind=OutboxKind.REJECTED,
                parameters={"problem": photo.problem.value, "limit": photo.limit},
                recipient=recipient,
                dedupe_key=f"rejected:{photo.source_key}",
                now=self._clock(),
            )


def _sound(prediction: "Prediction | None") -> "Prediction | None":
    """None for figures that are no numbers: the database takes none, and a person knows better."""
    if prediction is None:
        return None
    figures = (prediction.confidence, prediction.out_of_domain_score, *prediction.probabilities.values())
    if all(map(math.isfinite, figures)):
        return prediction
    _log.warning("model %s gave figures that are no numbers: the photo goes to people", prediction.model_version)
    return None


def _recorded(session: Session, source_key: str) -> Accepted | None:
    submission = session.scalar(select(Submission).where(Submission.source_key == source_key))
    if submission is None:
        return None
    item_id = session.scalar(select(ReviewItem.id).where(ReviewItem.submission_id == submission.id))
    record = session.scalar(select(PredictionRecord).where(PredictionRecord.submission_id == submission.id))
    routing = (
        Routing(Decision(record.route), tuple(map(Reason, record.reasons)), record.inclusion_probability)
        if record
        else WITHOUT_MODEL
    )
    return Accepted(submission.id, item_id, routing, None, repeated=True)


def _prediction_record(
    submission_id: int, prediction: "Prediction", routing: Routing, now: datetime
) -> PredictionRecord:
    return PredictionRecord(
        submission_id=submission_id,
        model_version=prediction.model_version,
        label=prediction.label,
        confidence=prediction.confidence,
        probabilities=prediction.probabilities,
        out_of_domain_score=prediction.out_of_domain_score,
        in_domain=prediction.in_domain,
        route=routing.decision.value,
        reasons=[reason.value for reason in routing.reasons],
        inclusion_probability=routing.inclusion_probability,
        created_at=now,
    )


def _item(submission_id: int, prediction: "Prediction | None", routing: Routing, now: datetime) -> ReviewItem:
    confidence = prediction.confidence if prediction else None
    return ReviewItem(
        submission_id=submission_id,
        status=ItemStatus.OPEN,
        reasons=[reason.value for reason in routing.reasons],
        suggested_label=prediction.label if prediction else None,
        confidence=confidence,
        priority=priority(routing.reasons, confidence=confidence),
        opened_at=now,
    )


def _reply(prediction: "Prediction | None", routing: Routing) -> tuple[OutboxKind, dict[str, Json]]:
    if prediction is None or routing.decision is Decision.REVIEW:
        return OutboxKind.IN_REVIEW, {
            "reasons": [reason.value for reason in routing.reasons],
            "label": prediction.label if prediction else None,
            "confidence": prediction.confidence if prediction else None,
            "model_version": prediction.model_version if prediction else None,
        }
    others = {label: share for label, share in prediction.probabilities.items() if label != prediction.label}
    runner_up, probability = max(others.items(), key=lambda pair: pair[1])
    close = probability >= CLOSE_RUNNER_UP * prediction.confidence
    return OutboxKind.ANSWERED, {
        "label": prediction.label,
        "confidence": prediction.confidence,
        "runner_up": runner_up if close else None,
        "runner_up_confidence": probability if close else None,
        "model_version": prediction.model_version,
    }
