"""How good the answers are that people got: what the model answered alone, in any window of time, as it really was.

The population are photos, each once: the same photo again gets the same answer, and is no further proof. A photo is in
the window in which it was first sent. The sample are the answers that were drawn for an audit, whatever became of them
later. What the asker disputed is in no random sample, and an asker who was corrected after an audit disputes nothing
any more: so disputes are counted beside the estimate, and what was drawn and disputed is in the sample as drawn. What
people decided outlives what the model said of somebody who had their data deleted, and the chance of the draw with it
(`review.erased_keys`). A photo that shows none of the labels was answered wrongly.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Subquery, Text, and_, case, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from model.proportion import Proportion
from review import claimable
from review.erased_keys import chance_in, erased_answer, erased_first, is_erased, without_token
from review.estimate import Estimate, Stratum, estimate
from review.policy import Decision, Reason
from review.tables import ItemStatus, PredictionRecord, ReviewItem, Submission, Verdict, VerdictKind

_AT_ONCE = 5000  # rows


@dataclass(frozen=True)
class Window:
    """Times at which photos were sent: from `since` on, before `until`; None: without that end."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self) -> ColumnElement[bool]:
        """Of a submission."""
        ends = []
        if self.since is not None:
            ends.append(Submission.submitted_at >= self.since)
        if self.until is not None:
            ends.append(Submission.submitted_at < self.until)
        return and_(true(), *ends)


ALWAYS = Window()


@dataclass(frozen=True)
class Missing:
    """Drawn answers of which it is not known whether they are right."""

    waiting: int
    """for people to settle them"""

    cant_tell: int
    """of those that wait: somebody looked and could not tell"""

    deleted: int
    """before people settled them"""

    unweighted: int
    """settled, but with what chance they were drawn was deleted by a version that did not keep it"""


@dataclass(frozen=True)
class Disputes:
    """Answers that no audit had drawn and whose askers disagreed; what people found settled of them."""

    wrong: int
    right: int
    waiting: int


@dataclass(frozen=True)
class Share:
    """A share, 0..1, `low` to `high` with 95 % confidence; None: unknown."""

    value: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Production:
    """What is known of the answers to `photos` photos, of which the model answered `answered` alone.

    `accuracy` is the share of those answers that is right, `by_label` by what the model said. `never_drawn` answers
    came while there were no audits: nothing speaks for them. `right_overall` is the share of all photos that got no
    wrong answer from the model, what people answer being right.

    `naive` is how often people agreed with the model among all that they settled. It misleads: they are shown what the
    model doubts and what askers dispute.
    """

    window: Window
    photos: int
    answered: int
    never_drawn: int
    accuracy: Estimate
    by_label: dict[str, Estimate]
    right_overall: Share
    missing: Missing
    disputes: Disputes
    naive: Proportion

    def to_json(self) -> dict[str, Any]:
        """For `--json`; times in ISO 8601, UTC."""
        row = asdict(self)
        del row["window"]
        ends = (self.window.since, self.window.until)
        return dict(zip(("since", "until"), (end.isoformat() if end else None for end in ends), strict=True)) | row


class Bucket(StrEnum):
    """How finely time is divided; weeks begin on Mondays, days at midnight, UTC."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True)
class AccuracyIn:
    """The accuracy of the answers to what was sent from `start` on, before the next bucket's start."""

    start: datetime
    accuracy: Estimate


def production(session: Session, window: Window = ALWAYS) -> Production:
    """Count and estimate; reads only."""
    rows = _counted(session, window)
    drawn = [row for row in rows if row.drawn]
    labels = sorted({row.suggested_label for row in drawn if row.suggested_label is not None})
    accuracy = estimate(_strata(drawn))
    photos, answered, never_drawn = _population(session, window)
    return Production(
        window=window,
        photos=photos,
        answered=answered,
        never_drawn=never_drawn,
        accuracy=accuracy,
        by_label={label: estimate(_strata(row for row in drawn if row.suggested_label == label)) for label in labels},
        right_overall=_overall(accuracy, answered, photos),
        missing=Missing(
            waiting=sum(row.items for row in drawn if row.status is ItemStatus.OPEN),
            cant_tell=sum(row.items for row in drawn if row.cant_tell),
            deleted=sum(row.items for row in drawn if row.status is ItemStatus.WITHDRAWN),
            unweighted=sum(row.items for row in drawn if row.status is ItemStatus.SETTLED and _chance(row) is None),
        ),
        disputes=Disputes(
            wrong=sum(row.items for row in rows if not row.drawn and row.right is False),
            right=sum(row.items for row in rows if not row.drawn and row.right is True),
            waiting=sum(row.items for row in rows if not row.drawn and row.status is ItemStatus.OPEN),
        ),
        naive=_naive(session, window),
    )


