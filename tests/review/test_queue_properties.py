"""Whatever reviewers and askers do, in whatever order, while leases run out: what must always hold of the queue.

What an item must be is told by a model that is simpler than the program: it reads the rows of verdicts one by one.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import judging, queue
from review.database import Database
from review.errors import AlreadySettled, LeaseLost, NothingToUndo, NotYours
from review.people import reviewer_named
from review.tables import (
    Image,
    ItemStatus,
    OutboxMessage,
    Reviewer,
    ReviewItem,
    Role,
    Submission,
    Verdict,
    VerdictKind,
)

LEASE = timedelta(minutes=5)
MODERATOR = "mo"
ITEMS, BLIND = 4, 4  # the last one needs two who say the same
people = st.sampled_from([MODERATOR, "rita", "sam"])
numbers = st.integers(min_value=1, max_value=ITEMS)
verdicts = st.sampled_from(
    [
        (VerdictKind.LABEL, "black"),
        (VerdictKind.LABEL, "teddy"),
        (VerdictKind.NONE, None),
        (VerdictKind.SKIP, None),
        (VerdictKind.CANT_TELL, None),
        (VerdictKind.DEFER, None),
    ]
)
VOTES = (VerdictKind.LABEL, VerdictKind.NONE)


@dataclass(frozen=True)
class Expected:
    """Of an item, by the rows of its verdicts alone."""

    final: str | None
    disagreement: bool
    said: dict[int, str]  # by reviewer

    @classmethod
    def of(cls, item: ReviewItem, rows: Sequence[Verdict]) -> "Expected":
        undone = {row.undoes_id for row in rows}
        standing = [row for row in rows if row.id not in undone and row.kind is not VerdictKind.UNDO]
        begins = max([item.reopened_after or 0, *(row.id for row in standing if row.kind is VerdictKind.REOPEN)])
        said: dict[int, str] = {}
        decided = None
        for row in standing:
            if row.id > begins and row.kind in VOTES:
                said[row.reviewer_id] = row.label or "none"
                decided = (row.label or "none") if row.adjudicates else decided
        different = set(said.values())
        if decided is not None:
            return cls(decided, False, said)
        agreed = len(different) == 1 and len(said) >= item.verdicts_needed
        return cls(different.pop() if agreed else None, len(set(said.values())) > 1, said)


class QueueMachine(RuleBasedStateMachine):
    """Four items, three reviewers, a clock."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "review.db"
        shutil.copy(self.template, file)
        self.database = Database(f"sqlite:///{file}")
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.holders: dict[int, tuple[str, datetime, str]] = {}
        self.written: set[int] = set()
        with self.database.write() as session:
            reviewer_named(session, MODERATOR, self.now).role = Role.MODERATOR
            for number in range(1, ITEMS + 1):
                key = f"{number:064x}"
                session.add(Image(sha256=key, received_sha256=key, width=1, height=1, byte_size=1, created_at=self.now))
                session.add(
                    Submission(
                        source_key=str(number),
                        source="test",
                        chat_id=1,
                        message_id=number,
                        image_sha256=key,
                        submitted_at=self.now,
                    )
                )
                session.flush()
                session.add(
                    ReviewItem(
                        submission_id=number,
                        status=ItemStatus.OPEN,
                        reasons=["low_confidence"],
                        priority=float(number),
                        verdicts_needed=2 if number == BLIND else 1,
                        opened_at=self.now,
                    )
                )

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.dispose()
            self.folder.cleanup()

    def held_by_another(self, name: str, item: int) -> bool:
        holder = self.holders.get(item)
        return holder is not None and holder[0] != name and holder[1] > self.now

    @rule(seconds=st.sampled_from([1, 200, 300]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(name=people)
    def claim(self, name: str) -> None:
        with self.database.write() as session:
            reviewer = reviewer_named(session, name, self.now)
            may = [number for number in range(1, ITEMS + 1) if self.may_claim(session, number, reviewer)]
            claim = queue.claim_next(session, reviewer, lease=LEASE, now=self.now)
        assert (claim is not None) == bool(may)
        if claim is not None:
            assert claim.item_id in may
            self.holders[claim.item_id] = (name, claim.expires_at, claim.token)

    def may_claim(self, session: Session, number: int, reviewer: Reviewer) -> bool:
        item = session.get_one(ReviewItem, number)
        holder = self.holders.get(number)
        if item.status is ItemStatus.OPEN and holder and holder[0] == reviewer.name and holder[1] > self.now:
            return True  # what one holds comes first
        rows = session.scalars(select(Verdict).where(Verdict.item_id == number).order_by(Verdict.id)).all()
        return (
            item.status is ItemStatus.OPEN
            and item.represented_by_id is None
            and not self.held_by_another(reviewer.name, number)
            and (item.deferred_until is None or item.deferred_until <= self.now)
            and reviewer.id not in Expected.of(item, rows).said
            and (not item.needs_adjudicator or reviewer.name == MODERATOR)
        )

    @rule(name=people, item=numbers)
    def renew(self, name: str, item: int) -> None:
        holder = self.holders.get(item)
        if holder is None or holder[0] != name:
            return
        try:
            with self.database.write() as session:
                claim = queue.renew(session, item, holder[2], lease=LEASE, now=self.now)
        except LeaseLost:
            assert holder[1] <= self.now
            return
        assert holder[1] > self.now, "a lease that ended is never brought back to life"
        self.holders[item] = (name, claim.expires_at, claim.token)

    @rule(name=people, item=numbers)
    def reopen(self, name: str, item: int) -> None:
        with self.database.write() as session:
            judging.reopen(session, item, reviewer_named(session, name, self.now), note="once more", now=self.now)

    @rule(item=numbers)
    def dispute(self, item: int) -> None:
        with self.database.write() as session:
            judging.dispute(session, session.get_one(ReviewItem, item), now=self.now)

    @rule(item=numbers, into=numbers)
    def group(self, item: int, into: int) -> None:
        """As intake does: open items of one scene, none of which is in a group or in somebody's hands."""
        with self.database.write() as session:
            one, other = session.get_one(ReviewItem, item), session.get_one(ReviewItem, into)
            leads = session.scalar(select(func.count()).where(ReviewItem.represented_by_id == item))
            alike = one.verdicts_needed == other.verdicts_needed and not leads and item != into
            free = all(
                row.status is ItemStatus.OPEN and row.represented_by_id is None and queue.expired(row, self.now)
                for row in (one, other)
            )
            if alike and free:
                one.represented_by_id = into

    @rule(name=people, item=numbers, verdict=verdicts, with_token=st.booleans())
    def answer(self, name: str, item: int, verdict: tuple[VerdictKind, str | None], with_token: bool) -> None:
        holder = self.holders.get(item)
        token = holder[2] if with_token and holder and holder[0] == name else None
        late = token is not None and holder is not None and holder[1] <= self.now
        until = self.now + timedelta(seconds=250) if verdict[0] is VerdictKind.DEFER else None
        try:
            with self.database.write() as session:
                reviewer = reviewer_named(session, name, self.now)
                judging.settle(
                    session,
                    item,
                    reviewer,
                    kind=verdict[0],
                    label=verdict[1],
                    token=token,
                    deferred_until=until,
                    now=self.now,
                )
        except AlreadySettled:
            return
        except NotYours:
            assert verdict[0] in VOTES
            return
        except LeaseLost:
            assert late or self.held_by_another(name, item)
            return
        assert not late
        assert not self.held_by_another(name, item)
        self.holders.pop(item, None)

    @rule(name=people)
    def undo(self, name: str) -> None:
        try:
            with self.database.write() as session:
                judging.undo(session, reviewer_named(session, name, self.now), now=self.now)
                settled = session.scalars(select(ReviewItem.id).where(ReviewItem.status == ItemStatus.SETTLED)).all()
        except NothingToUndo:
            return
        for item in settled:  # a reopening that is taken back settles it again, whoever looks at it
            self.holders.pop(item, None)

    @rule(item=numbers, by=people, then=people, words=st.permutations(["black", "teddy"]))
    def think_better_of_it(self, item: int, by: str, then: str, words: list[str]) -> None:
        """One reopens what is settled, another says otherwise, and both take that back: too seldom by chance alone."""
        self.answer(by, item, (VerdictKind.LABEL, words[0]), with_token=False)
        self.reopen(by, item)
        self.answer(then, item, (VerdictKind.LABEL, words[1]), with_token=False)
        for name in (then, by):
            self.undo(name)

    @invariant()
    def items_are_what_standing_verdicts_make_of_them(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.read() as session:
            rows = session.scalars(select(Verdict).order_by(Verdict.id)).all()
            assert {row.id for row in rows} >= self.written, "verdicts are never lost"
            self.written = {row.id for row in rows}
            for item in session.scalars(select(ReviewItem)):
                expected = Expected.of(item, [row for row in rows if row.item_id == item.id])
                assert item.final_label == expected.final
                assert (item.status is ItemStatus.SETTLED) == (expected.final is not None)
                assert item.needs_adjudicator == expected.disagreement
                if item.status is ItemStatus.OPEN and item.represented_by_id is not None:
                    shown = session.get_one(ReviewItem, item.represented_by_id)
                    assert shown.status is ItemStatus.OPEN, "nobody would see it"
                    assert shown.represented_by_id is None
                if item.final_label is not None:
                    last = session.scalars(
                        select(OutboxMessage)
                        .where(OutboxMessage.reply_to_message_id == item.submission_id)
                        .order_by(OutboxMessage.id.desc())
                    ).first()
                    assert last is not None
                    assert last.parameters["label"] == item.final_label


@pytest.fixture(autouse=True)
def _template(template: Path) -> None:
    QueueMachine.template = template


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestQueue = pytest.mark.usefixtures("_template")(TestQueue)
