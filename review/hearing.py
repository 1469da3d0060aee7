"""What the askers of a photo hear of a verdict on it: the answer, a correction, or that it stands."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review import known_photos, outbox
from review.outbox import OutboxKind, Recipient
from review.people import language_of
from review.policy import Decision, Reason
from review.tables import VOTES, Claim, Json, PredictionRecord, ReviewItem, Submission, Verdict


def tell(session: Session, item: ReviewItem, final: str, cause: Verdict, now: datetime) -> None:
    """The person's answer to everybody who sent this photo, once a chat; a correction if another person had said
    otherwise; nothing if it is no news to somebody who did not disagree. `cause` is the entry that settled the item:
    a verdict, or the undo that made one stand again.
    """
    first = session.get_one(Submission, item.submission_id)
    prediction = session.scalar(select(PredictionRecord).where(PredictionRecord.submission_id == first.id))
    answered = prediction is not None and prediction.route == Decision.ANSWER
    previous = item.told_label
    # Of a picture unlike all it knows the model has a guess, but it did not tell the asker.
    withheld = prediction is not None and Reason.OUT_OF_DOMAIN in prediction.reasons
    guess = prediction.label if prediction and not withheld else None
    heard = previous if previous is not None else guess if answered else None
    kind: OutboxKind
    parameters: dict[str, Json]
    if heard == final:
        kind, parameters = OutboxKind.CONFIRMED, {"label": final}
    elif previous is not None:
        kind, parameters = OutboxKind.CORRECTION, {"label": final, "previous_label": previous}
    else:
        told = "answer" if answered else "review"
        kind, parameters = OutboxKind.HUMAN_ANSWER, {"label": final, "model_label": guess, "told": told}
    # Whoever sent it several times to one chat is told under the last one.
    latest = {one.chat_id: one for one in known_photos.everybody_with(session, first) if one.chat_id is not None}
    for chat_id, submission in latest.items():
        if kind is OutboxKind.CONFIRMED and not _disputed_since_told(session, submission, item, cause):
            continue
        outbox.enqueue(
            session,
            kind=kind,
            parameters={**parameters, "submission": submission.id},
            recipient=Recipient(
                chat_id, submission.thread_id, submission.message_id, language_of(session, submission.asker_id)
            ),
            dedupe_key=f"verdict:{cause.id}:{submission.id}",
            now=now,
        )
        item.told_label = final


def _disputed_since_told(session: Session, submission: Submission, item: ReviewItem, verdict: Verdict) -> bool:
    """Whether its sender disagreed after the last verdict before this one that settled the photo."""
    told_at = session.scalar(
        select(func.max(Verdict.created_at)).where(
            Verdict.item_id == item.id,
            Verdict.id < verdict.id,
            Verdict.kind.in_(VOTES),
        )
    )
    disputes = exists().where(Claim.submission_id == submission.id, ~Claim.agrees)
    if told_at is not None:
        disputes = disputes.where(Claim.created_at >= told_at)
    return bool(session.scalar(select(disputes)))
