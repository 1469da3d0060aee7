"""Which items a reviewer may be given: conditions and statements, each put together once in the life of a process.

To put one together takes SQLAlchemy longer than the database needs to find the item.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, TextClause, and_, bindparam, exists, or_, select, text
from sqlalchemy.orm import aliased

from review.tables import CLAIMABLE, CLAIMABLE_INDEX, PASSED, REOPENS, VOTES, ReviewItem, Verdict, VerdictKind


@dataclass(frozen=True)
class Among:
    """Which items to choose from; None: any. `suggested_label` is the model's guess, `reason` the weightiest one.

    No blind item is among those of a label or a reason: to be there would tell what the model said of it.
    """

    suggested_label: str | None = None
    reason: str | None = None
    blind: bool | None = None

    def condition(self) -> ColumnElement[bool]:
        """For a WHERE clause."""
        wanted = ((ReviewItem.suggested_label, self.suggested_label), (ReviewItem.reason, self.reason))
        conditions = [column == value for column, value in wanted if value is not None]
        blind = self.blind if self.suggested_label is None and self.reason is None else False
        if blind is not None:
            conditions.append(is_blind() if blind else ~is_blind())
        return and_(True, *conditions)


ANY = Among()


def is_blind() -> ColumnElement[bool]:
    """Several must say the same of the item, each without seeing what the model or others said."""
    return and_(ReviewItem.verdicts_needed > 1, ~ReviewItem.needs_adjudicator)


def stands() -> ColumnElement[bool]:
    """Nobody took the verdict back."""
    return _STANDS


_undoing = aliased(Verdict)
_STANDS = ~exists().where(_undoing.undoes_id == Verdict.id)  # made once: an alias copies all columns


@lru_cache(maxsize=64)
def named(among: Among, adjudicates: bool) -> Select[Any]:
    """Those of the items `named` that can be claimed, and were not passed by, in no order."""
    wanted = ReviewItem.id.in_(bindparam("named", expanding=True))
    return select(ReviewItem).where(_claimable(among, adjudicates), ~_PASSED_BY, wanted)


@lru_cache(maxsize=64)
def in_order(among: Among, adjudicates: bool, passed: bool) -> Select[Any]:
    """The first `count` that can be claimed, of those that the reviewer passed by, or of the others.

    Numbers only, and their rows afterwards: PostgreSQL asks an index alone if nothing else is wanted. Put together once
    in the life of a process: that takes longer than to find the item.
    """
    best = select(ReviewItem.id).order_by(ReviewItem.priority.desc(), ReviewItem.id).limit(bindparam("count"))
    if among == ANY:
        # All indexes of the queue look alike to SQLite; in this one it need not look at the rows that it passes by.
        best = best.with_hint(ReviewItem, f"INDEXED BY {CLAIMABLE_INDEX}", "sqlite")
    # First what is known of the reviewer at once, then what is looked up for each item: SQLite goes in order.
    return best.where(_PASSED_BY if passed else ~_PASSED_BY, _claimable(among, adjudicates))


def _claimable(among: Among, adjudicates: bool) -> ColumnElement[bool]:
    """Open, seen by people itself, in nobody's hands, not put off, and open to this reviewer, whatever their name.

    The numbers that the reviewer goes by are the parameter `same`; `besides` and `now` are parameters, too.
    """
    now = bindparam("now", type_=ReviewItem.opened_at.type)
    conditions: list[ColumnElement[bool] | TextClause] = [
        text(CLAIMABLE),  # in the words of the index, or it would not be taken
        or_(ReviewItem.lease_expires_at.is_(None), ReviewItem.lease_expires_at <= now),
        or_(ReviewItem.deferred_until.is_(None), ReviewItem.deferred_until <= now),
        ~_VOTED,
    ]
    if not adjudicates:
        conditions.append(~ReviewItem.needs_adjudicator)
    return and_(*conditions, among.condition(), ReviewItem.id.not_in(bindparam("besides", expanding=True)))


def _voted() -> ColumnElement[bool]:
    """The reviewer `same` said what the item shows since it was opened last, and did not take it back."""
    mine, undo, later, undoing_later = (aliased(Verdict) for _ in range(4))
    same: BindParameter[Any] = bindparam("same", expanding=True)
    # Whoever takes a verdict back is who gave it: those are few, and looked up at once.
    undone = select(undo.undoes_id).where(undo.reviewer_id.in_(same), undo.kind == VerdictKind.UNDO)
    return exists().where(
        mine.item_id == ReviewItem.id,
        mine.reviewer_id.in_(same),
        ~mine.checks_gold,  # what was said to be measured is no vote
        mine.kind.in_(VOTES),
        or_(ReviewItem.reopened_after.is_(None), mine.id > ReviewItem.reopened_after),
        mine.id.not_in(undone.where(undo.undoes_id.is_not(None), undo.with_id.is_(None))),
        ~exists().where(
            later.item_id == mine.item_id,
            later.id > mine.id,
            text(REOPENS),
            ~exists().where(undoing_later.undoes_id == later.id),
        ),
    )


_VOTED = _voted()
_PASSED_BY = ReviewItem.id.in_(
    select(Verdict.item_id).where(Verdict.reviewer_id.in_(bindparam("same", expanding=True)), text(PASSED), _STANDS)
)
