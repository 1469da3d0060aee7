"""How fast people review: of each reviewer's latest verdicts, how many an hour and how long one takes."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import and_, select, true
from sqlalchemy.orm import Session

from review.tables import Reviewer, Verdict, VerdictKind

_LATEST = 1000  # verdicts of each identity: what is older says little of today, and of a million many are
_BREAK = timedelta(minutes=5)  # who is silent for so long does something else
_FEWEST = 10  # steps from one verdict to the next, without breaks: of two clicks nothing can be said
_SAID = (VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.CANT_TELL)


@dataclass(frozen=True)
class Pace:
    """Of the latest `verdicts` of a reviewer (labels, "none of these", "can't tell"; undone ones were work, too).

    `per_hour` leaves out breaks of more than five minutes, and needs more than ten verdicts; `median_seconds` is how
    long they looked at an item, where the interface measured it. None: too little is known.
    """

    verdicts: int
    per_hour: float | None
    median_seconds: float | None

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def names(session: Session) -> dict[int, str]:
    """Who each identity is, by its number: of identities that were linked it is the name of the one they are."""
    rows = session.execute(select(Reviewer.id, Reviewer.name, Reviewer.same_as_id)).all()
    named = {row.id: row.name for row in rows}
    return {row.id: named[row.same_as_id or row.id] for row in rows}


def pace_by_reviewer(
    session: Session, *, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Pace]:
    """By name, of verdicts from `since` on and before `until`; whoever gave none is left out. Reads only."""
    ends = and_(
        true(),
        *(() if since is None else (Verdict.created_at >= since,)),
        *(() if until is None else (Verdict.created_at < until,)),
    )
    said: dict[str, list[tuple[datetime, float | None]]] = {}
    for identity, name in names(session).items():
        # A verdict that settled near-duplicates, too, was one look and is one verdict.
        latest = (
            select(Verdict.created_at, Verdict.seconds)
            .where(Verdict.reviewer_id == identity, Verdict.kind.in_(_SAID), Verdict.with_id.is_(None), ends)
            .order_by(Verdict.id.desc())
            .limit(_LATEST)
        )
        said.setdefault(name, []).extend((row.created_at, row.seconds) for row in session.execute(latest))
    return {name: _pace(verdicts) for name, verdicts in sorted(said.items()) if verdicts}


def _pace(verdicts: list[tuple[datetime, float | None]]) -> Pace:
    times = sorted(moment for moment, _ in verdicts)
    between = [later - earlier for earlier, later in pairwise(times) if later - earlier <= _BREAK]
    worked = sum(between, timedelta())
    looked = [seconds for _, seconds in verdicts if seconds is not None]
    return Pace(
        verdicts=len(verdicts),
        per_hour=len(between) / (worked / timedelta(hours=1)) if worked and len(between) >= _FEWEST else None,
        median_seconds=median(looked) if looked else None,
    )
