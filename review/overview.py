"""All that the dashboard shows, read at one moment: volumes, the queue's age, how right answers are, who reviews.

Counted by day (UTC) in the database; at a million items it takes about a second for each of its parts, so whoever shows
it keeps it for a while. Reads only.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from model.proportion import Proportion
from review.confusion import Confusion, confusion
from review.erased_keys import erased_answer
from review.policy import Decision
from review.production import AccuracyIn, Bucket, Production, Window, accuracy_over_time, production
from review.tables import ItemStatus, PredictionRecord, ReviewItem, Submission
from review.workload import Workload, workload

_AUDIT_WEEKS_FROM = 14  # days, for what is known by audits
_WEEKS_FROM = 60  # days, from which on weeks are counted: more points than that cannot be told apart


class Span(StrEnum):
    """How far back one looks; days, today's among them."""

    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    ALWAYS = "all"

    def begins(self, now: datetime) -> datetime | None:
        """At a midnight (UTC), so that each day is whole; None: there is no beginning."""
        if self is Span.ALWAYS:
            return None
        return _midnight(now.astimezone(UTC).date() - timedelta(days=int(self.value) - 1))


@dataclass(frozen=True)
class Volume:
    """What happened from a day on, until the next one begins."""

    start: date
    submissions: int = 0
    answered_alone: int = 0
    sent_to_people: int = 0
    settled: int = 0


@dataclass(frozen=True)
class Waits:
    """Open items of one reason, by how long they wait: one count for each of `AGES`."""

    reason: str
    items: tuple[int, ...]


AGES: tuple[tuple[str, timedelta], ...] = (
    ("under 1 h", timedelta(hours=1)),
    ("1 to 6 h", timedelta(hours=6)),
    ("6 to 24 h", timedelta(days=1)),
    ("1 to 3 d", timedelta(days=3)),
    ("3 to 7 d", timedelta(days=7)),
    ("7 to 30 d", timedelta(days=30)),
    ("over 30 d", timedelta.max),
)


@dataclass(frozen=True)
class Agreed:
    """How often people agreed with the model among all that was opened from a day on: a figure that misleads."""

    start: date
    share: Proportion


@dataclass(frozen=True)
class Overview:
    """`bucket` is what one step of `volumes` spans, `accuracy_bucket` one of `accuracy` and `naive`; oldest first."""

    now: datetime
    bucket: Bucket
    accuracy_bucket: Bucket
    volumes: tuple[Volume, ...]
    waits: tuple[Waits, ...]
    open_items: int
    oldest_seconds: float | None
    production: Production
    accuracy: tuple[AccuracyIn, ...]
    naive: tuple[Agreed, ...]
    confusion: Confusion
    workload: Workload


def overview(session: Session, since: datetime | None, now: datetime) -> Overview:
    """Read it all, of one snapshot of the database; what happened from `since` on (None: ever)."""
    volumes = _volumes(session, since, now)
    bucket = Bucket.WEEK if len(volumes) > _WEEKS_FROM else Bucket.DAY
    # Of a day there are few audits: by weeks one sees more than chance.
    accuracy_bucket = Bucket.WEEK if len(volumes) > _AUDIT_WEEKS_FROM else Bucket.DAY
    window = Window(since=since)
    oldest = session.scalar(select(func.min(ReviewItem.opened_at)).where(ReviewItem.status == ItemStatus.OPEN))
    waits = _waits(session, now)
    return Overview(
        now=now,
        bucket=bucket,
        accuracy_bucket=accuracy_bucket,
        volumes=_by_week(volumes) if bucket is Bucket.WEEK else volumes,
        waits=waits,
        open_items=sum(sum(one.items) for one in waits),
        oldest_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else None,
        production=production(session, window),
        accuracy=accuracy_over_time(session, window, bucket=accuracy_bucket),
        naive=_naive(session, since, accuracy_bucket),
        confusion=confusion(session, window),
        workload=workload(session, since, now),
    )


