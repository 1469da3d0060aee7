"""Everything that was said of an item, in order; reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from review.items import ItemView
from review.tables import Channel, Reviewer, Verdict, VerdictKind


@dataclass(frozen=True)
class Said:
    """A verdict; `undone` if somebody took it back. `kind` and `label` are None where they must not be seen yet."""

    verdict: int
    reviewer: str
    at: datetime
    kind: VerdictKind | None
    label: str | None
    free_name: str | None
    note: str | None
    channel: Channel | None
    seconds: float | None
    undone: bool
    undoes: int | None
    along_with: int | None  # the verdict on a near-duplicate that said this of this item, too
    adjudicates: bool


def history(session: Session, item: ItemView, *, checks: bool = False) -> list[Said]:
    """All verdicts on this item, the first one first, those that were taken back too; hidden checks apart.

    `checks`: those instead, by whom it measured. What others say of an item that is judged blind is hidden as long as
    it is open.
    """
    undoing = aliased(Verdict)
    rows = session.execute(
        select(Verdict, Reviewer.name, undoing.id)
        .join(Reviewer, Reviewer.id == Verdict.reviewer_id)
        .outerjoin(undoing, undoing.undoes_id == Verdict.id)
        .where(Verdict.item_id == item.id, Verdict.checks_gold == checks)
        .order_by(Verdict.id)
    )
    return [
        Said(
            verdict=verdict.id,
            reviewer=reviewer,
            at=verdict.created_at,
            kind=None if item.hidden else verdict.kind,
            label=None if item.hidden else verdict.label,
            free_name=None if item.hidden else verdict.free_name,
            note=verdict.note,
            channel=verdict.channel,
            seconds=verdict.seconds,
            undone=undone_by is not None,
            undoes=verdict.undoes_id,
            along_with=verdict.with_id,
            adjudicates=verdict.adjudicates,
        )
        for verdict, reviewer, undone_by in rows
    ]
