"""Review items as reviewers see them; reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from review.claimable import stands
from review.errors import NotFound, PhotoDeleted
from review.policy import Reason
from review.tables import (
    NONE_OF_THESE,
    VOTES,
    Claim,
    ItemStatus,
    PredictionRecord,
    Reviewer,
    ReviewItem,
    Submission,
    Verdict,
    VerdictKind,
)

_holder, _settler = aliased(Reviewer), aliased(Reviewer)  # made once: that takes a while
_ROWS = (
    select(ReviewItem, Submission, PredictionRecord, _holder.name, _settler.name)
    .join(Submission, ReviewItem.submission_id == Submission.id)
    .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
    .outerjoin(_holder, _holder.id == ReviewItem.lease_reviewer_id)
    .outerjoin(_settler, _settler.id == ReviewItem.settled_by_id)
)
PAGE = 500  # items read at once: SQLite takes a limited number of parameters, and memory stays flat


@dataclass(frozen=True)
class ItemView:
    """An item as reviewers see it; `probabilities` is None when no model judged the photo."""

    id: int
    submission: int
    status: ItemStatus
    reasons: tuple[str, ...]
    suggested_label: str | None
    confidence: float | None
    probabilities: dict[str, float] | None
    out_of_domain_score: float | None
    model_version: str | None
    image_sha256: str | None  # None: the photo was deleted
    submitted_at: datetime
    final_label: str | None
    free_name: str | None  # what it shows instead, said whoever settled it as none of these
    settled_at: datetime | None
    settled_by: str | None
    held_by: str | None
    held_until: datetime | None
    deferred_until: datetime | None
    claimed_labels: tuple[str, ...]  # what askers who disagree say it shows, the latest last; "none" for none of these
    verdicts_needed: int
    needs_adjudicator: bool
    group_size: int  # open near-duplicates that are settled with it, itself not counted
    represented_by: int | None  # the near-duplicate that people see in its place
    priority: float
    uncertainty: float | None
    novelty: float | None
    policy_version: int
    verdicts_so_far: int = 0  # of an item that is `hidden`: how many said something that counts; not what

    @property
    def blind(self) -> bool:
        """Several judge it, each without seeing what the model, the others or the askers say."""
        return self.verdicts_needed > 1 and not self.needs_adjudicator

    @property
    def why(self) -> tuple[str, ...]:
        """The reasons as whoever may judge it is to see them: a random check would tell that the model was sure."""
        return () if self.hidden else self.reasons

    @property
    def hidden(self) -> bool:
        """Whoever may still judge it must not see any of that now."""
        return self.blind and self.status is ItemStatus.OPEN


def view(session: Session, item_id: int, *, as_open: bool = False) -> ItemView:
    """One item; raises `NotFound`. `as_open`: as whoever claimed it is to see it, whatever became of it."""
    found = list_items(session, only=ReviewItem.id == item_id)
    if not found:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return opened(session, found[0]) if as_open else found[0]


def opened(session: Session, seen: ItemView) -> ItemView:
    """An item as it looks while it is open: one with a known answer is not told from others (`review.gold`)."""
    if seen.status is not ItemStatus.SETTLED:
        return seen
    # How long it waits would give it away: it waits as long as what is at the top of the queue.
    waiting = session.scalar(
        select(Submission.submitted_at)
        .join(ReviewItem, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.status == ItemStatus.OPEN)
        .order_by(ReviewItem.priority.desc(), ReviewItem.id)
        .limit(1)
    )
    return replace(
        seen,
        status=ItemStatus.OPEN,
        final_label=None,
        free_name=None,
        settled_at=None,
        settled_by=None,
        deferred_until=None,
        needs_adjudicator=False,
        represented_by=None,
        submitted_at=waiting or seen.submitted_at,
    )


def require_photo(session: Session, item_id: int) -> None:
    """Raises `PhotoDeleted` if the photo of this item is gone, whatever became of the item; `NotFound` without one."""
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    if session.get_one(Submission, item.submission_id).image_sha256 is None:
        raise PhotoDeleted(item_id)


def list_items(
    session: Session, *, everything: bool = False, only: ColumnElement[bool] | None = None
) -> list[ItemView]:
    """A few items in the order of the queue, oldest first among equals; of many there are pages (`review.listing`)."""
    query = rows().order_by(ReviewItem.status, ReviewItem.priority.desc(), ReviewItem.id)
    if only is not None:
        query = query.where(only)
    elif not everything:
        query = query.where(ReviewItem.status == ItemStatus.OPEN)
    found = session.execute(query).all()
    return [one for start in range(0, len(found), PAGE) for one in views(session, found[start : start + PAGE])]


def count_open(session: Session) -> int:
    """How many items wait, those in somebody's hands included."""
    return session.scalar(select(func.count()).select_from(ReviewItem).where(ReviewItem.status == ItemStatus.OPEN)) or 0


def count_disagreed(session: Session) -> int:
    """How many wait for somebody to decide between reviewers."""
    waiting = (ReviewItem.status == ItemStatus.OPEN, ReviewItem.needs_adjudicator)
    return session.scalar(select(func.count()).select_from(ReviewItem).where(*waiting)) or 0


def several_must_agree(session: Session) -> bool:
    """Whether any item waits that one verdict does not settle, whatever the settings say now."""
    found = select(ReviewItem.id).where(ReviewItem.status == ItemStatus.OPEN, ReviewItem.verdicts_needed > 1)
    return session.scalar(found.limit(1)) is not None


