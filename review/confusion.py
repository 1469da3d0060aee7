"""What the model said beside what people found: counted, and weighted to all photos that arrive.

What the model doubts always comes to people; what it answers alone comes to them by an audit, with a known chance, or
because its asker disputes it. So a settled doubt speaks for itself, an audited answer for as many as its chance says,
and a dispute for nothing: those answers are spoken for by the audited ones. Of what is not settled it is taken that it
is like the rest of its kind (`review.estimate`).
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, select, true
from sqlalchemy.orm import Session

from review.policy import Decision, Reason
from review.production import ALWAYS, Window
from review.tables import ItemStatus, PredictionRecord, ReviewItem, Submission

_DOUBT = 1.0  # the chance with which people come to see what the model doubts


@dataclass(frozen=True)
class Cell:
    """Photos of which the model said one label and people another (or "none"): `items` settled ones.

    They speak for `photos` of those that arrive.
    """

    model: str
    people: str
    items: int
    photos: float


@dataclass(frozen=True)
class Confusion:
    """`audited` of the items were answered alone by the model: without them it says nothing of its answers.

    `speaking` of the items speak for photos; disputes do not.
    """

    cells: tuple[Cell, ...]
    audited: int
    speaking: int


def confusion(session: Session, window: Window = ALWAYS) -> Confusion:
    """Count; reads only."""
    audited = cast(ReviewItem.reasons, Text).contains(f'"{Reason.AUDIT}"')
    drawn = case((ReviewItem.reason == Reason.AUDIT.value, true()), else_=audited)
    doubts = (ReviewItem.suggested_label, ReviewItem.final_label, ReviewItem.status)
    answers = (*doubts, drawn.label("drawn"), PredictionRecord.route, PredictionRecord.inclusion_probability)
    doubted = select(*doubts, func.count().label("items")).where(
        ReviewItem.reason.in_((Reason.LOW_CONFIDENCE.value, Reason.OUT_OF_DOMAIN.value))
    )
    answered = (
        select(*answers, func.count().label("items"))
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == ReviewItem.submission_id)
        .where(ReviewItem.reason.in_((Reason.AUDIT.value, Reason.DISPUTED.value)))
    )
    if window != ALWAYS:
        doubted, answered = (
            query.join(Submission, Submission.id == ReviewItem.submission_id).where(window.holds(), _opened_in(window))
            for query in (doubted, answered)
        )
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    strata: defaultdict[float, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    drawn_in: defaultdict[float, int] = defaultdict(int)
    audits = 0

    def count(model: str | None, people: str | None, items: int, chance: float | None) -> None:
        if model is None:
            return
        if chance is not None:
            drawn_in[chance] += items
        if people is not None:
            counts[model, people] += items
            if chance is not None:
                strata[chance][model, people] += items

    for row in session.execute(doubted.group_by(*doubts)):
        count(row.suggested_label, row.final_label, row.items, _DOUBT)
    for row in session.execute(answered.group_by(*answers)):
        if row.route == Decision.REVIEW.value:
            chance: float | None = _DOUBT  # a doubt whose asker disputes what people said
        else:
            chance = row.inclusion_probability if row.drawn else None
        count(row.suggested_label, row.final_label, row.items, chance or None)
        if row.drawn and row.status is ItemStatus.SETTLED:
            audits += row.items
    photos: defaultdict[tuple[str, str], float] = defaultdict(float)
    for chance, cells in strata.items():
        settled = sum(cells.values())
        for key, items in cells.items():
            photos[key] += items / chance * drawn_in[chance] / settled
    speaking = sum(sum(cells.values()) for cells in strata.values())
    return Confusion(tuple(Cell(*key, items, photos[key]) for key, items in sorted(counts.items())), audits, speaking)


def _opened_in(window: Window) -> ColumnElement[bool]:
    """No item is older than its submission: what an index knows of both spares looking at most items."""
    since = [] if window.since is None else [ReviewItem.opened_at >= window.since]
    return and_(ReviewItem.status.in_(list(ItemStatus)), *since)
