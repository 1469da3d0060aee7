"""Who reviews: how much each said since a time, how fast, how far they can be trusted, and how far they agree."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import Session, aliased

from review.agreement import Agreement, among_reviewers
from review.pace import names, pace_by_reviewer
from review.tables import VOTES, Reviewer, Verdict


@dataclass(frozen=True)
class Share:
    """What one person did; `reliability` is the chance (0..1) that their label is right. None: too little is known.

    `verdicts` are labels and "none of these" that stand, as in `review.statistics`; `today` those of today.
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
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    said = (
        select(Verdict.reviewer_id, func.count(), func.sum(case((Verdict.created_at >= midnight, 1), else_=0)))
        # What settled near-duplicates, too, was one verdict.
        .where(Verdict.kind.in_(VOTES), Verdict.with_id.is_(None), _since(since))
        .group_by(Verdict.reviewer_id)
    )
    # Taken off, because few are taken back: to ask of each verdict whether it stands would take much longer.
    undoing = aliased(Verdict)
    taken_back = said.join(undoing, undoing.undoes_id == Verdict.id).where(undoing.undoes_id.is_not(None))
    for sign, query in ((1, said), (-1, taken_back)):
        for reviewer, verdicts, of_today in session.execute(query):
            counts[named[reviewer]][0] += sign * verdicts
            counts[named[reviewer]][1] += sign * int(of_today)
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
        if verdicts
    ]
    return Workload(
        tuple(sorted(shares, key=lambda share: (-share.verdicts, share.name))),
        among_reviewers(session),
    )


def seen_by(found: Workload, name: str) -> Workload:
    """As a reviewer is to see it: their own share by itself, and what all others did together."""
    own = [share for share in found.shares if share.name == name]
    others = [share for share in found.shares if share.name != name]
    if others:
        verdicts, today = (sum(counts) for counts in zip(*((one.verdicts, one.today) for one in others), strict=True))
        own.append(Share(f"others ({len(others):,})", verdicts, today, None, None, None))
    return replace(found, shares=tuple(own))


def _since(since: datetime | None) -> ColumnElement[bool]:
    return and_(true(), *([Verdict.created_at >= since] if since else []))
