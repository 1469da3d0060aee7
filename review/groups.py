"""What waits, by what the model takes it for and why it waits: what the reviewer's page is filtered by; reads only."""

from dataclasses import dataclass

from sqlalchemy import case, func, null, select
from sqlalchemy.orm import Session

from review import claimable
from review.tables import ItemStatus, ReviewItem


@dataclass(frozen=True)
class Group:
    """`items` open items that people see themselves.

    `label` is None for blind ones and where no model judged; `reason`, the weightiest one, for blind ones.
    """

    label: str | None
    reason: str | None
    blind: bool
    items: int


def waiting_groups(session: Session) -> list[Group]:
    """All that waits, those in somebody's hands included, the largest group first."""
    hidden = claimable.is_blind()
    label = case((hidden, null()), else_=ReviewItem.suggested_label).label("shown_label")
    reason = case((hidden, null()), else_=ReviewItem.reason).label("shown_reason")
    # Grouped by name: PostgreSQL takes the same expression with other parameters for another one.
    rows = session.execute(
        select(label, reason, hidden.label("hidden"), func.count().label("items"))
        .where(ReviewItem.status == ItemStatus.OPEN, ReviewItem.represented_by_id.is_(None))
        .group_by("shown_label", "shown_reason", "hidden")
        .order_by(func.count().desc(), "shown_label", "shown_reason")
    )
    return [Group(label, reason, bool(blind), items) for label, reason, blind, items in rows]