def rows() -> Any:  # releases of SQLAlchemy write the type of a query in different ways
    """What `views` makes views of: an item, its submission, its prediction, who holds it, who settled it."""
    return _ROWS


def views(session: Session, found: Sequence[Any]) -> list[ItemView]:
    """Of what `rows` found, at most `PAGE` of them; what else belongs to them is fetched for these alone."""
    claimed = _claimed_labels(session, [item.submission_id for item, *_ in found if Reason.DISPUTED in item.reasons])
    alike = _group_sizes(session, [item.id for item, *_ in found if item.status is ItemStatus.OPEN])
    shown = [
        ItemView(
            id=item.id,
            submission=submission.id,
            status=item.status,
            reasons=tuple(item.reasons),
            suggested_label=item.suggested_label,
            confidence=item.confidence,
            probabilities=prediction.probabilities if prediction else None,
            out_of_domain_score=prediction.out_of_domain_score if prediction else None,
            model_version=prediction.model_version if prediction else None,
            image_sha256=submission.image_sha256,
            submitted_at=submission.submitted_at,
            final_label=item.final_label,
            free_name=None,
            settled_at=item.settled_at,
            settled_by=settled_by,
            held_by=held_by,
            held_until=item.lease_expires_at,
            deferred_until=item.deferred_until,
            claimed_labels=tuple(claimed.get(submission.id, ())),
            verdicts_needed=item.verdicts_needed,
            needs_adjudicator=item.needs_adjudicator,
            group_size=alike.get(item.id, 0),
            represented_by=item.represented_by_id,
            priority=item.priority,
            uncertainty=item.uncertainty,
            novelty=item.novelty,
            policy_version=item.policy_version,
        )
        for item, submission, prediction, held_by, settled_by in found
    ]
    names = _free_names(session, [one.id for one in shown if one.final_label == NONE_OF_THESE])
    said = _so_far(session, [one.id for one in shown if one.hidden])
    return [
        replace(one, free_name=names.get(one.id), verdicts_so_far=said.get(one.id, 0))
        if one.id in names or one.id in said
        else one
        for one in shown
    ]


def _claimed_labels(session: Session, submissions: Sequence[int]) -> dict[int, list[str]]:
    """By first submission of a photo, from all who sent it; each label once."""
    if not submissions:
        return {}
    said = (
        select(func.coalesce(Submission.repeats_id, Submission.id), Claim.label)
        .join(Claim, Claim.submission_id == Submission.id)
        # Not by the first column of the answer: of that no index knows anything.
        .where(or_(Submission.id.in_(submissions), Submission.repeats_id.in_(submissions)))
        .where(~Claim.agrees, Claim.label.is_not(None))
        .order_by(Claim.id)
    )
    found: dict[int, dict[str, None]] = {}
    for submission, label in session.execute(said):
        assert label is not None
        found.setdefault(submission, {})[label] = None
    return {submission: list(labels) for submission, labels in found.items()}


def _group_sizes(session: Session, ids: Sequence[int]) -> dict[int, int]:
    if not ids:
        return {}
    rows = session.execute(
        select(ReviewItem.represented_by_id, func.count())
        # Else SQLite reads all that waits: it takes "open" for rare, which half a million items are.
        .with_hint(ReviewItem, "INDEXED BY ix_review_items_represented_by_id", "sqlite")
        .where(ReviewItem.represented_by_id.in_(ids), ReviewItem.status == ItemStatus.OPEN)
        .group_by(ReviewItem.represented_by_id)
    )
    return {shown: number for shown, number in rows if shown is not None}


def _free_names(session: Session, ids: Sequence[int]) -> dict[int, str | None]:
    """The last one that came with a "none of these" that counts: another who says so need not name it, too."""
    if not ids:
        return {}
    said = (
        select(Verdict.item_id, Verdict.free_name)
        .join(ReviewItem, ReviewItem.id == Verdict.item_id)
        .where(Verdict.item_id.in_(ids), _COUNTS, Verdict.kind == VerdictKind.NONE, Verdict.free_name.is_not(None))
        .order_by(Verdict.id)
    )
    return {row.item_id: row.free_name for row in session.execute(said)}


def _so_far(session: Session, ids: Sequence[int]) -> dict[int, int]:
    if not ids:
        return {}
    rows = session.execute(
        select(Verdict.item_id, func.count(func.coalesce(Reviewer.same_as_id, Reviewer.id).distinct()).label("said"))
        .join(ReviewItem, ReviewItem.id == Verdict.item_id)
        .join(Reviewer, Reviewer.id == Verdict.reviewer_id)
        .where(Verdict.item_id.in_(ids), _COUNTS, Verdict.kind.in_(VOTES))
        .group_by(Verdict.item_id)
    )
    return {row.item_id: row.said for row in rows}


def _counts() -> ColumnElement[bool]:
    """The verdict is no check of its reviewer, was not taken back, and came after its item was opened last."""
    later, undoing_later = aliased(Verdict), aliased(Verdict)
    reopened = exists().where(
        later.item_id == Verdict.item_id,
        later.id > Verdict.id,
        later.kind == VerdictKind.REOPEN,
        ~exists().where(undoing_later.undoes_id == later.id),
    )
    return and_(
        ~Verdict.checks_gold,
        stands(),
        or_(ReviewItem.reopened_after.is_(None), Verdict.id > ReviewItem.reopened_after),
        ~reopened,
    )


_COUNTS = _counts()  # made once: an alias copies all columns
