"""What reviewers say of items: recorded once and for ever, settled by consensus, taken back by another entry.

Functions take a session and never commit; whoever opens it commits. Every change needs a writing session. Whoever sent
a photo is told in the transaction in which its final label changes.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import gold, near_duplicates, queue, records, settlement, standing_verdicts
from review.claimable import stands
from review.errors import LeaseLost, NothingToUndo, NotYours
from review.policy import Reason
from review.quorum import ONE, Quorum
from review.tables import (
    VOTES,
    Channel,
    GoldCheck,
    ItemStatus,
    Reviewer,
    ReviewItem,
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
        settlement.conclude(session, item, verdict, now)
        for member in settlement.members(session, item, now):
            copy = _verdict(member, reviewer, kind, label, free_name, how, now)
            copy.with_id, copy.import_key, copy.adjudicates = verdict.id, None, adjudicates
            session.add(copy)
            session.flush()
            settlement.conclude(session, member, copy, now)
        if item.status is not ItemStatus.OPEN:
            settlement.stand_alone(session, item)
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
    settlement.open_again(session, item)
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
        settlement.open_again(session, item)
    session.flush()


def _take_back(session: Session, verdict: Verdict, reviewer: Reviewer, now: datetime) -> None:
    item = session.get_one(ReviewItem, verdict.item_id)
    before = () if verdict.checks_gold else standing_verdicts.votes(session, item)
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
    settlement.reconsider(session, item, before=before, cause=undoing, now=now)


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
