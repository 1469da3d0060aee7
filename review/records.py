"""Rows of a photo that came, of what the model said, and of what people are to look at."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from review.arrival import ReceivedPhoto
from review.people import asker_for
from review.policy import Reason, Routing, priority, uncertainty_of, weightiest
from review.quorum import ONE, Quorum
from review.tables import POLICY_VERSION, ItemStatus, PredictionRecord, ReviewItem, Submission

if TYPE_CHECKING:  # importing it loads torch
    from model.serving import Prediction


def submission(
    session: Session, photo: ReceivedPhoto, image_sha256: str | None, sent_at: datetime, now: datetime
) -> Submission:
    """One photo that one asker sent once; added, with its number. The asker is made if they are new."""
    asker = (
        asker_for(session, photo.telegram_user_id, photo.language, now) if photo.telegram_user_id is not None else None
    )
    recipient = photo.recipient
    row = Submission(
        source_key=photo.source_key,
        source=photo.source,
        asker_id=asker.id if asker else None,
        chat_id=recipient.chat_id if recipient else None,
        message_id=recipient.reply_to_message_id if recipient else None,
        thread_id=recipient.thread_id if recipient else None,
        file_unique_id=photo.file_unique_id,
        album=photo.album,
        image_sha256=image_sha256,
        submitted_at=sent_at,
    )
    session.add(row)
    session.flush()
    return row


def prediction(
    submission_id: int, said: "Prediction", routing: Routing, audit_draw: float, now: datetime
) -> PredictionRecord:
    """What the model `said`, and where that and `audit_draw` (0..1) sent the photo."""
    return PredictionRecord(
        submission_id=submission_id,
        model_version=said.model_version,
        label=said.label,
        confidence=said.confidence,
        probabilities=said.probabilities,
        out_of_domain_score=said.out_of_domain_score,
        in_domain=said.in_domain,
        route=routing.decision.value,
        reasons=[reason.value for reason in routing.reasons],
        inclusion_probability=routing.inclusion_probability,
        audit_draw=audit_draw,
        created_at=now,
    )


def copied(record: PredictionRecord, submission_id: int, now: datetime) -> PredictionRecord:
    """What the model said of the first of the same photos, for another of them."""
    return PredictionRecord(
        submission_id=submission_id,
        model_version=record.model_version,
        label=record.label,
        confidence=record.confidence,
        probabilities=record.probabilities,
        out_of_domain_score=record.out_of_domain_score,
        in_domain=record.in_domain,
        route=record.route,
        reasons=record.reasons,
        inclusion_probability=record.inclusion_probability,
        audit_draw=record.audit_draw,
        created_at=now,
    )


def item(
    submission_id: int,
    record: PredictionRecord | None,
    reasons: Collection[Reason],
    now: datetime,
    *,
    novelty: float | None = None,
    quorum: Quorum = ONE,
) -> ReviewItem:
    """An open item for a photo, ranked; `record` None: no model judged it. `novelty` as in `policy.priority`.

    `quorum` says how many reviewers must agree on what has these reasons.
    """
    opened = ReviewItem(
        submission_id=submission_id,
        status=ItemStatus.OPEN,
        reasons=[reason.value for reason in reasons],
        suggested_label=record.label if record else None,
        confidence=record.confidence if record else None,
        uncertainty=uncertainty_of(record.probabilities.values() if record else ()),
        novelty=novelty,
        verdicts_needed=quorum.of([reason.value for reason in reasons]),
        opened_at=now,
    )
    rank(opened)
    return opened


def rank(item: ReviewItem) -> None:
    """Give an item its place in the queue by the present rules, from its reasons and what it was ranked by before."""
    if item.uncertainty is None and item.confidence is not None:
        item.uncertainty = 1.0 - item.confidence  # what the first version of the rules took for it, and did not record
    reasons = [Reason(reason) for reason in item.reasons]
    item.reason = weightiest(reasons).value
    item.priority = priority(reasons, uncertainty=item.uncertainty, novelty=item.novelty)
    item.policy_version = POLICY_VERSION
