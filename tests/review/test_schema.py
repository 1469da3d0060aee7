"""The database's own life: made, upgraded after a backup, checked, backed up, restored; never half of anything."""

import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select

from review import schema
from review.database import Database
from review.errors import DatabaseError, NoDatabase, SchemaMismatch
from review.people import reviewer_named
from review.schema import backup, backups, problems, require_current, restore, revision, upgrade
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
    config = schema._config()
    for move, target in ((command.downgrade, "base"), (command.upgrade, "head")):
        with database.migrating() as connection:
            config.attributes["connection"] = connection
            move(config, target)
    assert problems(database) == []


def test_a_pending_migration_comes_after_a_backup(
    database: Database, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "mo", now)
    migrated: list[Any] = []
    # There is one revision only: the program is made to believe in a next one.
    monkeypatch.setattr(schema, "_head", lambda: "0002")
    monkeypatch.setattr(command, "upgrade", lambda *_: migrated.append(backups(folder)))
    done = upgrade(database, folder, keep=3)
    assert (done.before, done.after) == ("0001", "0002")
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
        patched.setattr(schema, "_head", lambda: "0002")
        patched.setattr(command, "upgrade", half)
        with pytest.raises(RuntimeError, match="half-way"):
            upgrade(database, folder, keep=3)
    assert problems(database) == []
    assert names(database) == ["mo"]


def test_an_older_database_is_named_with_the_cure(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_head", lambda: "0002")
    with pytest.raises(SchemaMismatch, match=r"at revision 0001, this program at 0002: run `bearbot db upgrade`"):
        require_current(database)


def test_a_database_of_a_newer_program_is_refused_untouched(database: Database, folder: Path) -> None:
    set_revision(database, "9999")
    before = Path(str(database.file)).read_bytes()
    for attempt in (lambda: require_current(database), lambda: upgrade(database, folder, keep=1)):
        with pytest.raises(SchemaMismatch, match="newer bearbot"):
            attempt()
    assert Path(str(database.file)).read_bytes() == before


def test_a_changed_table_is_noticed(database: Database) -> None:
    with closing(sqlite3.connect(str(database.file))) as connection, connection:
        connection.execute("ALTER TABLE outbox DROP COLUMN error")
    (problem,) = problems(database)
    assert "not as they should be" in problem
    assert "error" in problem


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


def test_a_backup_holds_what_was_committed_while_others_write(database: Database, folder: Path, now: datetime) -> None:
    add(database, "mo", now)
    with database.write() as session:
        reviewer_named(session, "not yet", now)
        copy = backup(database, folder, keep=5)
    assert names(Database(f"sqlite:///{copy}")) == ["mo"]
    assert copy.stat().st_mode & 0o077 == 0
    assert problems(Database(f"sqlite:///{copy}")) == []


def test_only_the_newest_backups_are_kept(database: Database, folder: Path) -> None:
    made = [backup(database, folder, keep=2) for _ in range(4)]
    assert backups(folder) == made[-2:]


def test_nothing_is_backed_up_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(NoDatabase):
        backup(Database(f"sqlite:///{tmp_path / 'none.db'}"), tmp_path / "backups", keep=1)


def test_restoring_brings_the_past_back_and_keeps_the_present_aside(
    database: Database, folder: Path, now: datetime
) -> None:
    add(database, "mo", now)
    copy = backup(database, folder, keep=1)
    add(database, "rita", now)
    database.dispose()
    aside = restore(database, copy, now=now)
    assert names(database) == ["mo"]
    assert problems(database) == []
    assert aside is not None
    assert names(Database(f"sqlite:///{aside}")) == ["mo", "rita"]


def test_restoring_works_where_the_database_is_lost_or_damaged(database: Database, folder: Path, now: datetime) -> None:
    add(database, "mo", now)
    copy = backup(database, folder, keep=1)
    database.dispose()
    file = Path(str(database.file))
    file.write_bytes(b"rubbish " * 1000)
    assert restore(database, copy, now=now) is not None
    assert names(database) == ["mo"]
    database.dispose()
    for path in file.parent.glob("review*.db*"):
        path.unlink()
    assert restore(database, copy, now=now) is None
    assert names(database) == ["mo"]


def test_a_database_in_use_is_not_replaced(database: Database, folder: Path, now: datetime) -> None:
    copy = backup(database, folder, keep=1)
    add(database, "mo", now)
    entered, leave = threading.Event(), threading.Event()

    def use() -> None:
        other = Database(database.url)
        with other.write():
            entered.set()
            leave.wait(30)
        other.dispose()

    thread = threading.Thread(target=use)
    thread.start()
    try:
        assert entered.wait(10)
        with pytest.raises(DatabaseError, match="in use: stop the bot"):
            restore(database, copy, now=now)
    finally:
        leave.set()
        thread.join()
    assert names(database) == ["mo"]


@pytest.mark.parametrize("kind", ["missing", "empty", "rubbish", "foreign", "cut", "newer"])
def test_what_is_no_sound_backup_is_refused_before_anything_moves(
    database: Database, tmp_path: Path, now: datetime, kind: str
) -> None:
    add(database, "mo", now)
    source = tmp_path / "given.db"
    if kind == "empty":
        source.write_bytes(b"")
    elif kind == "rubbish":
        source.write_bytes(b"rubbish " * 1000)
    elif kind == "foreign":
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE books (title TEXT)")
    elif kind in ("cut", "newer"):
        copy = backup(database, tmp_path / "backups", keep=1)
        shutil.copy(copy, source)
        if kind == "cut":
            source.write_bytes(source.read_bytes()[:20_000])
        else:
            set_revision(Database(f"sqlite:///{source}"), "9999")
    with pytest.raises(DatabaseError):
        restore(database, source, now=now)
    assert names(database) == ["mo"]
