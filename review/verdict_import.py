"""Verdicts of other tools, or of another installation, as if their reviewers had given them here.

Each goes the way of all verdicts (`judging.settle`): askers are told, near-duplicates are settled along, several must
agree where that is asked for. It keeps the time at which it was said. What was imported already does nothing, so that
an import which was cut off goes on when it is run again, and a file that has grown brings what is new. An item that is
settled already is not changed: what says the same is counted, what says otherwise is named.
"""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import judging, queue
from review.claimable import stands
from review.database import Database
from review.errors import AlreadySettled, DatabaseError, NotFound, NotYours, ReviewError
from review.foreign_verdicts import Broken, Foreign, fingerprint, key_of
from review.judging import Circumstances
from review.people import checked_name, reviewer_named
from review.phrases import one_line
from review.tables import (
    NONE_OF_THESE,
    Channel,
    Image,
    ImportedBefore,
    ItemStatus,
    Reviewer,
    ReviewItem,
    Submission,
    Verdict,
    VerdictKind,
)
from review.verdict_rows import installation
from review.verdicts import parse_verdict

_HOLD_SECONDS = 0.05  # for which others wait at most before they may write
_BREATH_SECONDS = 0.01  # for which others may
_AT_ONCE = 200
_LONGEST_NAME = 64
_LONGEST_NOTE = 200


class Outcome(StrEnum):
    """What became of a verdict of a file."""

    RECORDED = "recorded"
    KNOWN = "known"
    """it was imported before (recorded or not), or it is from here"""

    SAME = "same"
    """the item is settled already, and as it says"""

    LEFT_OUT = "left_out"
    """it measures a reviewer by a known answer: of use where it was asked only"""

    REFUSED = "refused"


class _SaysTheSame(Exception):
    """There is nothing to record: the item is what the verdict would make of it."""


@dataclass
class Tally:
    """How many verdicts of a file had which outcome."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))


@dataclass(frozen=True)
class Importer:
    """Imports into `database`, where the model has these `labels`. `name`: who said it all; None: as the file says.

    With `rehearsal` each is recorded and taken back at once: what it would do to the ones after it is not known then.
    """

    database: Database
    labels: Sequence[str]
    clock: Callable[[], datetime]
    name: str | None = None
    rehearsal: bool = False

    def take_in(self, verdicts: Iterable[Foreign | Broken], report: Callable[[str], None]) -> Tally:
        """All of them, in their order, in short transactions; `report` is told what is refused, a sentence each.

        Raises `ReviewError` for what concerns all of them, `OSError` if the file cannot be read on.
        """
        with self.database.write() as session:
            origin = installation(session, self.clock())
        tally = Tally()
        numbers: dict[int, int] = {}  # of verdicts that are found here by no key: there they were, here they are
        waiting = iter(verdicts)
        for first in waiting:
            with self.database.write() as session:
                done = list(self._batch(session, chain([first], waiting), origin, numbers))
            for outcome, sentence in done:  # now that it is committed
                tally.counts[outcome] += 1
                if sentence is not None:
                    report(sentence)
            time.sleep(_BREATH_SECONDS)  # a waiting writer of another process looks again only so often
        return tally

    def _batch(
        self, session: Session, verdicts: Iterator[Foreign | Broken], origin: str, numbers: dict[int, int]
    ) -> Iterator[tuple[Outcome, str | None]]:
        end = time.monotonic() + _HOLD_SECONDS
        for count, one in enumerate(verdicts, start=1):
            if isinstance(one, Broken):
                yield Outcome.REFUSED, f"{one.place}: {one.sentence}"
            else:
                yield self._tried(session, one, origin, numbers)
            if count >= _AT_ONCE or time.monotonic() >= end:
                return

    def _tried(
        self, session: Session, one: Foreign, origin: str, numbers: dict[int, int]
    ) -> tuple[Outcome, str | None]:
        try:
            if one.of_anybody and not one.checks_gold:
                one = replace(one, key=f"file:{fingerprint([one.key, checked_name(self._who(one))])}")
            with session.begin_nested() as attempt:  # what is refused, or the same, leaves nothing behind
                outcome = self._one(session, one, origin, numbers)
                if self.rehearsal:
                    attempt.rollback()
        except _SaysTheSame:
            if not self.rehearsal:
                session.add(ImportedBefore(key=one.key, created_at=self.clock()))
                session.flush()
            return Outcome.SAME, None
        except DatabaseError:
            raise
        except ReviewError as error:
            return Outcome.REFUSED, f"{one.place}: {error}"
        return outcome, None

    def _one(self, session: Session, one: Foreign, origin: str, numbers: dict[int, int]) -> Outcome:
        if one.checks_gold:
            return Outcome.LEFT_OUT
        if (known := _known(session, one, origin)) is not None:
            if one.number is not None and one.key != key_of(one.origin or "", one.number):
                numbers[one.number] = known
            return Outcome.KNOWN
        # Something else may be the case by now; but it was said before that, and not of that.
        if session.get(ImportedBefore, one.key) is not None:
            return Outcome.KNOWN
        now = self.clock()
        who = self._who(one)
        if one.kind is VerdictKind.UNDO:
            return self._undo(session, one, origin, numbers, now)
        kind, label = self._said(one)
        item = _item(session, one, origin)
        if one.along_with is not None and (copy := _copy(session, one, item, origin, numbers)) is not None:
            if one.number is not None:
                numbers[one.number] = copy
            return Outcome.KNOWN
        how = Circumstances(
            channel=Channel.IMPORT,
            seconds=one.seconds,
            answer_shown=one.answer_shown,
            import_key=one.key,
            said_at=None if one.at is None else min(one.at, now),
        )
        reviewer = reviewer_named(session, who, now)
        if kind is VerdictKind.REOPEN:
            note = _text(one.note, _LONGEST_NOTE, "note") or "imported"
            if item.status is ItemStatus.OPEN:
                raise _SaysTheSame
            judging.reopen(session, item.id, reviewer, note=note, how=how, now=now)
            return Outcome.RECORDED
        name = _text(one.free_name, _LONGEST_NAME, "free_name") if kind is VerdictKind.NONE else None
        try:
            judging.settle(session, item.id, reviewer, kind=kind, label=label, free_name=name, how=how, now=now)
        except AlreadySettled as error:
            final = label if kind is VerdictKind.LABEL else NONE_OF_THESE if kind is VerdictKind.NONE else None
            if final not in (None, error.label):
                raise
            raise _SaysTheSame from error  # also what says nothing against it
        except NotYours as error:
            if not one.adjudicates or queue.may_adjudicate(reviewer):
                raise
            add = f"bearbot review who add {shlex.quote(reviewer.name)} --role moderator"
            raise NotYours(f"{error}: there {reviewer.name} was one, here not yet (`{add}`)") from error
        return Outcome.RECORDED

    def _who(self, one: Foreign) -> str:
        who = self.name if self.name is not None else one.reviewer
        if who is None:
            raise ReviewError("it does not say who said it: use --as NAME")
        return who

    def _said(self, one: Foreign) -> tuple[VerdictKind, str | None]:
        if one.kind is not None:
            return one.kind, None
        return parse_verdict(one.label or "", self.labels)

    def _undo(self, session: Session, one: Foreign, origin: str, numbers: dict[int, int], now: datetime) -> Outcome:
        target = _local(session, one.undoes, one.origin, origin, numbers)
        if target is None:
            if session.get(ImportedBefore, key_of(one.origin or "", one.undoes or 0)) is not None:
                raise _SaysTheSame  # what it takes back changed nothing here
            if self.rehearsal:
                return Outcome.RECORDED  # what it takes back may stand before it in the file
            raise NotFound("the verdict that it takes back is not here")
        stands_still = session.scalar(select(Verdict.id).where(Verdict.id == target, stands()))
        if stands_still is None:
            return Outcome.KNOWN
        # Whoever said it takes it back, whatever name it was imported under.
        reviewer = session.get_one(Reviewer, session.get_one(Verdict, target).reviewer_id)
        judging.undo(session, reviewer, verdict_id=target, now=now)
        return Outcome.RECORDED


def _known(session: Session, one: Foreign, origin: str) -> int | None:
    """The verdict's number here, if it is here already."""
    found = session.scalar(select(Verdict.id).where(Verdict.import_key == one.key))
    if found is not None or one.origin != origin or one.number is None:
        return found
    # From here itself. Its number may be another's by now: the database may be older than the file.
    verdict = session.get(Verdict, one.number)
    is_it = verdict is not None and verdict.import_key is None and verdict.created_at == one.at
    return one.number if is_it and verdict is not None and _kind(one) is verdict.kind else None


