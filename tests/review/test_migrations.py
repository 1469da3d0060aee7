"""Databases with data of every earlier schema come up to date with nothing lost, and go back with all that fits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Table, select

from review import judging, queue, revisions
from review.database import Database
from review.people import reviewer_named
from review.schema import problems
from review.tables import GoldCheck, Image, ItemStatus, ReviewItem, Role, Submission, Verdict, VerdictKind

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]

FIRST: Rows = {
    "askers": [{"id": 1, "telegram_user_id": 2**40, "language": "de", "created_at": THEN}],
    "images": [
        {
            "sha256": "a" * 64,
            "received_sha256": "b" * 64,
            "width": 8,
            "height": 6,
            "byte_size": 9,
            "created_at": THEN,
        }
    ],
    "reviewers": [
        {"id": 1, "name": "mo", "telegram_user_id": 9, "role": "moderator", "created_at": THEN},
        {"id": 2, "name": "rita", "telegram_user_id": None, "role": "reviewer", "created_at": THEN},
    ],
    "submissions": [
        {
            "id": number,
            "source_key": f"telegram:7:{number}",
            "source": "telegram",
            "asker_id": 1,
            "chat_id": 2**40,
            "message_id": number,
            "image_sha256": "a" * 64,
            "submitted_at": THEN,
        }
        for number in (1, 2, 3)
    ],
    "predictions": [
        {
            "id": 1,
            "submission_id": 1,
            "model_version": "v1",
            "label": "black",
            "confidence": 0.25,
            "probabilities": {"black": 0.25, "teddy": 0.75},
            "out_of_domain_score": 1.5,
            "in_domain": True,
            "route": "review",
            "reasons": ["low_confidence"],
            "inclusion_probability": 1.0,
            "created_at": THEN,
        }
    ],
    "review_items": [
        {
            "id": 1,
            "submission_id": 1,
            "status": "settled",
            "reasons": ["audit", "disputed"],
            "suggested_label": "black",
            "confidence": 0.25,
            "priority": 1.5,
            "opened_at": THEN,
            "final_label": "teddy",
            "settled_at": THEN,
            "settled_by_id": 1,
            "told_label": "teddy",
        },
        {
            "id": 2,
            "submission_id": 2,
            "status": "open",
            "reasons": ["low_confidence"],
            "priority": 2.5,
            "opened_at": THEN,
            "lease_token": "t",
            "lease_reviewer_id": 2,
            "lease_expires_at": THEN,
        },
    ],
    "verdicts": [
        {"id": 1, "item_id": 1, "reviewer_id": 1, "kind": "label", "label": "black", "created_at": THEN},
        {"id": 2, "item_id": 1, "reviewer_id": 1, "kind": "undo", "undoes_id": 1, "created_at": THEN},
        {"id": 3, "item_id": 1, "reviewer_id": 1, "kind": "label", "label": "teddy", "created_at": THEN},
        {"id": 4, "item_id": 2, "reviewer_id": 2, "kind": "skip", "created_at": THEN},
    ],
    "outbox": [
        {
            "id": 5,
            "dedupe_key": "reply:1",
            "kind": "answered",
            "parameters": {"label": "black"},
            "chat_id": 7,
            "created_at": THEN,
            "next_attempt_at": THEN,
            "attempts": 0,
        }
    ],
    "inbox": [
        {
            "update_id": 2**40,
            "chat_id": 7,
            "payload": "{}",
            "received_at": THEN,
            "attempts": 0,
            "next_attempt_at": THEN,
        }
    ],
    "retraining_runs": [
        {"id": 1, "started_at": THEN, "outcome": "kept", "snapshot": {"photos": []}, "metrics": {"accuracy": 0.5}}
    ],
}
SECOND: Rows = {
    "submissions": [
        {
            "id": 4,
            "source_key": "telegram:7:4",
            "source": "telegram",
            "asker_id": 1,
            "album": "album-1",
            "repeats_id": 1,
            "submitted_at": THEN,
        }
    ],
    "review_items": [
        {
            "id": 3,
            "submission_id": 3,
            "status": "withdrawn",
            "reasons": ["no_model"],
            "priority": 0.5,
            "opened_at": THEN,
            "reopened_after": 2,
        }
    ],
    "claims": [
        {"id": 1, "source_key": "tap:1", "submission_id": 1, "agrees": False, "label": "teddy", "created_at": THEN}
    ],
    "invitations": [{"id": 1, "code_sha256": "c" * 64, "uses_left": 3, "expires_at": THEN, "created_at": THEN}],
}


def move(database: Database, way: Callable[..., None], target: str) -> None:
    config = revisions.config()
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        way(config, target)


def reflected(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def put(database: Database, rows: Rows) -> None:
    with database.write() as session:
        connection = session.connection()
        for name, table in reflected(connection).items():
            for row in rows.get(name, []):
                connection.execute(table.insert().values(row))


def kept(database: Database) -> Rows:
    with database.read() as session:
        connection = session.connection()
        return {
            name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for name, table in reflected(connection).items()
        }


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_database_of_an_earlier_revision_is_upgraded_and_taken_back_with_its_data(
    database: Database, revision: str
) -> None:
    move(database, command.downgrade, revision)
    put(database, FIRST)
    if revision == "0002":
        put(database, SECOND)
    before = kept(database)
    assert all(before[table] for table in FIRST)
    move(database, command.upgrade, "head")
    assert problems(database) == []
    after = kept(database)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table] if rows] == rows
    with database.read() as session:
        assert session.get_one(ReviewItem, 1).reason == "disputed", "the weightiest"
        assert session.get_one(ReviewItem, 2).reason == "low_confidence"
    move(database, command.downgrade, revision)
    assert kept(database) == before


def test_what_the_second_schema_cannot_hold_leaves_it_consistent(database: Database, now: datetime) -> None:
    with database.write() as session:
        mo, rita = (reviewer_named(session, name, now) for name in ("mo", "rita"))
        mo.role = Role.MODERATOR
        for number in range(1, 7):
            sha = f"{number:064x}"
            session.add(Image(sha256=sha, received_sha256=sha, width=1, height=1, byte_size=1, created_at=now))
            session.add(Submission(id=number, source_key=f"{number}", source="t", image_sha256=sha, submitted_at=now))
            session.flush()
            session.add(
                ReviewItem(
                    id=number,
                    submission_id=number,
                    status=ItemStatus.OPEN,
                    reasons=["audit"],
                    priority=1.0,
                    opened_at=now,
                )
            )
        session.flush()

        def say(item: int, reviewer: Any, kind: VerdictKind, label: str | None = None, **more: Any) -> None:
            judging.settle(session, item, reviewer, kind=kind, label=label, now=now, **more)

        say(1, mo, VerdictKind.LABEL, "black")
        judging.reopen(session, 1, rita, note="look again", now=now)  # stays reopened
        say(2, mo, VerdictKind.LABEL, "black")
        judging.dispute(session, session.get_one(ReviewItem, 2), now=now)
        say(2, mo, VerdictKind.LABEL, "teddy")
        judging.reopen(session, 2, rita, note="and again", now=now)  # after the asker's doubt
        say(3, mo, VerdictKind.LABEL, "black")
        judging.reopen(session, 3, rita, note="a slip", now=now)
        judging.undo(session, rita, item_id=3, now=now)  # settled as before
        say(4, mo, VerdictKind.DEFER, deferred_until=now + timedelta(days=9))
        session.get_one(ReviewItem, 6).represented_by_id = 5
        session.flush()
        say(5, mo, VerdictKind.LABEL, "grizzly")  # and with it 6
        session.get_one(ReviewItem, 5).gold_at = now
        session.add(GoldCheck(item_id=5, reviewer_id=rita.id, token="t", expires_at=now + timedelta(days=1)))
        session.flush()
        say(5, rita, VerdictKind.LABEL, "black", token="t")  # measures rita, and settles nothing
        judging.undo(session, rita, item_id=5, now=now)
    move(database, command.downgrade, "0002")
    rows = kept(database)
    items = {row["id"]: row for row in rows["review_items"]}
    assert {number: (row["status"], row["final_label"]) for number, row in items.items()} == {
        1: ("open", None),
        2: ("open", None),
        3: ("settled", "black"),
        4: ("open", None),
        5: ("settled", "grizzly"),
        6: ("settled", "grizzly"),
    }
    assert {row["kind"] for row in rows["verdicts"]} <= {"label", "none", "cant_tell", "skip", "undo"}
    undone = {row["undoes_id"] for row in rows["verdicts"]}
    for number, item in items.items():  # as the program of that time reads it
        standing = [
            row["label"]
            for row in rows["verdicts"]
            if row["item_id"] == number
            and row["kind"] == "label"
            and row["id"] not in undone
            and row["id"] > (item["reopened_after"] or 0)
        ]
        assert (standing[-1] if standing else None) == item["final_label"]
    with pytest.raises(Exception, match="append-only"), database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM verdicts")
    move(database, command.upgrade, "head")
    assert problems(database) == []
    with database.write() as session:
        rita = reviewer_named(session, "rita", now)
        assert queue.claim_next(session, rita, lease=timedelta(60), now=now) is not None
        assert session.scalars(select(Verdict.kind).where(Verdict.item_id == 4)).all() == []
