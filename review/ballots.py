"""What reviewers said of items independently of one another: all that may be learnt of them from each other."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session, aliased

from review.tables import NONE_OF_THESE, VOTES, Reviewer, ReviewItem, Verdict, VerdictKind

_LATEST = 50_000  # verdicts of everybody that are looked at: people change, and nobody waits for a longer look


@dataclass(frozen=True)
class Ballots:
    """`said`: by item, what each reviewer said of it. `known`: the truth of an item, as an adjudicator or gold has it.

    Labels, or "none" for none of these. Items that one reviewer judged are there only if their truth is known.
    """

    said: dict[int, dict[int, str]]
    known: dict[int, str]


def blind(session: Session) -> Ballots:
    """Of items that several judged without seeing the others' answer; what adjudicators said is the truth.

    What people said before an item was opened again is left out: it was opened because of what they said, so that
    nobody would be measured by their ordinary answers. So is what was said of a near-duplicate.
    """
    undoing, later, undoing_later = (aliased(Verdict) for _ in range(3))
    rows = session.execute(
        _votes()
        .join(ReviewItem, ReviewItem.id == Verdict.item_id)
        .where(
            ~Verdict.checks_gold,
            Verdict.with_id.is_(None),
            ReviewItem.verdicts_needed > 1,
            Verdict.id > func.coalesce(ReviewItem.reopened_after, 0),
            ~exists().where(undoing.undoes_id == Verdict.id),
            ~exists().where(
                later.item_id == Verdict.item_id,
                later.id > Verdict.id,
                later.kind == VerdictKind.REOPEN,
                ~exists().where(undoing_later.undoes_id == later.id),
            ),
        )
    )
    said: dict[int, dict[int, str]] = {}
    known: dict[int, str] = {}
    for item_id, reviewer_id, label, adjudicates in rows:
        if adjudicates:
            known[item_id] = label
        else:
            said.setdefault(item_id, {})[reviewer_id] = label
    several = {item: words for item, words in said.items() if len(words) > 1}
    return Ballots(several, {item: label for item, label in known.items() if item in several})


def gold(session: Session) -> Ballots:
    """Of items with a known answer, by those who did not know that it is one."""
    undoing = aliased(Verdict)
    rows = session.execute(
        _votes(ReviewItem.final_label)
        .join(ReviewItem, ReviewItem.id == Verdict.item_id)
        .where(
            Verdict.checks_gold,
            ReviewItem.gold_at.is_not(None),
            ReviewItem.final_label.is_not(None),
            ~exists().where(undoing.undoes_id == Verdict.id),
        )
    )
    said: dict[int, dict[int, str]] = {}
    known: dict[int, str] = {}
    for item_id, reviewer_id, label, _, truth in rows:
        said.setdefault(item_id, {})[reviewer_id] = label
        known[item_id] = truth
    return Ballots(said, known)


def _votes(*more: Any) -> Any:  # releases of SQLAlchemy write the type of a query in different ways
    """Of the latest verdicts, oldest first: item, who really said it, what, and whether it ended a disagreement."""
    latest = select(func.max(Verdict.id)).scalar_subquery()
    return (
        select(
            Verdict.item_id,
            func.coalesce(Reviewer.same_as_id, Reviewer.id),
            case((Verdict.kind == VerdictKind.NONE, NONE_OF_THESE), else_=Verdict.label),
            Verdict.adjudicates,
            *more,
        )
        .join(Reviewer, Reviewer.id == Verdict.reviewer_id)
        .where(Verdict.id > latest - _LATEST, Verdict.kind.in_(VOTES))
        .order_by(Verdict.id)
    )
