"""One use case: a photo is stored, judged, routed and recorded, and what the asker hears is written with it."""

import asyncio
import errno
import hashlib
import logging
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from model.errors import ImageError, ImageProblem
from model.features import FeatureStore
from model.images import DEFAULT_LIMITS
from review import known_messages, known_photos, limits, near_duplicates, records, replies, stored_photos
from review.arrival import Accepted, Fetch, Predictor, ReceivedPhoto, Refused, Rejected
from review.clock import utc_now
from review.database import Database
from review.known_photos import KnownPhoto
from review.limits import Limits, Refusal
from review.outbox import OutboxKind, reply_key
from review.policy import WITHOUT_MODEL, Routing, draw, route
from review.quorum import ONE, Quorum
from review.secret_keys import AUDIT, secret_key
from review.storage import ImageStore
from review.stored_photos import StoredPhoto
from review.tables import Image

if TYPE_CHECKING:  # importing it loads torch, and a bot whose torch is broken still takes photos in
    from model.serving import Prediction

_log = logging.getLogger(__name__)

# A burst of the worst photos that are accepted must not take all the memory: while it is decoded one takes 700 MB,
# then, until the model has judged it, 100 MB. Of photos as Telegram makes them (4 MB) many may wait for the model: it
# judges some while others are decoded.
_DECODED_AT_ONCE = 3
_LARGE_AT_ONCE = 16
_LARGE = 4_000_000  # pixels


