"""Who asked in a chat for a retraining, and is told how it ended: exactly once, whatever is killed meanwhile.

Who is to be told stands in the run's snapshot from its first transaction until the one in which they are told.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, Recipient
from review.tables import RetrainingOutcome, RetrainingRun

_TELL = "tell"
_INTERRUPTED = "it was interrupted before its end; /retrain begins another"


def remembered(recipient: Recipient | None) -> dict[str, Any]:
    """What goes into a run's snapshot, so that somebody is told."""
    return {} if recipient is None else {_TELL: asdict(recipient)}


def tell(session: Session, run: RetrainingRun, now: datetime) -> None:
    """Have whoever asked for this run told how it ended; nothing if nobody did, or they were told."""
    snapshot = dict(run.snapshot or {})
    told = snapshot.pop(_TELL, None)
    if told is None:
        return
    run.snapshot = snapshot
    assert run.outcome is not None
    _enqueue(session, Recipient(**told), run.outcome.value, run.explanation or "", run, now)


def tell_of_interrupted(session: Session, now: datetime) -> None:
    """Close runs that were killed, and tell whoever asked for them. Only while no retraining runs."""
    rows = session.scalars(select(RetrainingRun).where(RetrainingRun.outcome.is_(None))).all()
    for run in rows:
        if not run.snapshot or _TELL not in run.snapshot:
            continue
        run.finished_at = now
        run.outcome = RetrainingOutcome.FAILED
        run.explanation = _INTERRUPTED
        tell(session, run, now)


def tell_not_started(session: Session, recipient: Recipient, explanation: str, now: datetime) -> None:
    """Nothing happens if they heard of the run already, or are to."""
    if not known(session, recipient):
        _enqueue(session, recipient, "not_started", explanation, None, now)


def known(session: Session, recipient: Recipient) -> bool:
    """Whether what this very message asked for was begun, or has ended."""
    if outbox.parameters_of(session, _key(recipient)) is not None:
        return True
    unfinished = session.scalars(select(RetrainingRun.snapshot).where(RetrainingRun.outcome.is_(None)))
    return any(snapshot and snapshot.get(_TELL) == asdict(recipient) for snapshot in unfinished)


def _enqueue(
    session: Session,
    recipient: Recipient,
    outcome: str,
    explanation: str,
    run: RetrainingRun | None,
    now: datetime,
) -> None:
    outbox.enqueue(
        session,
        kind=OutboxKind.RETRAINED,
        parameters={
            "outcome": outcome,
            "run": run.id if run else None,
            "champion": run.champion_version if run else None,
            "candidate": run.candidate_version if run else None,
            "explanation": explanation,
        },
        recipient=recipient,
        dedupe_key=_key(recipient),
        now=now,
    )


def _key(recipient: Recipient) -> str:
    return f"retrained:{recipient.chat_id}:{recipient.reply_to_message_id}"
