"""A queue of any size in a moment: rows are made by SQL in the database itself, the same on SQLite and PostgreSQL.

Half of the items wait. At the top, where claims look, is what makes it hard: items that others hold, that are put off,
that an adjudicator must decide, that one reviewer skipped and that another voted on.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, insert, text

from review.database import Database
from review.tables import (
    Image,
    OutboxMessage,
    PredictionRecord,
    Reviewer,
    ReviewItem,
    Role,
    Submission,
    Verdict,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FRESH, SKIPPER, VOTER, HOLDER, MODERATOR = "fresh", "skipper", "voter", "holder", "moderator"
_NAMES = {FRESH: 1, SKIPPER: 2, VOTER: 3, HOLDER: 4, MODERATOR: 5}
_TABLES = (Image, Submission, PredictionRecord, ReviewItem, Verdict, OutboxMessage)


@dataclass(frozen=True)
class Hindrances:
    """How many of the best items cannot be claimed by everybody, one kind after the other from the top."""

    held: int = 2_000
    deferred: int = 5_000
    disputed_among_reviewers: int = 5_000
    passed_by: int = 10_000  # skipped by one reviewer, voted on by another


def fill(database: Database, items: int, hindrances: Hindrances | None = None) -> None:
    """Put `items` review items, with all that belongs to them, into an empty database."""
    hard = hindrances or Hindrances()
    tables = [cast(Table, table.__table__) for table in _TABLES]
    with database.migrating() as connection:
        _people(connection)
        indexes = [index for table in tables for index in table.indexes]
        for index in indexes:
            index.drop(connection)
        values, first = {"items": items, **_TIMES}, 1
        for name in ("held", "deferred", "disputed_among_reviewers", "passed_by"):
            values |= {f"{name}_from": first, f"{name}_to": first + getattr(hard, name)}
            first += getattr(hard, name)
        for statement in _STATEMENTS:
            _run(connection, statement, values)
        _number_on(connection, [table.name for table in (*tables, cast(Table, Reviewer.__table__)) if "id" in table.c])
        for statement in _HINDRANCES:
            _run(connection, statement, values)
        for index in indexes:
            index.create(connection)
        connection.execute(text("ANALYZE"))


def _people(connection: Connection) -> None:
    for name, number in _NAMES.items():
        role = Role.MODERATOR if name == MODERATOR else Role.REVIEWER
        connection.execute(insert(Reviewer).values(id=number, name=name, role=role, created_at=NOW))


def _number_on(connection: Connection, tables: list[str]) -> None:
    """Rows were numbered here; PostgreSQL must go on from there, which SQLite does by itself."""
    if connection.dialect.name == "postgresql":
        for table in tables:
            last = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            connection.execute(text(last))


def _run(connection: Connection, statement: str, values: dict[str, int | str]) -> None:
    if connection.dialect.name == "postgresql":
        # It does not take a text for a time or for JSON by itself; SQLite would take these casts for numbers.
        statement = re.sub(r":(now|later)\b", r"CAST(:\1 AS timestamptz)", statement)
        statement = re.sub(r"JSON<(.*?)>", r"CAST(\1 AS json)", statement)
    statement = re.sub(r"JSON<(.*?)>", r"\1", statement)
    connection.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


_TIMES = {
    "now": _time(NOW),
    "later": _time(NOW + timedelta(days=365)),
}
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :items)"
_SHA = f"substr('{'0' * 64}' || i, length(CAST(i AS varchar)) + 1)"
# ruff: noqa: S608 - these statements are put together from constants
# Multiplied by a number that has no factor in common with the modulus, numbers are mixed and evenly spread.
_LABEL = "CASE i % 9973 * 7919 % 3 WHEN 0 THEN 'black' WHEN 1 THEN 'grizzly' ELSE 'teddy' END"
_CONFIDENCE = "(i % 100003 * 10007 % 100003) / 100003.0"
_REASON = (
    "CASE WHEN i % 100 * 7907 % 100 < 60 THEN 'low_confidence' WHEN i % 100 * 7907 % 100 < 80 THEN 'audit'"
    " WHEN i % 100 * 7907 % 100 < 94 THEN 'out_of_domain' ELSE 'disputed' END"
)
_WEIGHT = (
    "CASE WHEN i % 100 * 7907 % 100 < 60 THEN 20 WHEN i % 100 * 7907 % 100 < 80 THEN 0"
    " WHEN i % 100 * 7907 % 100 < 94 THEN 30 ELSE 40 END"
)
_STATEMENTS = (
    f"INSERT INTO images (sha256, received_sha256, width, height, byte_size, created_at) {_NUMBERS}"
    f" SELECT {_SHA}, {_SHA}, 800, 600, 90000, :now FROM n",
    f"INSERT INTO submissions (id, source_key, source, chat_id, message_id, file_unique_id, image_sha256, submitted_at)"
    f" {_NUMBERS} SELECT i, 'telegram:' || (i % 5000) || ':' || i, 'telegram', i % 5000, i, 'u' || i, {_SHA}, :now"
    " FROM n",
    "INSERT INTO predictions (id, submission_id, model_version, label, confidence, probabilities, out_of_domain_score,"
    f" in_domain, route, reasons, inclusion_probability, created_at) {_NUMBERS} SELECT i, i, 'v1', {_LABEL},"
    f" {_CONFIDENCE}, JSON<'{{\"black\": 0.3, \"grizzly\": 0.3}}'>, 0.5, true, 'review',"
    f" JSON<'[\"' || {_REASON} || '\"]'>, 1.0, :now FROM n",
    "INSERT INTO review_items (id, submission_id, status, reasons, reason, suggested_label, confidence, priority,"
    " opened_at, final_label, settled_at, settled_by_id, told_label, uncertainty, novelty, represented_by_id,"
    f" separate, verdicts_needed, needs_adjudicator) {_NUMBERS} SELECT i, i,"
    " CASE WHEN i % 2 = 0 THEN 'open' WHEN i % 50 = 1 THEN 'withdrawn' ELSE 'settled' END,"
    f" JSON<'[\"' || {_REASON} || '\"]'>, {_REASON}, {_LABEL}, {_CONFIDENCE}, {_WEIGHT} + 1 - {_CONFIDENCE}, :now,"
    f" CASE WHEN i % 2 = 1 AND i % 50 <> 1 THEN {_LABEL} END, CASE WHEN i % 2 = 1 AND i % 50 <> 1 THEN :now END,"
    f" CASE WHEN i % 2 = 1 AND i % 50 <> 1 THEN 4 END, CASE WHEN i % 2 = 1 AND i % 50 <> 1 THEN {_LABEL} END,"
    f" 1 - {_CONFIDENCE}, 0.5, CASE WHEN i % 10 = 8 THEN i - 2 END, false, 1, false FROM n",
    "INSERT INTO verdicts (id, item_id, reviewer_id, kind, label, policy_version, adjudicates, checks_gold, channel,"
    f" seconds, created_at) {_NUMBERS} SELECT i, i, 4, 'label', {_LABEL}, 2, false, false, 'page', 1.5, :now"
    " FROM n WHERE i % 2 = 1 AND i % 50 <> 1",
    "INSERT INTO outbox (id, dedupe_key, kind, parameters, chat_id, reply_to_message_id, created_at, next_attempt_at,"
    f" attempts, sent_at, sent_message_id) {_NUMBERS} SELECT i, 'reply:' || i, 'answered', JSON<'{{}}'>, i % 5000, i,"
    " :now, :now, 1, :now, i FROM n",
)
_PLACES = (
    "(SELECT id, row_number() OVER (ORDER BY priority DESC, id) AS place FROM review_items"
    " WHERE status = 'open' AND represented_by_id IS NULL)"
)
_HINDRANCES = (
    f"CREATE TEMPORARY TABLE places AS SELECT * FROM {_PLACES} AS ranked",
    "INSERT INTO verdicts (item_id, reviewer_id, kind, policy_version, adjudicates, checks_gold, created_at)"
    " SELECT id, 2, 'skip', 2, false, false, :now FROM places WHERE place >= :passed_by_from AND place < :passed_by_to",
    "INSERT INTO verdicts (item_id, reviewer_id, kind, label, policy_version, adjudicates, checks_gold, created_at)"
    " SELECT id, 3, 'label', 'black', 2, false, false, :now FROM places"
    " WHERE place >= :passed_by_from AND place < :passed_by_to",
    "UPDATE review_items SET verdicts_needed = 2 WHERE id IN"
    " (SELECT id FROM places WHERE place >= :passed_by_from AND place < :passed_by_to)",
    "UPDATE review_items SET lease_token = 'held', lease_reviewer_id = 4, lease_expires_at = :later WHERE id IN"
    " (SELECT id FROM places WHERE place >= :held_from AND place < :held_to)",
    "UPDATE review_items SET deferred_until = :later WHERE id IN"
    " (SELECT id FROM places WHERE place >= :deferred_from AND place < :deferred_to)",
    "UPDATE review_items SET needs_adjudicator = true WHERE id IN"
    " (SELECT id FROM places WHERE place >= :disputed_among_reviewers_from AND place < :disputed_among_reviewers_to)",
    "DROP TABLE places",
)
