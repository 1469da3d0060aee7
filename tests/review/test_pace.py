"""How fast people review: breaks do not count, and linked identities are one person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from review.database import Database
from review.pace import Pace, pace_by_reviewer
from review.people import reviewer_named
from review.tables import ItemStatus, ReviewItem, Submission, Verdict, VerdictKind


@pytest.fixture
def item(database: Database, now: datetime) -> int:
    with database.write() as session:
        session.add(Submission(id=1, source_key="test:1", source="test", submitted_at=now))
        session.flush()
        session.add(
            ReviewItem(
                id=1,
                submission_id=1,
                status=ItemStatus.OPEN,
                reasons=["audit"],
                reason="audit",
                priority=0,
                opened_at=now,
            )
        )
    return 1


def say(database: Database, item: int, name: str, times: Sequence[datetime], **more: Any) -> None:
    with database.write() as session:
        reviewer = reviewer_named(session, name, times[0])
        for time in times:
            session.add(
                Verdict(
                    item_id=item, reviewer_id=reviewer.id, created_at=time, **{"kind": VerdictKind.CANT_TELL, **more}
                )
            )


def paces(database: Database, **window: Any) -> dict[str, Pace]:
    with database.read() as session:
        return pace_by_reviewer(session, **window)


def test_breaks_do_not_count(database: Database, item: int, now: datetime) -> None:
    morning = [now + timedelta(seconds=10 * number) for number in range(7)]
    evening = [now + timedelta(hours=8, seconds=10 * number) for number in range(7)]
    say(database, item, "mo", morning + evening)
    assert paces(database) == {"mo": Pace(14, pytest.approx(360), None)}
    assert paces(database, since=now + timedelta(hours=1))["mo"].verdicts == 7
    assert paces(database, until=now) == {}


def test_of_a_few_clicks_no_pace_is_told(database: Database, item: int, now: datetime) -> None:
    say(database, item, "mo", [now + timedelta(seconds=number) for number in range(10)])
    assert paces(database) == {"mo": Pace(10, None, None)}
    say(database, item, "mo", [now + timedelta(seconds=10)])
    assert paces(database) == {"mo": Pace(11, pytest.approx(3600), None)}


def test_seconds_are_those_that_were_measured(database: Database, item: int, now: datetime) -> None:
    for number, seconds in enumerate((None, 1.0, 2.0, 60.0)):
        say(database, item, "mo", [now + timedelta(hours=number)], seconds=seconds)
    assert paces(database) == {"mo": Pace(4, None, 2.0)}


def test_skips_are_no_verdicts_and_a_group_is_one(database: Database, item: int, now: datetime) -> None:
    say(database, item, "mo", [now])
    say(database, item, "mo", [now], kind=VerdictKind.SKIP)
    say(database, item, "mo", [now, now], with_id=1)
    assert paces(database)["mo"].verdicts == 1


def test_linked_identities_are_one_person(database: Database, item: int, now: datetime) -> None:
    say(database, item, "mo", [now + timedelta(minutes=number) for number in range(6)])
    say(database, item, "mo at home", [now + timedelta(minutes=number, seconds=30) for number in range(6)])
    with database.write() as session:
        reviewer_named(session, "mo at home", now).same_as_id = reviewer_named(session, "mo", now).id
    assert paces(database) == {"mo": Pace(12, pytest.approx(120), None)}


def test_of_very_many_the_latest_tell(database: Database, item: int, now: datetime) -> None:
    say(database, item, "mo", [now + timedelta(seconds=number) for number in range(200)], seconds=9.0)
    say(database, item, "mo", [now + timedelta(days=1, seconds=number) for number in range(1000)], seconds=2.0)
    assert paces(database)["mo"] == Pace(1000, pytest.approx(3600), 2.0)
