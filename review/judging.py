"""What reviewers say of items: recorded once and for ever, settled by consensus, taken back by another entry.

Functions take a session and never commit; whoever opens it commits. Every change needs a writing session. Whoever sent
a photo is told in the transaction in which its final label changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from review import consensus, gold, hearing, near_duplicates, queue, records, standing_verdicts
from review.claimable import stands
from review.errors import LeaseLost, NothingToUndo, NotYours
from review.people import identities
from review.policy import Reason
from review.quorum import ONE, Quorum
from review.tables import (
    VOTES,
    Channel,
    GoldCheck,
    ItemStatus,
    Reviewer,
    ReviewItem,
    Submission,
    Verdict,
    VerdictKind,
)


@dataclass(frozen=True)
class Circumstances:
    """How a verdict came about: where, in how many seconds of looking, and whether the model's answer was in view."""

    channel: Channel | None = None
    seconds: float | None = None
    answer_shown: bool | None = None
    import_key: str | None = None
    said_at: datetime | None = None  # if that was before it is recorded


UNKNOWN = Circumstances()


def settle(
    session: Session,
    item_id: int,
    reviewer: Reviewer,
    *,
    kind: VerdictKind,
    label: str | None = None,
    free_name: str | None = None,
    token: str | None = None,
    deferred_until: datetime | None = None,
    how: Circumstances = UNKNOWN,
    now: datetime,
) -> str | None:
    """Record a verdict; returns the final label ("none" for none of these), or None if the item stays open.

    With `token` the lease must still be held (`LeaseLost`); without one, nobody else may hold the item. `label` goes
    with `VerdictKind.LABEL`, `free_name` (what it shows instead) with `NONE`, `deferred_until` with `DEFER`. What the
    item represents is settled with it. Raises `NotYours` for what an adjudicator must decide.
    """
    check = gold.given(session, item_id, reviewer)
    if check is not None:
        return _check(session, check, reviewer, token, kind, label, free_name, how, now)
    if token is not None and gold.lost(session, item_id, token):
        raise _lost(item_id)
    item = queue.open_item(session, item_id)
    if token is None:
        queue.refuse_if_held(session, item, reviewer, now)
    elif (item.lease_token, item.lease_reviewer_id) != (token, reviewer.id) or queue.expired(item, now):
        raise _lost(item_id)
    adjudicates = False
    if item.needs_adjudicator and kind in VOTES:
        adjudicates = queue.may_adjudicate(reviewer) and not standing_verdicts.voted(session, item, reviewer)
        if not adjudicates:
            raise NotYours(f"reviewers disagree on item {item_id}: a moderator who said nothing of it yet decides")
    verdict = _verdict(item, reviewer, kind, label, free_name, how, now)
    verdict.adjudicates = adjudicates
    session.add(verdict)
    session.flush()
    queue.unlease(item)
    if kind is VerdictKind.DEFER:
        item.deferred_until = deferred_until
    if kind in VOTES:
        _conclude(session, item, verdict, now)
        for member in _members(session, item, now):
            copy = _verdict(member, reviewer, kind, label, free_name, how, now)
            copy.with_id, copy.import_key, copy.adjudicates = verdict.id, None, adjudicates
            session.add(copy)
            session.flush()
            _conclude(session, member, copy, now)
        if item.status is not ItemStatus.OPEN:
            _stand_alone(session, item)
    session.flush()
    return item.final_label


def undo(
    session: Session,
    reviewer: Reviewer,
    *,
    item_id: int | None = None,
    verdict_id: int | None = None,
    now: datetime,
) -> int:
    """Take back this reviewer's last standing verdict (on this item; or this very one, whatever came after it).

    Returns its item, open again at its old place. Raises `NothingToUndo`. The asker hears of it when the item is
    settled otherwise. What was settled with it is open again, too. Of an item that was answered since it was reopened,
    what was said before counts no more, whoever takes the reopening back.
    """
    last = standing_verdicts.last(session, reviewer, item_id=item_id, verdict_id=verdict_id)
    if last is None:
        on = f" on item {item_id}" if item_id is not None else ""
        raise NothingToUndo(f"{reviewer.name} has no verdict{on} that could be taken back")
    _take_back(session, last, reviewer, now)
    for copy in session.scalars(select(Verdict).where(Verdict.with_id == last.id, stands())).all():
        _take_back(session, copy, reviewer, now)
    return last.item_id


def reopen(
    session: Session, item_id: int, reviewer: Reviewer, *, note: str, how: Circumstances = UNKNOWN, now: datetime
) -> None:
    """People look once more, because of `note` (1..200 characters); what they said before settles nothing any more.

    Nothing changes for an item that is open. Whoever is measured by it takes back what they said themselves: that is
    all that it was settled by, for what they know. Raises `NotFound`.
    """
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise queue.not_found(item_id)
    check = gold.given(session, item_id, reviewer)
    if check is not None:
        if check.verdict_id is not None:
            _take_back(session, session.get_one(Verdict, check.verdict_id), reviewer, now)
        return
    if item.status is not ItemStatus.SETTLED:
        queue.open_item(session, item_id)
        return
    verdict = _verdict(item, reviewer, VerdictKind.REOPEN, None, None, how, now)
    verdict.note = note
    session.add(verdict)
    session.flush()
    item.opened_at = now
    item.represented_by_id = None  # what it was settled with stays settled
    _open(session, item)
    session.flush()