def accuracy_over_time(
    session: Session, window: Window = ALWAYS, *, bucket: Bucket = Bucket.WEEK
) -> tuple[AccuracyIn, ...]:
    """The accuracy of what the model answered alone, by when photos were sent; buckets without a drawn answer are left
    out, and one of which nothing is settled has no value. Oldest first.
    """
    items = _items(window)
    rows = session.execute(select(items).where(items.c.drawn), execution_options={"yield_per": _AT_ONCE})
    found: defaultdict[datetime, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[_start(row.submitted_at, bucket)].append(row)
    return tuple(AccuracyIn(start, estimate(_strata(found[start]))) for start in sorted(found))


def _items(window: Window) -> Subquery:
    """Answers that people are to look at, because they were drawn or disputed; an item each."""
    audited = cast(ReviewItem.reasons, Text).contains(f'"{Reason.AUDIT}"')
    said = exists(
        select(Verdict.id).where(
            Verdict.item_id == ReviewItem.id, Verdict.kind == VerdictKind.CANT_TELL, claimable.stands()
        )
    )
    answered = or_(PredictionRecord.route == Decision.ANSWER.value, erased_answer())
    return (
        select(
            Submission.submitted_at,
            PredictionRecord.inclusion_probability,
            case((PredictionRecord.id.is_(None), without_token()), else_=None).label("erased"),
            ReviewItem.suggested_label,
            ReviewItem.status,
            case((ReviewItem.reason == Reason.AUDIT.value, true()), else_=audited).label("drawn"),
            case((ReviewItem.status == ItemStatus.OPEN, said), else_=false()).label("cant_tell"),
            (ReviewItem.final_label == ReviewItem.suggested_label).label("right"),
        )
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .where(ReviewItem.reason.in_((Reason.AUDIT.value, Reason.DISPUTED.value)), answered, window.holds())
        .subquery()
    )


def _counted(session: Session, window: Window) -> list[Row[Any]]:
    items = _items(window)
    alike = (
        items.c.inclusion_probability,
        items.c.erased,
        items.c.suggested_label,
        items.c.status,
        items.c.drawn,
        items.c.cant_tell,
        items.c.right,
    )
    return list(session.execute(select(*alike, func.count().label("items")).group_by(*alike)))


def _strata(rows: Iterable[Row[Any]]) -> list[Stratum]:
    """By inclusion probability; a row counts for its `items`, or for one."""
    counts: defaultdict[float, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        chance, items = _chance(row), getattr(row, "items", 1)
        if chance is None:
            continue
        settled = row.status is ItemStatus.SETTLED
        for place, counted in enumerate((True, settled, settled and not row.right)):
            counts[chance][place] += items * counted
    return [Stratum(chance, *found) for chance, found in sorted(counts.items())]


def _chance(row: Row[Any]) -> float | None:
    """With which it was drawn; None if that is not known any more."""
    if row.inclusion_probability is not None:
        return float(row.inclusion_probability)
    return chance_in(row.erased)


def _population(session: Session, window: Window) -> tuple[int, int, int]:
    """Photos, those that were answered by the model alone, and those of them while there were no audits."""
    known = PredictionRecord.id.is_not(None)
    answered = PredictionRecord.route == Decision.ANSWER.value
    row = session.execute(
        select(
            func.sum(case((known, 1), (erased_first(), 1), (is_erased(), 0), else_=1)),
            func.sum(case((and_(known, answered), 1), (known, 0), (erased_first(Decision.ANSWER), 1), else_=0)),
            func.sum(
                case(
                    (and_(known, answered, PredictionRecord.inclusion_probability <= 0), 1),
                    (known, 0),
                    (erased_first(Decision.ANSWER, chance=0.0), 1),
                    else_=0,
                )
            ),
        )
        .select_from(Submission)
        .outerjoin(PredictionRecord, PredictionRecord.submission_id == Submission.id)
        .where(Submission.repeats_id.is_(None), window.holds())
    ).one()
    photos, alone, never = (int(count or 0) for count in row)
    return photos, alone, never


def _overall(accuracy: Estimate, answered: int, photos: int) -> Share:
    if not photos:
        return Share(None, 0.0, 1.0)
    alone = answered / photos
    if not answered:
        return Share(1.0, 1.0, 1.0)
    value = None if accuracy.value is None else 1.0 - alone * (1.0 - accuracy.value)
    return Share(value, 1.0 - alone * (1.0 - accuracy.low), 1.0 - alone * (1.0 - accuracy.high))


def _naive(session: Session, window: Window) -> Proportion:
    agreed = ReviewItem.final_label == ReviewItem.suggested_label
    query = select(func.count(), func.sum(case((agreed, 1), else_=0))).where(
        ReviewItem.final_label.is_not(None), ReviewItem.suggested_label.is_not(None)
    )
    if window != ALWAYS:
        query = query.join(Submission, ReviewItem.submission_id == Submission.id).where(window.holds())
    total, right = session.execute(query).one()
    return Proportion.of(int(right or 0), total)


def _start(moment: datetime, bucket: Bucket) -> datetime:
    day = moment.astimezone(UTC).date()
    if bucket is Bucket.WEEK:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, time(), UTC)
