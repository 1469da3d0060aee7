"""What a reviewer says of many items at once: each is answered for itself, and one undo takes all of it back.

Functions take a session and never commit; whoever opens it commits. What was said at once is known by its time: all
verdicts of one bulk have the very same `created_at`, so that undo needs nothing but the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import gold, judging, standing_verdicts
from review.claimable import stands
from review.errors import AlreadySettled, LeaseLost, NotFound, NothingToUndo, NotYours
from review.judging import Circumstances
from review.tables import Channel, Reviewer, ReviewItem, Verdict, VerdictKind

_BETWEEN = 10_000  # verdicts of everybody that may come between those of one bulk: they are not looked for further back
_REPEATED_WITHIN = timedelta(minutes=2)  # a request whose answer got lost comes again sooner than that


class Outcome(StrEnum):
    """What became of one item of a bulk."""

    SETTLED = "settled"
    RECORDED = "recorded"
    """the item stays open: for others, for later, or for more verdicts"""

    LOST = "lost"
    """the lease is over, and nothing was recorded"""

    SETTLED_BEFORE = "settled_before"
    """somebody else answered first"""

    GONE = "gone"
    """the photo was deleted"""

    NOT_YOURS = "not_yours"
    """reviewers disagree, and somebody else must decide"""


@dataclass(frozen=True)
class InHand:
    """An item that a reviewer answers, with what the claim gave; `seconds` of looking fell to it."""

    item_id: int
    token: str
    seconds: float | None = None
    answer_shown: bool | None = None


@dataclass(frozen=True)
class Answered:
    """What became of it; `sentence` says why where nothing was recorded."""

    item_id: int
    outcome: Outcome
    final_label: str | None = None
    sentence: str | None = None


def settle_each(
    session: Session,
    reviewer: Reviewer,
    answers: Sequence[InHand],
    *,
    kind: VerdictKind,
    label: str | None = None,
    free_name: str | None = None,
    deferred_until: datetime | None = None,
    channel: Channel = Channel.PAGE,
    now: datetime,
) -> list[Answered]:
    """The same verdict on each, in order. A bulk may come in several transactions; they share `now`.

    A request that comes again because its answer got lost is answered as if it came for the first time.
    """
    answered = []
    for one in answers:
        how = Circumstances(channel, one.seconds, one.answer_shown)
        try:
            with session.begin_nested():  # what is refused leaves nothing behind, and the others are recorded
                final = judging.settle(
                    session,
                    one.item_id,
                    reviewer,
                    kind=kind,
                    label=label,
                    free_name=free_name,
                    token=one.token,
                    deferred_until=deferred_until,
                    how=how,
                    now=now,
                )
            answered.append(Answered(one.item_id, Outcome.SETTLED if final else Outcome.RECORDED, final))
        except (AlreadySettled, LeaseLost) as error:
            before = standing_verdicts.last(session, reviewer, item_id=one.item_id)
            if before is not None and _same(before, kind, label, free_name, now):
                final = gold.came_to(session.get_one(ReviewItem, one.item_id), before)
                answered.append(Answered(one.item_id, Outcome.SETTLED if final else Outcome.RECORDED, final))
            else:
                lost = Outcome.LOST if isinstance(error, LeaseLost) else Outcome.SETTLED_BEFORE
                answered.append(Answered(one.item_id, lost, sentence=str(error)))
        except NotFound as error:
            answered.append(Answered(one.item_id, Outcome.GONE, sentence=str(error)))
        except NotYours as error:
            answered.append(Answered(one.item_id, Outcome.NOT_YOURS, sentence=str(error)))
    return answered


def began(
    session: Session,
    reviewer: Reviewer,
    answers: Sequence[InHand],
    *,
    kind: VerdictKind,
    label: str | None = None,
    free_name: str | None = None,
    now: datetime,
) -> datetime:
    """The time that verdicts of this bulk share: `now`, or when it came first, if a part of it is recorded already.

    Of a bulk whose first transactions were written and whose later ones failed, one undo takes back all in the end.
    """
    for one in answers:
        item = session.get(ReviewItem, one.item_id)
        if item is not None and item.lease_token != one.token:  # it may have been answered; others were not
            before = standing_verdicts.last(session, reviewer, item_id=one.item_id)
            if before is not None and _same(before, kind, label, free_name, now):
                return before.created_at
    return now


def last_stroke(session: Session, reviewer: Reviewer) -> list[int]:
    """The verdicts (their ids, in order) that one undo takes back: the last that stands, and all said with it.

    Each is taken back by `judging.undo`, in as many transactions as one likes. Raises `NothingToUndo`.
    """
    last = standing_verdicts.last(session, reviewer)
    if last is None:
        raise NothingToUndo(f"{reviewer.name} has no verdict that could be taken back")
    if last.channel is not Channel.PAGE:  # elsewhere things are said one by one
        return [last.id]
    return list(
        session.scalars(
            select(Verdict.id)
            .where(
                Verdict.reviewer_id == last.reviewer_id,  # maybe under another name of theirs
                Verdict.id > last.id - _BETWEEN,
                Verdict.created_at == last.created_at,
                Verdict.channel == last.channel,
                Verdict.kind == last.kind,
                Verdict.with_id.is_(None),
                stands(),
            )
            .order_by(Verdict.id)
        )
    )


def _same(before: Verdict, kind: VerdictKind, label: str | None, free_name: str | None, now: datetime) -> bool:
    said = (before.kind, before.label, before.free_name)
    return said == (kind, label, free_name) and now - before.created_at <= _REPEATED_WITHIN
