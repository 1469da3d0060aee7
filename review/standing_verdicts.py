"""The verdicts that nobody took back: of an item, and of a reviewer. Reads only."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from review import consensus, gold
from review.claimable import stands
from review.consensus import Vote
from review.people import identities
from review.tables import NONE_OF_THESE, VOTES, ItemStatus, Reviewer, ReviewItem, Verdict, VerdictKind


def of_item(session: Session, item: ReviewItem, *, seen_by: Reviewer | None = None) -> Sequence[Verdict]:
    """The item's verdicts since it was last opened that nobody took back, oldest first; checks of reviewers apart.

    `seen_by` a reviewer who is measured by the item: without what settled it, and with what they said themselves.
    """
    checks: ColumnElement[bool] = ~Verdict.checks_gold
    if seen_by is not None and gold.given(session, item.id, seen_by) is not None:
        own = and_(Verdict.checks_gold, Verdict.reviewer_id == seen_by.id)
        checks = or_(own, and_(~Verdict.checks_gold, Verdict.kind.not_in(VOTES)))
    reopened = session.scalar(
        select(func.max(Verdict.id)).where(Verdict.item_id == item.id, Verdict.kind == VerdictKind.REOPEN, stands())
    )
    return session.scalars(
        select(Verdict)
        .where(
            Verdict.item_id == item.id,
            Verdict.kind.not_in((VerdictKind.UNDO, VerdictKind.REOPEN)),
            Verdict.id > max(item.reopened_after or 0, reopened or 0),
            checks,
            stands(),
        )
        .order_by(Verdict.id)
    ).all()


def disagreement(session: Session, item_id: int) -> tuple[tuple[str, str], ...]:
    """Who said what ("none" for none of these) of an item that reviewers disagree on; nothing of any other."""
    item = session.get(ReviewItem, item_id)
    if item is None or not item.needs_adjudicator:
        return ()
    return tuple(
        (session.get_one(Reviewer, verdict.reviewer_id).name, verdict.label or NONE_OF_THESE)
        for verdict in _said(session, item)
    )


def votes(session: Session, item: ReviewItem) -> list[Vote]:
    """What consensus is made of: one a standing verdict, oldest first; linked identities are one reviewer."""
    verdicts = _said(session, item)
    reviewers = {
        reviewer.id: reviewer
        for reviewer in session.scalars(select(Reviewer).where(Reviewer.id.in_({one.reviewer_id for one in verdicts})))
    }
    return [
        Vote(
            reviewer=reviewers[verdict.reviewer_id].same_as_id or verdict.reviewer_id,
            label=verdict.label or NONE_OF_THESE,
            weight=consensus.weight(reviewers[verdict.reviewer_id].reliability),
            adjudicates=verdict.adjudicates,
        )
        for verdict in verdicts
    ]


def voted(session: Session, item: ReviewItem, reviewer: Reviewer) -> bool:
    """Whether this reviewer said something of it that counts, by any of their names."""
    return any(vote.reviewer == (reviewer.same_as_id or reviewer.id) for vote in votes(session, item))


def said_blindly(session: Session, item_id: int, reviewer: Reviewer) -> Verdict | None:
    """What this reviewer said of an item of which several are to say the same, as long as it is open to them."""
    item = session.get(ReviewItem, item_id)
    if item is None or item.verdicts_needed < 2 or item.needs_adjudicator:
        return None
    if item.status is not ItemStatus.OPEN and gold.given(session, item_id, reviewer) is None:
        return None
    same = identities(session, reviewer)
    own = [one for one in of_item(session, item, seen_by=reviewer) if one.kind in VOTES and one.reviewer_id in same]
    return own[-1] if own else None


def answered_since(session: Session, reopening: Verdict) -> bool:
    """Whether anybody's vote stands that was given after the item was reopened."""
    return _any_since(session, reopening, *VOTES)


def deferred_since(session: Session, deferral: Verdict) -> bool:
    """Whether the item was put off once more since, by anybody who did not take that back."""
    return _any_since(session, deferral, VerdictKind.DEFER)


def last(
    session: Session, reviewer: Reviewer, *, item_id: int | None = None, verdict_id: int | None = None
) -> Verdict | None:
    """What `judging.undo` would take back: this reviewer's latest (on this item; this very one); None: nothing.

    What was settled along with another item is taken back with that, unless it is named.
    """
    of_item = () if item_id is None else (Verdict.item_id == item_id,)
    very = () if verdict_id is None else (Verdict.id == verdict_id,)
    only = (*of_item, *very) or (Verdict.with_id.is_(None),)
    return session.scalars(
        select(Verdict)
        .where(Verdict.reviewer_id.in_(identities(session, reviewer)), Verdict.kind != VerdictKind.UNDO)
        .where(stands(), *only)
        .order_by(Verdict.id.desc())
        .limit(1)
    ).first()


def _said(session: Session, item: ReviewItem) -> list[Verdict]:
    return [verdict for verdict in of_item(session, item) if verdict.kind in VOTES]


def _any_since(session: Session, verdict: Verdict, *kinds: VerdictKind) -> bool:
    later = select(Verdict.id).where(
        Verdict.item_id == verdict.item_id,
        Verdict.id > verdict.id,
        Verdict.kind.in_(kinds),
        ~Verdict.checks_gold,
        stands(),
    )
    return session.scalar(later.limit(1)) is not None