def dispute(session: Session, item: ReviewItem, *, quorum: Quorum = ONE, now: datetime) -> None:
    """The asker disagrees with what was said: people look (once more), and what they said before settles nothing.

    What was looked at by several is never settled by fewer; a dispute may ask for more of them (`quorum`).
    A moderator who holds the item at this moment keeps it.
    """
    if Reason.DISPUTED not in item.reasons:
        item.reasons = [*item.reasons, Reason.DISPUTED.value]
        records.rank(item)
    item.verdicts_needed = max(item.verdicts_needed, quorum.of(item.reasons))
    near_duplicates.promote(session, [item.id])  # somebody says that it is unlike the others
    item.represented_by_id = None
    if item.status is ItemStatus.SETTLED:
        item.reopened_after = session.scalar(select(func.max(Verdict.id)).where(Verdict.item_id == item.id))
        item.opened_at = now
        _open(session, item)
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
        _conclude(session, item, _latest_vote(session, item), now)
        if item.status is not ItemStatus.OPEN:
            _stand_alone(session, item)
    session.flush()


def _conclude(
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


def _take_back(session: Session, verdict: Verdict, reviewer: Reviewer, now: datetime) -> None:
    item = session.get_one(ReviewItem, verdict.item_id)
    before = standing_verdicts.votes(session, item)
    undoing = Verdict(
        item_id=verdict.item_id,
        reviewer_id=reviewer.id,
        kind=VerdictKind.UNDO,
        undoes_id=verdict.id,
        channel=verdict.channel,
        checks_gold=verdict.checks_gold,
        created_at=now,
    )
    session.add(undoing)
    session.flush()
    if verdict.checks_gold:
        gold.take_back(session, verdict)
        return
    if verdict.kind is VerdictKind.DEFER and not standing_verdicts.deferred_since(session, verdict):
        item.deferred_until = None
    if verdict.kind is VerdictKind.REOPEN and standing_verdicts.answered_since(session, verdict):
        item.reopened_after = max(item.reopened_after or 0, verdict.id)
    votes = standing_verdicts.votes(session, item)
    if votes == before:  # by what weighs otherwise today nothing is decided anew
        return
    reached = consensus.decide(votes, needed=item.verdicts_needed)
    opens = item.status is ItemStatus.SETTLED and reached.final is None
    if opens:
        _open(session, item)
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
        _conclude(session, item, _latest_vote(session, item), now, cause=undoing)
        _stand_alone(session, item)  # what came to it while it was open was not looked at
    session.flush()


def _latest_vote(session: Session, item: ReviewItem) -> Verdict:
    return [one for one in standing_verdicts.of_item(session, item) if one.kind in VOTES][-1]


def _members(session: Session, item: ReviewItem, now: datetime) -> Sequence[ReviewItem]:
    """Open near-duplicates that people see this item in place of; what somebody holds is looked at by itself."""
    free = or_(ReviewItem.lease_expires_at.is_(None), ReviewItem.lease_expires_at <= now)
    return session.scalars(
        select(ReviewItem)
        .where(ReviewItem.represented_by_id == item.id, ReviewItem.status == ItemStatus.OPEN, free)
        .order_by(ReviewItem.id)
    ).all()


def _stand_alone(session: Session, item: ReviewItem) -> None:
    """Whatever is still open is seen by itself from now on."""
    for member in session.scalars(
        select(ReviewItem).where(ReviewItem.represented_by_id == item.id, ReviewItem.status == ItemStatus.OPEN)
    ).all():
        member.represented_by_id = None


def _verdict(
    item: ReviewItem,
    reviewer: Reviewer,
    kind: VerdictKind,
    label: str | None,
    free_name: str | None,
    how: Circumstances,
    now: datetime,
) -> Verdict:
    return Verdict(
        item_id=item.id,
        reviewer_id=reviewer.id,
        kind=kind,
        label=label,
        free_name=free_name if kind is VerdictKind.NONE else None,
        channel=how.channel,
        seconds=how.seconds,
        answer_shown=how.answer_shown,
        import_key=how.import_key,
        policy_version=item.policy_version,
        created_at=how.said_at or now,
    )


def _check(
    session: Session,
    check: GoldCheck,
    reviewer: Reviewer,
    token: str | None,
    kind: VerdictKind,
    label: str | None,
    free_name: str | None,
    how: Circumstances,
    now: datetime,
) -> str | None:
    """Note what the reviewer says of a known answer; nothing else changes. Returns what it would have come to.

    It is refused where, and with the words with which, the same would be refused of any other item.
    """
    gold.refuse_if_answered(session, check, reviewer)
    if token is not None and (check.token != token or check.verdict_id is not None or check.expires_at <= now):
        raise _lost(check.item_id)
    item = session.get_one(ReviewItem, check.item_id)
    verdict = _verdict(item, reviewer, kind, label, free_name, how, now)
    verdict.checks_gold = True
    session.add(verdict)
    session.flush()
    check.verdict_id = verdict.id
    return gold.came_to(item, verdict)


def _lost(item_id: int) -> LeaseLost:
    return LeaseLost(f"item {item_id} is no longer yours: the time was up, or you claimed it once more; claim again")


def _open(session: Session, item: ReviewItem) -> None:
    item.status = ItemStatus.OPEN
    item.final_label = None
    item.settled_at = None
    item.settled_by_id = None
    item.needs_adjudicator = False
    gold.withdraw(session, item)