def _volumes(session: Session, since: datetime | None, now: datetime) -> tuple[Volume, ...]:
    """Of every day without a gap, to today."""
    alone = func.sum(case((erased_answer(), 1), else_=0))
    counts: defaultdict[str, dict[date, int]] = defaultdict(dict)
    sent_on = _day(session, Submission.submitted_at)
    for day, submissions, erased in session.execute(
        select(sent_on, func.count(), alone).where(_since(Submission.submitted_at, since)).group_by(sent_on)
    ):
        counts["submissions"][date.fromisoformat(day)] = submissions
        counts["alone"][date.fromisoformat(day)] = int(erased)
    answered = PredictionRecord.route == Decision.ANSWER.value
    for name, at, counted in (
        ("alone", PredictionRecord.created_at, answered),
        ("sent", ReviewItem.opened_at, ReviewItem.status.in_(list(ItemStatus))),  # so that the index serves it
        ("settled", ReviewItem.settled_at, ReviewItem.status == ItemStatus.SETTLED),
    ):
        on = _day(session, at)
        for day, items in session.execute(select(on, func.count()).where(counted, _since(at, since)).group_by(on)):
            known = counts[name].get(date.fromisoformat(day), 0)
            counts[name][date.fromisoformat(day)] = known + items
    today = now.astimezone(UTC).date()
    first = min([since.date() if since else today, *(day for days in counts.values() for day in days)])
    return tuple(
        Volume(day, *(counts[name].get(day, 0) for name in ("submissions", "alone", "sent", "settled")))
        for day in (first + timedelta(days=step) for step in range((today - first).days + 1))
    )


def _by_week(days: tuple[Volume, ...]) -> tuple[Volume, ...]:
    weeks: defaultdict[date, list[Volume]] = defaultdict(list)
    for day in days:
        weeks[_monday(day.start)].append(day)
    return tuple(
        Volume(
            monday,
            sum(day.submissions for day in found),
            sum(day.answered_alone for day in found),
            sum(day.sent_to_people for day in found),
            sum(day.settled for day in found),
        )
        for monday, found in sorted(weeks.items())
    )


def _waits(session: Session, now: datetime) -> tuple[Waits, ...]:
    """The most frequent reason first."""
    ends = [now - bound for _, bound in AGES[:-1]]
    age = case(*((ReviewItem.opened_at > end, place) for place, end in enumerate(ends)), else_=len(ends))
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(AGES))
    for reason, place, items in session.execute(
        select(ReviewItem.reason, age, func.count())
        .where(ReviewItem.status == ItemStatus.OPEN)
        .group_by(ReviewItem.reason, age)
    ):
        found[reason][place] = items
    waits = [Waits(reason, tuple(items)) for reason, items in found.items()]
    return tuple(sorted(waits, key=lambda one: (-sum(one.items), one.reason)))


def _naive(session: Session, since: datetime | None, bucket: Bucket) -> tuple[Agreed, ...]:
    on = _day(session, ReviewItem.opened_at)
    agreed = func.sum(case((ReviewItem.final_label == ReviewItem.suggested_label, 1), else_=0))
    found: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for day, right, items in session.execute(
        select(on, agreed, func.count())
        .where(
            ReviewItem.final_label.is_not(None),
            ReviewItem.suggested_label.is_not(None),
            _since(ReviewItem.opened_at, since),
        )
        .group_by(on)
    ):
        start = date.fromisoformat(day)
        counts = found[_monday(start) if bucket is Bucket.WEEK else start]
        counts[0] += int(right)
        counts[1] += items
    return tuple(Agreed(start, Proportion.of(*counts)) for start, counts in sorted(found.items()))


def _since(
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], since: datetime | None
) -> ColumnElement[bool]:
    return and_(true(), *([at >= since] if since else []))


def _day(
    session: Session, at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
) -> ColumnElement[str]:
    """The day (UTC) of a time, as in ISO 8601. SQLite keeps times as such text."""
    if session.connection().dialect.name == "sqlite":
        return func.substr(at, 1, 10)
    return func.to_char(func.timezone("UTC", at), "YYYY-MM-DD")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
