"""Whatever reviewers do, in whatever order, while leases run out: what must always hold of the queue."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from review import items, judging, queue
from review.database import Database
from review.errors import AlreadySettled, LeaseLost, NothingToUndo
from review.people import reviewer_named
from review.tables import Image, ItemStatus, OutboxMessage, ReviewItem, Submission, Verdict, VerdictKind

LEASE = timedelta(minutes=5)
people = st.sampled_from(["mo", "rita", "sam"])
numbers = st.integers(min_value=1, max_value=3)
verdicts = st.sampled_from(
    [
        (VerdictKind.LABEL, "black"),
        (VerdictKind.LABEL, "teddy"),
        (VerdictKind.NONE, None),
        (VerdictKind.SKIP, None),
        (VerdictKind.CANT_TELL, None),
    ]
)


class QueueMachine(RuleBasedStateMachine):
    """Three items, three reviewers, a clock."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "review.db"
        shutil.copy(self.template, file)
        self.database = Database(f"sqlite:///{file}")
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.holders: dict[int, tuple[str, datetime, str]] = {}
        self.written = 0
        with self.database.write() as session:
            for number in range(1, 4):
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
            claim = queue.claim_next(session, reviewer_named(session, name, self.now), lease=LEASE, now=self.now)
        if claim is not None:
            assert not self.held_by_another(name, claim.item_id)
            self.holders[claim.item_id] = (name, claim.expires_at, claim.token)

    @rule(name=people, item=numbers, verdict=verdicts, with_token=st.booleans())
    def answer(self, name: str, item: int, verdict: tuple[VerdictKind, str | None], with_token: bool) -> None:
        holder = self.holders.get(item)
        token = holder[2] if with_token and holder and holder[0] == name else None
        late = token is not None and holder is not None and holder[1] <= self.now
        try:
            with self.database.write() as session:
                reviewer = reviewer_named(session, name, self.now)
                judging.settle(session, item, reviewer, kind=verdict[0], label=verdict[1], token=token, now=self.now)
        except AlreadySettled:
            return
        except LeaseLost:
            assert late or self.held_by_another(name, item)
            return
        assert not late
        assert not self.held_by_another(name, item)
        self.holders.pop(item, None)
        self.written += 1

    @rule(name=people)
    def undo(self, name: str) -> None:
        try:
            with self.database.write() as session:
                judging.undo(session, reviewer_named(session, name, self.now), now=self.now)
        except NothingToUndo:
            return
        self.written += 1

    @invariant()
    def verdicts_only_grow_and_final_labels_have_one(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Verdict)) == self.written
            undone = set(session.scalars(select(Verdict.undoes_id).where(Verdict.undoes_id.is_not(None))))
            for item in items.list_items(session, everything=True):
                standing = [
                    v.label or "none"
                    for v in session.scalars(select(Verdict).where(Verdict.item_id == item.id).order_by(Verdict.id))
                    if v.kind in (VerdictKind.LABEL, VerdictKind.NONE) and v.id not in undone
                ]
                assert item.final_label == (standing[-1] if standing else None)
                assert (item.status is ItemStatus.SETTLED) == bool(standing)
                if item.final_label is not None:
                    last = session.scalars(
                        select(OutboxMessage)
                        .where(OutboxMessage.reply_to_message_id == item.submission)
                        .order_by(OutboxMessage.id.desc())
                    ).first()
                    assert last is not None
                    assert last.parameters["label"] == item.final_label


@pytest.fixture(autouse=True)
def _template(template: Path) -> None:
    QueueMachine.template = template


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestQueue = pytest.mark.usefixtures("_template")(TestQueue)
