"""What becomes of an item by what was said of it: settled, open again, and those that it is seen in place of with it.

Functions take a writing session and never commit. Whoever sent the photo is told when its final label changes.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from review import consensus, gold, hearing, queue, standing_verdicts
from review.consensus import Vote
from review.people import identities
from review.tables import VOTES, ItemStatus, Reviewer, ReviewItem, Submission, Verdict


def conclude(
    session: Session, item: ReviewItem, verdict: Verdict, now: datetime, *, cause: Verdict | None = None
) -> None:
    """Settle the item, or leave it open, as its standing verdicts say; `verdict` is the latest of them.

    `cause` is what was recorded just now, if that is not it: an entry that made an older verdict stand again.
    """
    reached = consensus.decide(standing_verdicts.votes(session, item), needed=item.verdicts_needed)
    item.needs_adjudicator = reached.disagreement
    if reached.final is None:
        return
    item.status = ItemStatus.SETTLED
    item.deferred_until = None
    item.final_label = reached.final
    item.settled_at = now
    item.settled_by_id = verdict.reviewer_id
    queue.unlease(item)
    hearing.tell(session, item, reached.final, cause or verdict, now)


def reconsider(session: Session, item: ReviewItem, *, before: Sequence[Vote], cause: Verdict, now: datetime) -> None:
    """Something was taken back, by `cause`: settle the item as what stands now says, or open it.

    Nothing happens where the votes are those of `before`: by what weighs otherwise today nothing is decided anew.
    """
    votes = standing_verdicts.votes(session, item)
    if votes == before:
        return
    reached = consensus.decide(votes, needed=item.verdicts_needed)
    opens = item.status is ItemStatus.SETTLED and reached.final is None
    if opens:
        open_again(session, item)
    item.needs_adjudicator = reached.disagreement
    if opens:
        if session.get_one(Submission, item.submission_id).image_sha256 is None:
            item.status = ItemStatus.WITHDRAWN  # its photo was deleted: nobody can say what it shows any more
        elif item.represented_by_id is not None:
            shown = session.get(ReviewItem, item.represented_by_id)
            if shown is None or shown.status is not ItemStatus.OPEN:
                item.represented_by_id = None  # it was taken back by itself: nobody would see it
    elif reached.final is not None and (item.status, item.final_label) != (ItemStatus.SETTLED, reached.final):
        # Another's word, or that from before it was reopened, stands again.
        conclude(session, item, _latest_vote(session, item), now, cause=cause)
        stand_alone(session, item)  # what came to it while it was open was not looked at
    session.flush()


def decide_anew(session: Session, reviewer: Reviewer, now: datetime) -> None:
    """Two names turned out to be this one reviewer: what they disagreed on with themselves is no disagreement."""
    said = exists().where(
        Verdict.item_id == ReviewItem.id,
        Verdict.reviewer_id.in_(identities(session, reviewer)),
        Verdict.kind.in_(VOTES),
        ~Verdict.checks_gold,
    )
    disagreed = (ReviewItem.status == ItemStatus.OPEN, ReviewItem.needs_adjudicator)
    for item in session.scalars(select(ReviewItem).where(*disagreed, said).order_by(ReviewItem.id)).all():
        conclude(session, item, _latest_vote(session, item), now)
        if item.status is not ItemStatus.OPEN:
            stand_alone(session, item)
    session.flush()


def open_again(session: Session, item: ReviewItem) -> None:
    """As if it had never been settled; its old place in the queue is kept."""
    item.status = ItemStatus.OPEN
    item.final_label = None
    item.settled_at = None
    item.settled_by_id = None
    item.needs_adjudicator = False
    gold.withdraw(session, item)


def members(session: Session, item: ReviewItem, now: datetime) -> Sequence[ReviewItem]:
    """Open near-duplicates that people see this item in place of; what somebody holds is looked at by itself."""
    free = or_(ReviewItem.lease_expires_at.is_(None), ReviewItem.lease_expires_at <= now)
    return session.scalars(
        select(ReviewItem)
        .where(ReviewItem.represented_by_id == item.id, ReviewItem.status == ItemStatus.OPEN, free)
        .order_by(ReviewItem.id)
    ).all()


def stand_alone(session: Session, item: ReviewItem) -> None:
    """Whatever is still open is seen by itself from now on."""
    for member in session.scalars(
        select(ReviewItem).where(ReviewItem.represented_by_id == item.id, ReviewItem.status == ItemStatus.OPEN)
    ).all():
        member.represented_by_id = None


def _latest_vote(session: Session, item: ReviewItem) -> Verdict:
    return [one for one in standing_verdicts.of_item(session, item) if one.kind in VOTES][-1]