class Intake:
    """Takes photos in. Blocking work runs in threads: the event loop is never held up.

    Below `min_free_bytes` of room on the disk new photos are refused, so that those that were accepted can be finished.
    `stage` is entered around each stage of the way, by name, so that whoever runs it can time them.
    """

    def __init__(
        self,
        *,
        database: Database,
        images: ImageStore,
        features: FeatureStore,
        predictor: Predictor,
        audit_rate: float,
        quorum: Quorum = ONE,
        limits: Limits | None = None,
        min_free_bytes: int = 0,
        clock: Callable[[], datetime] = utc_now,
        stage: Callable[[str], AbstractContextManager[object]] = lambda name: nullcontext(),
    ) -> None:
        self._database = database
        self._images = images
        self._features = features
        self._predictor = predictor
        self._audit_rate = audit_rate
        self._quorum = quorum
        self._limits = limits or Limits()
        self._min_free_bytes = min_free_bytes
        self._clock = clock
        self._stage = stage
        self._decoded = asyncio.Semaphore(_DECODED_AT_ONCE)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def receive(self, photo: ReceivedPhoto) -> Accepted | Rejected | Refused:
        """Store, judge, route, record. The same `source_key` again changes nothing and asks no model.

        A photo that was here before (by Telegram's id, or by its bytes) is answered with what is known of it.
        """
        before = await asyncio.to_thread(self._look, photo)
        if isinstance(before, Accepted):
            return before
        if isinstance(before, Refusal):
            return await asyncio.to_thread(self._record_refusal, photo, before)
        if before:
            known = await asyncio.to_thread(self._record_known, photo, None)
            if known is not None:
                return known
        try:
            data = photo.data if isinstance(photo.data, bytes) else await self._downloaded(photo.data)
            async with AsyncExitStack() as held:
                async with self._decoded:
                    with self._stage("decode"):
                        stored = await asyncio.to_thread(self._known_or_stored, photo, data)
                    if not isinstance(stored, StoredPhoto):
                        return stored
                    if stored.picture.width * stored.picture.height > _LARGE:
                        await held.enter_async_context(self._large)  # until then nobody decodes another in its place
                with self._stage("model"):
                    prediction = _sound(await self._predictor.predict(stored.picture))
        except ImageError as error:
            await asyncio.to_thread(self._record_rejection, photo, error.problem)
            return Rejected(error.problem, str(error))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return await asyncio.to_thread(self._record_refusal, photo, Refusal.DISK_FULL)
        with self._stage("record"):
            return await asyncio.to_thread(self._record, photo, stored, prediction)

    async def _downloaded(self, fetch: Fetch) -> bytes:
        with self._stage("download"):
            return await fetch()

    def _look(self, photo: ReceivedPhoto) -> Accepted | Refusal | bool:
        """What is to be done without fetching the photo; else whether Telegram's id of it is known."""
        with self._database.read() as session:
            recorded = known_messages.recorded(session, photo.source_key)
            if recorded is not None:
                return recorded
            refused = known_messages.refused(session, photo)
            if refused is not None:  # it must not be taken in now that a minute has passed
                return refused
            if photo.telegram_user_id is not None:
                too_many = limits.refusal(session, photo.telegram_user_id, self._limits, self._sent_at(photo))
                if too_many is not None:
                    return too_many
            if self._known(session, photo, None) is not None:
                return True
        return Refusal.DISK_FULL if self._images.free_bytes() < self._min_free_bytes else False

    def _known_or_stored(self, photo: ReceivedPhoto, data: bytes) -> Accepted | Refused | StoredPhoto:
        received = hashlib.sha256(data).hexdigest()
        return self._record_known(photo, received) or stored_photos.store(self._images, data, received)

    def _record(self, photo: ReceivedPhoto, stored: StoredPhoto, prediction: "Prediction | None") -> Accepted | Refused:
        if prediction is not None:
            self._features.put(stored.sha256, prediction.backbone, prediction.features)
        now = self._clock()
        with self._database.write() as session:
            recorded = known_messages.recorded(session, photo.source_key)
            if recorded is not None:  # another process was quicker
                return recorded
            if known_messages.is_withdrawn(session, photo):
                if session.get(Image, stored.sha256) is None:
                    self._images.delete(stored.sha256)
                    self._features.delete(stored.sha256)
                return Refused(Refusal.WITHDRAWN)
            known = self._known(session, photo, stored.received_sha256)
            if known is not None:  # somebody sent the same photo at the same time
                return self._add_known(session, photo, known, now)
            if not self._images.exists(stored.sha256):  # somebody else who sent it had their data deleted just now
                raise FileNotFoundError(
                    f"photo {stored.sha256} was deleted while it was taken in: it has to come again"
                )
            if session.get(Image, stored.sha256) is None:
                session.add(stored.row(now))
            submission = records.submission(session, photo, stored.sha256, self._sent_at(photo), now)
            audit_draw = draw(photo.source_key, secret_key(session, AUDIT, now))
            routing = self._route(prediction, audit_draw)
            record = (
                records.prediction(submission.id, prediction, routing, audit_draw, now)
                if prediction is not None
                else None
            )
            novelty = prediction.novelty if prediction is not None else None
            item = (
                records.item(submission.id, record, routing.reasons, now, novelty=novelty, quorum=self._quorum)
                if routing.reviewed
                else None
            )
            session.add_all(row for row in (record, item) if row is not None)
            session.flush()
            if item is not None:
                near_duplicates.join(session, item, stored.seen(prediction), self._features)
            replies.tell(
                session,
                photo,
                replies.of_judged(submission.id, record),
                dedupe_key=reply_key(submission.id),
                now=now,
            )
            return Accepted(submission.id, item.id if item else None, routing, prediction)

    def _record_known(self, photo: ReceivedPhoto, received_sha256: str | None) -> Accepted | Refused | None:
        """Answer with what is known of the photo; None if that is nothing."""
        with self._database.read() as session:  # most photos are new: for them nobody is kept from writing
            if self._known(session, photo, received_sha256) is None:
                return None
        with self._database.write() as session:
            recorded = known_messages.recorded(session, photo.source_key)
            if recorded is not None:
                return recorded
            if known_messages.is_withdrawn(session, photo):
                return Refused(Refusal.WITHDRAWN)
            known = self._known(session, photo, received_sha256)
            return self._add_known(session, photo, known, self._clock()) if known is not None else None

    def _known(self, session: Session, photo: ReceivedPhoto, received_sha256: str | None) -> KnownPhoto | None:
        if not known_photos.is_seen(session, file_unique_id=photo.file_unique_id, received_sha256=received_sha256):
            return None
        found = (known_photos.by_file(session, photo.file_unique_id) if photo.file_unique_id is not None else None) or (
            known_photos.by_bytes(session, received_sha256) if received_sha256 is not None else None
        )
        return found if found is not None and found.answers(self._predictor.version) else None

    def _add_known(self, session: Session, photo: ReceivedPhoto, known: KnownPhoto, now: datetime) -> Accepted:
        submission = records.submission(session, photo, known.first.image_sha256, self._sent_at(photo), now)
        submission.repeats_id = known.first.id
        if known.prediction is not None:
            session.add(records.copied(known.prediction, submission.id, now))
        session.flush()
        replies.tell(
            session,
            photo,
            replies.of_known(submission.id, known),
            dedupe_key=reply_key(submission.id),
            now=now,
        )
        item_id = known.item.id if known.item else None
        return Accepted(submission.id, item_id, known_messages.routing_of(known.prediction), None, known=True)

    def _route(self, prediction: "Prediction | None", audit_draw: float) -> Routing:
        if prediction is None:
            return WITHOUT_MODEL
        return route(
            confidence=prediction.confidence,
            in_domain=prediction.in_domain,
            answer_threshold=prediction.answer_threshold,
            audit_rate=self._audit_rate,
            audit_draw=audit_draw,
        )

    def _sent_at(self, photo: ReceivedPhoto) -> datetime:
        now = self._clock()
        return min(photo.sent_at, now) if photo.sent_at is not None else now

    def _record_rejection(self, photo: ReceivedPhoto, problem: ImageProblem) -> None:
        limit = DEFAULT_LIMITS.max_bytes if problem is ImageProblem.TOO_MANY_BYTES else None
        with self._database.write() as session:
            if known_messages.is_withdrawn(session, photo):
                return
            replies.tell(
                session,
                photo,
                (OutboxKind.REJECTED, {"problem": problem.value, "limit": limit}),
                dedupe_key=f"rejected:{photo.source_key}",
                now=self._clock(),
            )

    def _record_refusal(self, photo: ReceivedPhoto, refusal: Refusal) -> Refused:
        most = {Refusal.RATE_LIMIT: self._limits.per_minute, Refusal.DAILY_QUOTA: self._limits.per_day}
        if photo.recipient is not None:
            with self._database.write() as session:
                if known_messages.is_withdrawn(session, photo):
                    return Refused(Refusal.WITHDRAWN)
                replies.tell(
                    session,
                    photo,
                    (OutboxKind.REFUSED, {"refusal": refusal.value, "limit": most.get(refusal)}),
                    dedupe_key=known_messages.refusal_key(photo),
                    now=self._clock(),
                )
        return Refused(refusal)


def _sound(prediction: "Prediction | None") -> "Prediction | None":
    """None for figures that are no numbers: the database takes none, and a person knows better."""
    if prediction is None:
        return None
    figures = (prediction.confidence, prediction.out_of_domain_score, *prediction.probabilities.values())
    if all(map(math.isfinite, figures)):
        return prediction
    _log.warning("model %s gave figures that are no numbers: the photo goes to people", prediction.model_version)
    return None
