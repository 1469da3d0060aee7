"""For how long is kept what people sent and were told, and the sweep that ends it: a little at a time.

Nobody waits for a sweep: it looks in reading sessions, and writes a few rows in each of many short transactions. It
may be cut off at any instant, and goes on next time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Integer, and_, case, cast, delete, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from model.features import FeatureStore
from review import erasure, showings
from review.database import Database
from review.outbox import OutboxKind
from review.overdue import PREFIX as OVERDUE_PREFIX
from review.settings import ReviewSettings
from review.storage import LocalImageStore
from review.tables import (
    Asker,
    Base,
    Image,
    InboxUpdate,
    Invitation,
    ItemStatus,
    OutboxMessage,
    ReviewItem,
    Submission,
)

_AT_ONCE = 200  # rows in a transaction: a few milliseconds


@dataclass(frozen=True)
class Retention:
    """How long photos are kept (None: until somebody has them deleted), and messages."""

    photos: timedelta | None = None
    messages: timedelta = timedelta(days=30)


@dataclass
class Swept:
    """What a sweep took away, or would have."""

    photos: int = 0  # of submissions that were too old
    askers: int = 0  # of whom nothing was left
    messages: int = 0  # told, or given up
    updates: int = 0  # handled, or set aside
    invitations: int = 0
    files: int = 0  # pictures and features that no row refers to

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True)
class Sweep:
    """Takes away what is older than it may become; with `dry_run` it only counts. `pause` (s) lies between steps."""

    database: Database
    images: LocalImageStore
    features: FeatureStore
    retention: Retention
    dry_run: bool = False
    pause: Callable[[], None] = field(default=lambda: None)

    def run(self, now: datetime) -> Swept:
        """Everything there is to sweep. Raises `DatabaseError` when the database cannot be used."""
        swept = Swept()
        if self.retention.photos is not None:
            before = now - self.retention.photos
            swept.photos = self._photos(before)
            swept.askers = self._rows(Asker, Asker.id, _nobody(before))
        told_before = now - self.retention.messages
        swept.messages = self._rows(OutboxMessage, OutboxMessage.id, _told(told_before))
        swept.updates = self._rows(InboxUpdate, InboxUpdate.update_id, _handled(told_before))
        swept.invitations = self._rows(Invitation, Invitation.id, Invitation.expires_at < now)
        swept.files = self._unfinished() + self._strays(told_before)
        return swept

    def _photos(self, before: datetime) -> int:
        """Photos that people settled or nobody needs; one that waits for people stays until they have seen it."""
        first = func.coalesce(Submission.repeats_id, Submission.id)
        waits = exists().where(ReviewItem.submission_id == first, ReviewItem.status == ItemStatus.OPEN)
        old = and_(Submission.image_sha256.is_not(None), Submission.submitted_at < before, ~waits)
        count = 0
        for ids in self._pages(Submission.id, old):
            count += len(ids)
            if self.dry_run:
                continue
            with self.database.write() as session:
                still = session.scalars(select(Submission.id).where(Submission.id.in_(ids), old)).all()
                erased = erasure.erase_submissions(session, still)
            erasure.remove_photos(self.database, self.images, self.features, erased.photos)
        return count

    def _rows(self, table: type[Base], key: "InstrumentedAttribute[int]", old: ColumnElement[bool]) -> int:
        count = 0
        for ids in self._pages(key, old):
            count += len(ids)
            if not self.dry_run:
                with self.database.write() as session:
                    session.execute(delete(table).where(key.in_(ids), old))
        return count

    def _pages(self, key: "InstrumentedAttribute[int]", old: ColumnElement[bool]) -> Iterator[Sequence[int]]:
        """Numbers of old rows, some at a time."""
        last: int | None = None
        while True:
            with self.database.read() as session:
                beyond = () if last is None else (key > last,)
                ids = session.scalars(select(key).where(*beyond, old).order_by(key).limit(_AT_ONCE)).all()
            if not ids:
                return
            yield ids
            last = ids[-1]
            self.pause()

    def _unfinished(self) -> int:
        """Photos that an erasure was to remove before it was cut short."""
        count, photos = 0, self._to_remove()
        while photos:
            count += len(photos)
            if self.dry_run:
                break
            erasure.remove_photos(self.database, self.images, self.features, photos)
            photos = self._to_remove()
        return count

    def _to_remove(self) -> Sequence[str]:
        with self.database.read() as session:
            return erasure.photos_to_remove(session, _AT_ONCE if not self.dry_run else None)

    def _strays(self, before: datetime) -> int:
        """Pictures of the time of this database that none of its rows refers to: a kill, or a failure, left them.

        They stay as long as messages do: after an old backup was put back, the database that knows them may return.
        """
        with self.database.read() as session:
            oldest = session.scalar(select(func.min(Image.created_at)))
        if oldest is None:
            return 0
        count = 0
        found = self.images.written_between(oldest.timestamp(), before.timestamp())
        while some := list(islice(found, _AT_ONCE)):
            with self.database.read() as session:
                known = set(session.scalars(select(Image.sha256).where(Image.sha256.in_(some))))
            strays = [sha256 for sha256 in some if sha256 not in known]
            count += len(strays)
            if not self.dry_run:
                erasure.remove_photos(self.database, self.images, self.features, strays)
            self.pause()
        return count


def retention_of(settings: ReviewSettings) -> Retention:
    """What the settings say."""
    return Retention(
        photos=timedelta(days=settings.retention_days) if settings.retention_days else None,
        messages=timedelta(days=settings.messages_days),
    )


def _nobody(before: datetime) -> ColumnElement[bool]:
    """Askers of whom nothing is kept, and who did not ask for anything to be kept."""
    return and_(
        Asker.created_at < before,
        Asker.blocked_at.is_(None),
        Asker.admitted_at.is_(None),
        Asker.chosen_language.is_(None),
        ~exists().where(Submission.asker_id == Asker.id),
    )


def _told(before: datetime) -> ColumnElement[bool]:
    """Messages that were told or given up.

    That a photo is overdue is remembered for as long as it is, and where moderators see it for as long as it is kept.
    """
    # PostgreSQL refuses to take what follows the prefix of another kind for a number.
    number = func.substr(OutboxMessage.dedupe_key, len(OVERDUE_PREFIX) + 1)
    overdue = exists().where(
        Submission.id == case((OutboxMessage.kind == OutboxKind.OVERDUE, cast(number, Integer))),
        ReviewItem.submission_id == func.coalesce(Submission.repeats_id, Submission.id),
        ReviewItem.status == ItemStatus.OPEN,
    )
    ended = or_(OutboxMessage.sent_at < before, OutboxMessage.abandoned_at < before)
    return and_(ended, or_(OutboxMessage.kind != OutboxKind.OVERDUE, ~overdue), ~showings.stands())


def _handled(before: datetime) -> ColumnElement[bool]:
    return or_(InboxUpdate.handled_at < before, InboxUpdate.set_aside_at < before)
