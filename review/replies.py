"""What the asker hears at once of a photo: kind and parameters, alone or as a part of an album's answer."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from review import albums, outbox
from review.arrival import ReceivedPhoto
from review.known_photos import KnownPhoto
from review.outbox import OutboxKind
from review.policy import Decision, Reason
from review.tables import Json, PredictionRecord

# A second label that the model gives at least half of what it gives the first is worth telling.
CLOSE_RUNNER_UP = 0.5

Reply = tuple[OutboxKind, dict[str, Json]]


def tell(session: Session, photo: ReceivedPhoto, reply: Reply, *, dedupe_key: str, now: datetime) -> None:
    """Have the sender of `photo` told; photos of an album are answered in one message."""
    if photo.recipient is None:
        return
    kind, parameters = reply
    if photo.album is None:
        outbox.enqueue(
            session, kind=kind, parameters=parameters, recipient=photo.recipient, dedupe_key=dedupe_key, now=now
        )
    else:
        albums.add(session, album=photo.album, kind=kind, parameters=parameters, recipient=photo.recipient, now=now)


def of_judged(submission_id: int, record: PredictionRecord | None) -> Reply:
    """Of a photo that the model judged just now, or could not."""
    if record is None:
        return OutboxKind.IN_REVIEW, {
            "reasons": [Reason.NO_MODEL.value],
            "label": None,
            "confidence": None,
            "model_version": None,
        }
    if record.route == Decision.REVIEW:
        return OutboxKind.IN_REVIEW, {
            "reasons": list(record.reasons),
            "label": record.label,
            "confidence": record.confidence,
            "model_version": record.model_version,
        }
    runner_up = _close_runner_up(record.probabilities, record.label, record.confidence)
    return OutboxKind.ANSWERED, {
        "label": record.label,
        "confidence": record.confidence,
        "runner_up": runner_up,
        "runner_up_confidence": record.probabilities[runner_up] if runner_up is not None else None,
        "model_version": record.model_version,
        "submission": submission_id,
    }


def of_known(submission_id: int, known: KnownPhoto) -> Reply:
    """Of a photo that was here before: the human verdict if there is one."""
    if known.final_label is not None:
        return OutboxKind.KNOWN, {"label": known.final_label, "submission": submission_id}
    disputed = known.item is not None and Reason.DISPUTED in known.item.reasons
    if known.prediction is not None and known.prediction.route == Decision.ANSWER and not disputed:
        return of_judged(submission_id, known.prediction)
    return OutboxKind.STILL_IN_REVIEW, {}


def _close_runner_up(probabilities: Mapping[str, float], label: str, confidence: float) -> str | None:
    others = {other: share for other, share in probabilities.items() if other != label}
    runner_up = max(others, key=lambda other: others[other])
    return runner_up if others[runner_up] >= CLOSE_RUNNER_UP * confidence else None