def _kind(one: Foreign) -> VerdictKind:
    return one.kind if one.kind is not None else VerdictKind.LABEL


def _local(session: Session, number: int | None, there: str | None, origin: str, numbers: dict[int, int]) -> int | None:
    """The number here of a verdict that had `number` there."""
    if number is None or there is None:
        return None
    if number in numbers:
        return numbers[number]
    found = session.scalar(select(Verdict.id).where(Verdict.import_key == key_of(there, number)))
    if found is None and there == origin:
        return session.scalar(select(Verdict.id).where(Verdict.id == number, Verdict.import_key.is_(None)))
    return found


def _copy(session: Session, one: Foreign, item: ReviewItem, origin: str, numbers: dict[int, int]) -> int | None:
    """What the verdict on a near-duplicate said of this item here, too."""
    leading = _local(session, one.along_with, one.origin, origin, numbers)
    if leading is None:
        return None
    return session.scalar(select(Verdict.id).where(Verdict.with_id == leading, Verdict.item_id == item.id))


def _item(session: Session, one: Foreign, origin: str) -> ReviewItem:
    """By its number, if that is from here and nothing says otherwise; by its photo. Raises `NotFound`."""
    if one.item is not None and one.origin in (None, origin):
        item = session.get(ReviewItem, one.item)
        photo = session.get_one(Submission, item.submission_id).image_sha256 if item is not None else None
        if item is not None and (not one.photos or photo in one.photos):
            return item
        if not one.photos:
            raise queue.not_found(one.item)
    if not one.photos:
        raise NotFound(
            f"it is item {one.item} of another installation ({one.origin}), where numbers are others: "
            "such a row needs the photo (its sha256)"
        )
    stored = select(Image.sha256).where(Image.received_sha256.in_(one.photos))
    items = session.scalars(
        select(ReviewItem)
        .join(Submission, Submission.id == ReviewItem.submission_id)
        .where(Submission.image_sha256.in_([*one.photos, *session.scalars(stored)]))
        .order_by(ReviewItem.id.desc())
    ).all()
    for item in items:
        if item.status is ItemStatus.OPEN:
            return item
    if not items:
        raise NotFound(f"no item has the photo {one.photos[0]}: was it never sent here, or deleted?")
    return items[0]


def _text(text: str | None, longest: int, name: str) -> str | None:
    """On one line, and without what would steer the terminal of whoever reads it."""
    if text is None:
        return None
    text = one_line(text)
    if len(text) > longest:
        raise ReviewError(f"{name}: expected at most {longest} characters, got {len(text)}")
    return text or None
