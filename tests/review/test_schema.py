"""The database's own life: made, upgraded after a backup, checked, backed up, restored; never half of anything."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, text

from review import revisions
from review.backups import backups
from review.database import Database
from review.errors import DatabaseError, NoDatabase, SchemaMismatch
from review.people import reviewer_named
from review.revisions import revision
from review.schema import problems, require_current, upgrade
from review.tables import Reviewer


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "backups"


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Reviewer.name).order_by(Reviewer.name)))


def add(database: Database, name: str, now: datetime) -> None:
    with database.write() as session:
        reviewer_named(session, name, now)


def set_revision(database: Database, value: str) -> None:
    with closing(sqlite3.connect(str(database.file))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (value,))


def journal_mode(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def move(database: Database, way: Callable[..., None], target: str) -> None:
    config = revisions.config()
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        way(config, target)


def test_a_new_database_is_current_sound_private_and_in_wal(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'home' / 'review.db'}")
    with pytest.raises(NoDatabase, match="bearbot db upgrade"):
        require_current(database)
    done = upgrade(database, tmp_path / "backups", keep=1)
    assert (done.before, done.backup) == (None, None)
    require_current(database)
    assert problems(database) == []
    assert not (tmp_path / "backups").exists()
    assert database.file is not None
    assert database.file.parent.stat().st_mode & 0o077 == 0
    assert database.file.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(database.file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert upgrade(database, tmp_path / "backups", keep=1).before == done.after


def test_down_and_up_again_leaves_the_tables_as_they_should_be(database: Database) -> None:
    move(database, command.downgrade, "base")
    move(database, command.upgrade, "head")
    assert problems(database) == []


@pytest.mark.sqlite
def test_a_database_of_the_first_revision_is_upgraded_and_taken_back_with_its_data(
    database: Database, folder: Path, now: datetime
) -> None:
    move(database, command.downgrade, "0001")
    with closing(sqlite3.connect(str(database.file))) as connection, connection:
        connection.executescript("""
            INSERT INTO askers (id, telegram_user_id, language, created_at) VALUES (1, 7, 'de', '2026-01-02 03:04:05');
            INSERT INTO reviewers (id, name, role, created_at) VALUES (1, 'mo', 'moderator', '2026-01-02 03:04:05');
            INSERT INTO submissions (id, source_key, source, asker_id, chat_id, message_id, submitted_at)
                VALUES (1, 'telegram:7:1', 'telegram', 1, 7, 1, '2026-01-02 03:04:05');
            INSERT INTO review_items (id, submission_id, status, reasons, priority, opened_at, final_label)
                VALUES (1, 1, 'settled', '["audit"]', 1.0, '2026-01-02 03:04:05', 'black');
            INSERT INTO verdicts (id, item_id, reviewer_id, kind, label, created_at)
                VALUES (1, 1, 1, 'label', 'black', '2026-01-02 03:04:05');
            INSERT INTO inbox (update_id, chat_id, payload, received_at, attempts, next_attempt_at)
                VALUES (5, 7, '{}', '2026-01-02 03:04:05', 0, '2026-01-02 03:04:05');
            INSERT INTO outbox (dedupe_key, kind, parameters, chat_id, created_at, next_attempt_at, attempts)
                VALUES ('reply:1', 'answered', '{}', 7, '2026-01-02 03:04:05', '2026-01-02 03:04:05', 0);
        """)
    tables = ("askers", "reviewers", "submissions", "review_items", "verdicts", "inbox", "outbox")

    def rows() -> dict[str, Any]:
        with closing(sqlite3.connect(str(database.file))) as connection:
            connection.row_factory = sqlite3.Row
            read = "SELECT * FROM "
            return {table: [dict(row) for row in connection.execute(read + table)] for table in tables}

    before = rows()
    done = upgrade(database, folder, keep=1)
    assert (done.before, done.after) == ("0001", revisions.head())
    assert done.backup is not None
    assert problems(database) == []
    for table, kept in rows().items():
        assert [{name: row[name] for name in before[table][0]} for row in kept] == before[table]
    move(database, command.downgrade, "0001")
    assert rows() == before


@pytest.mark.sqlite
def test_a_pending_migration_comes_after_a_backup(
    database: Database, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "mo", now)
    migrated: list[Any] = []
    # The program is made to believe in a next revision.
    monkeypatch.setattr(revisions, "head", lambda: "0004")
    monkeypatch.setattr(command, "upgrade", lambda *_: migrated.append(backups(folder)))
    done = upgrade(database, folder, keep=3)
    assert (done.before, done.after) == ("0003", "0004")
    assert migrated == [[done.backup]], "the backup was there before the migration began"
    assert names(Database(f"sqlite:///{done.backup}")) == ["mo"]


def test_a_migration_that_fails_changes_nothing(
    database: Database, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(config: Any, _: str) -> None:
        config.attributes["connection"].exec_driver_sql("DROP TABLE outbox")
        raise RuntimeError("half-way")

    add(database, "mo", now)
    with monkeypatch.context() as patched:
        patched.setattr(revisions, "head", lambda: "0004")
        patched.setattr(command, "upgrade", half)
        with pytest.raises(RuntimeError, match="half-way"):
            upgrade(database, folder, keep=3)
    assert problems(database) == []
    assert names(database) == ["mo"]


def test_an_older_database_is_named_with_the_cure(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "head", lambda: "0004")
    with pytest.raises(SchemaMismatch, match=r"at revision 0003, this program at 0004: run `bearbot db upgrade`"):
        require_current(database)


@pytest.mark.sqlite
def test_a_database_of_a_newer_program_is_refused_untouched(database: Database, folder: Path) -> None:
    set_revision(database, "9999")
    before = Path(str(database.file)).read_bytes()
    for attempt in (lambda: require_current(database), lambda: upgrade(database, folder, keep=1)):
        with pytest.raises(SchemaMismatch, match="newer bearbot"):
            attempt()
    assert Path(str(database.file)).read_bytes() == before


@pytest.mark.sqlite
def test_a_changed_table_is_noticed(database: Database) -> None:
    with closing(sqlite3.connect(str(database.file))) as connection, connection:
        connection.execute("ALTER TABLE outbox DROP COLUMN error")
    (problem,) = problems(database)
    assert "not as they should be" in problem
    assert "error" in problem


def test_verdicts_that_could_be_changed_are_noticed(database: Database) -> None:
    with database.write() as session:
        on = "" if database.is_sqlite else " ON verdicts"
        session.execute(text(f"DROP TRIGGER verdicts_no_update{on}"))
    assert problems(database) == ["the trigger verdicts_no_update is missing: verdicts could be changed"]


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE customers (id)")
    with pytest.raises(DatabaseError, match="customers"):
        upgrade(Database(f"sqlite:///{file}"), tmp_path / "backups", keep=1)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


@pytest.mark.sqlite
def test_a_reference_to_nothing_is_noticed(database: Database) -> None:
    with closing(sqlite3.connect(str(database.file))) as connection, connection:
        connection.execute(
            "INSERT INTO verdicts (item_id, reviewer_id, kind, created_at) VALUES (7, 7, 'none', '2026-01-01')"
        )
    assert any("verdicts refers to a missing row" in problem for problem in problems(database))


def test_rubbish_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "review.db").write_bytes(b"rubbish " * 1000)
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    with pytest.raises(DatabaseError, match="damaged or no database"):
        revision(database)
    (problem,) = problems(database)
    assert "damaged or no database" in problem


@pytest.mark.sqlite
def test_a_file_put_in_place_by_hand_gets_its_log_back(database: Database, folder: Path) -> None:
    with closing(sqlite3.connect(str(database.file))) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    upgrade(database, folder, keep=1)
    assert journal_mode(Path(str(database.file))) == "wal"


def test_a_database_in_an_open_folder_is_private_from_the_start(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    upgrade(database, tmp_path / "backups", keep=1)
    assert {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("review*")} == {"review.db": 0}
    with database.write():
        assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("review*")} == {0}


def test_a_folder_that_cannot_be_made_or_reached_is_a_database_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseError, match="cannot be made"):
        upgrade(Database(f"sqlite:///{tmp_path / 'file' / 'home' / 'review.db'}"), tmp_path, keep=1)
    with pytest.raises(DatabaseError, match="cannot be reached"):
        require_current(Database(f"sqlite:///{tmp_path / ('long' * 100)}/review.db"))


@pytest.mark.sqlite
def test_a_full_disk_is_named_and_loses_nothing(database: Database, now: datetime) -> None:
    add(database, "mo", now)

    def fill() -> None:
        with database.write() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar_one()
            session.execute(text(f"PRAGMA max_page_count = {pages}"))
            for number in range(1000):
                reviewer_named(session, f"{number}", now)

    with pytest.raises(DatabaseError, match="full"):
        fill()
    assert names(database) == ["mo"]


@pytest.mark.sqlite
def test_damage_in_the_middle_is_a_problem_and_no_crash(database: Database, now: datetime) -> None:
    with database.write() as session:
        for number in range(300):
            reviewer_named(session, f"{number}", now)
    database.dispose()
    file = Path(str(database.file))
    data = bytearray(file.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    file.write_bytes(data)
    found = problems(database)
    assert found
    assert any("damaged" in problem or "integrity" in problem for problem in found)
