"""Who reviews: how much each said since a time, how fast, how far they can be trusted, and how far they agree."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import Session

from review.agreement import Agreement, among_reviewers
from review.pace import names, pace_by_reviewer
from review.tables import Reviewer, Verdict, VerdictKind

_SAID = (VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.CANT_TELL)


@dataclass(frozen=True)
class Share:
    """What one person did; `reliability` is the chance (0..1) that their label is right. None: too little is known.

    `verdicts` are labels, "none of these" and "can't tell", also those that they took back later.
    """

    name: str
    verdicts: int
    today: int
    per_hour: float | None
    median_seconds: float | None
    reliability: float | None


@dataclass(frozen=True)
class Workload:
    """`shares`: the most verdicts first. `agreement` is of what several judged by themselves, whenever that was."""

    shares: tuple[Share, ...]
    agreement: Agreement


def workload(session: Session, since: datetime | None, now: datetime) -> Workload:
    """Verdicts from `since` on (None: all); today is the day (UTC) of `now`. Reads only."""
    named = names(session)
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    today = func.sum(
        case((Verdict.created_at >= datetime.combine(now.astimezone(UTC).date(), time(), UTC), 1), else_=0)
    )
    for reviewer, verdicts, of_today in session.execute(
        select(Verdict.reviewer_id, func.count(), today)
        # What settled near-duplicates, too, was one verdict.
        .where(Verdict.kind.in_(_SAID), Verdict.with_id.is_(None), _since(since))
        .group_by(Verdict.reviewer_id)
    ):
        counts[named[reviewer]][0] += verdicts
        counts[named[reviewer]][1] += int(of_today)
    reliability = {
        named[reviewer]: found
        for reviewer, found in session.execute(
            select(Reviewer.id, Reviewer.reliability).where(Reviewer.same_as_id.is_(None))
        )
    }
    pace = pace_by_reviewer(session, since=since)
    shares = [
        Share(
            name,
            verdicts,
            of_today,
            pace[name].per_hour if name in pace else None,
            pace[name].median_seconds if name in pace else None,
            reliability.get(name),
        )
        for name, (verdicts, of_today) in counts.items()
    ]
    return Workload(
        tuple(sorted(shares, key=lambda share: (-share.verdicts, share.name))),
        among_reviewers(session),
    )


def _since(since: datetime | None) -> ColumnElement[bool]:
    return and_(true(), *([Verdict.created_at >= since] if since else []))
