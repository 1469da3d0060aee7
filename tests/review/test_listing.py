"""Items in pages: each once and in order, whatever is asked for, and whatever ties there are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text, update

from model.serving import Prediction
from review import items, judging, listing, roster
from review.database import Database
from review.listing import EVERYTHING, OPEN, SETTLED, Wanted
from review.people import reviewer_named
from review.tables import ItemStatus, ReviewItem, VerdictKind

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]

MANY = 25


@pytest.fixture
def many(database: Database, now: datetime) -> list[int]:
    """Items with ties in priority; every third is settled, alternately grizzly by mo and black by rita."""
    with database.write() as session:
        for number in range(1, MANY + 1):
            key = {"key": f"k{number}", "at": f"2026-11-{number % 20 + 1:02} 00:00:00.000000"}
            session.execute(
                text("INSERT INTO submissions (source_key, source, submitted_at) VALUES (:key, 't', :at)"), key
            )
            session.execute(
                text(
                    "INSERT INTO review_items (submission_id, status, reasons, reason, suggested_label, priority, "
                    "opened_at) VALUES (:id, 'open', :reasons, :reason, :label, :priority, :at)"
                ),
                {
                    "id": number,
                    "reasons": '["audit"]' if number % 2 else '["low_confidence"]',
                    "reason": "audit" if number % 2 else "low_confidence",
                    "label": "grizzly" if number % 4 else "black",
                    "priority": float(number % 3),
                    "at": key["at"],
                },
            )
    for number in range(3, MANY + 1, 3):
        with database.write() as session:
            name, label = ("mo", "grizzly") if number % 2 else ("rita", "black")
            who = reviewer_named(session, name, now)
            judging.settle(
                session, number, who, kind=VerdictKind.LABEL, label=label, now=now + timedelta(minutes=number)
            )
    return list(range(1, MANY + 1))


def walked(database: Database, wanted: Wanted, size: int) -> list[items.ItemView]:
    found: list[items.ItemView] = []
    after = None
    while True:
        with database.read() as session:
            page = listing.page(session, wanted, after=after, limit=size)
        assert len(page.items) <= size
        found += page.items
        if page.next is None:
            return found
        assert len(page.items) == size
        after = page.next


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_pages_are_the_list_cut_into_pieces(database: Database, size: int) -> None:
    with database.read() as session:
        whole = items.list_items(session, everything=True)
        waiting = items.list_items(session)
    assert walked(database, EVERYTHING, size) == whole
    assert walked(database, OPEN, size) == waiting == list(listing.stream(database, first=size))
    assert list(listing.stream(database, EVERYTHING, limit=10, first=size)) == whole[:10]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("size", [2, 100])
def test_what_is_asked_for_is_all_that_comes(database: Database, now: datetime, size: int) -> None:
    def numbers(wanted: Wanted) -> list[int]:
        return [one.id for one in walked(database, wanted, size)]

    settled = list(range(3, MANY + 1, 3))
    waiting = [number for number in range(1, MANY + 1) if number % 3]
    assert sorted(numbers(Wanted(label="black"))) == [n for n in waiting if n % 4 == 0]
    assert sorted(numbers(Wanted(reason="audit"))) == [n for n in waiting if n % 2]
    assert sorted(numbers(Wanted(label="grizzly", reason="low_confidence"))) == [
        n for n in waiting if n % 2 == 0 and n % 4
    ]
    assert numbers(Wanted((ItemStatus.SETTLED,), label="grizzly")) == [n for n in settled if n % 2]
    assert numbers(Wanted(EVERYTHING.statuses, reviewer="mo")) == [n for n in settled if n % 2]
    assert numbers(Wanted(EVERYTHING.statuses, reviewer="nobody")) == []
    with database.write() as session:
        roster.link(session, reviewer_named(session, "mo", now), reviewer_named(session, "rita", now), now=now)
    for either in ("mo", "rita"):
        assert numbers(Wanted(EVERYTHING.statuses, reviewer=either)) == settled, "one person by two names"
    since = Wanted((ItemStatus.SETTLED,), since=now + timedelta(minutes=10))
    assert numbers(since) == [n for n in settled if n >= 10]
    opened = [one.id for one in walked(database, Wanted(since=datetime.fromisoformat("2026-11-15T00:00Z")), size)]
    assert sorted(opened) == [n for n in waiting if n % 20 + 1 >= 15]


def test_what_is_settled_while_the_list_goes_on_is_listed_once(
    database: Database, many: list[int], now: datetime
) -> None:
    listed = listing.stream(database, EVERYTHING, first=2)
    first = next(listed)
    with database.write() as session:
        who = reviewer_named(session, "mo", now)
        judging.settle(session, first.id, who, kind=VerdictKind.LABEL, label="black", now=now + timedelta(hours=9))
    assert sorted([first.id, *(one.id for one in listed)]) == many


async def test_a_blind_item_is_under_no_label_and_no_reason(house: Any, predict: Predict, database: Database) -> None:
    item = (await house.receive(1, predict("black", 0.7))).item_id
    assert [one.id for one in walked(database, Wanted(label="black"), 5)] == [item]
    with database.write() as session:
        session.execute(update(ReviewItem).values(verdicts_needed=2))
    assert walked(database, Wanted(label="black"), 5) == []
    assert walked(database, Wanted(reason="low_confidence"), 5) == []
    (view,) = walked(database, OPEN, 5)
    assert view.blind
    assert view.hidden


async def test_a_view_knows_its_group_and_the_name_of_what_is_none(
    house: Any, predict: Predict, at: Any, database: Database, now: datetime
) -> None:
    first = (await house.receive(1, predict("black", 0.7))).item_id
    second = (await house.receive(2, predict("black", 0.7))).item_id
    with database.write() as session:
        session.get_one(ReviewItem, second).represented_by_id = first
    assert (at.view(first).group_size, at.view(second).represented_by) == (1, first)
    with database.write() as session:
        who = reviewer_named(session, "mo", now)
        judging.settle(session, first, who, kind=VerdictKind.NONE, free_name="polar bear", now=now)
    assert (at.view(first).final_label, at.view(first).free_name) == ("none", "polar bear")
    assert (at.view(first).group_size, at.view(second).free_name) == (0, "polar bear")
    at.undo("mo")
    assert at.view(first).free_name is None


def test_no_page_sorts_or_reads_the_table(database: Database, many: list[int], now: datetime) -> None:
    """At a million items the first page would take seconds then."""
    assert many
    if not database.is_sqlite:
        pytest.skip("asks SQLite for its plans")
    plans: list[str] = []

    def explain(connection: Any, statement: str, parameters: Any) -> None:
        if statement.startswith("SELECT") and "FROM review_items" in statement:
            rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in rows)

    def before(conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        explain(conn, statement, parameters)

    event.listen(database._engine, "before_cursor_execute", before)
    for wanted in (
        OPEN,
        SETTLED,
        EVERYTHING,
        Wanted(label="black"),
        Wanted(reason="audit"),
        Wanted((ItemStatus.SETTLED,), reviewer="mo"),
        Wanted((ItemStatus.SETTLED,), since=now),
        Wanted(since=now - timedelta(days=10)),
    ):
        walked(database, wanted, 3)
    event.remove(database._engine, "before_cursor_execute", before)
    assert plans
    bad = [plan for plan in plans if "TEMP B-TREE FOR ORDER" in plan or plan.startswith("SCAN")]
    assert not bad, bad
