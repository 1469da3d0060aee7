"""Backups: made while others work, few of them kept, put back whole or not at all."""

import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from review.backups import backup, backups, restore
from review.database import Database
from review.errors import DatabaseError, NoDatabase
from review.people import reviewer_named
from review.revisions import revision
from review.schema import problems
from review.tables import Reviewer

pytestmark = pytest.mark.sqlite


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


def test_what_a_killed_backup_left_is_removed_by_the_next(database: Database, folder: Path) -> None:
    folder.mkdir()
    yesterday = time.time() - 86_400
    stale = [folder / name for name in ("review-20260101-000000-1.part", "review-20260101-000000-1.part-journal")]
    kept = {folder / "somebody-elses.part": yesterday, folder / "review-20260102-000000-1.part": time.time()}
    for path, modified in (dict.fromkeys(stale, yesterday) | kept).items():
        path.touch()
        os.utime(path, (modified, modified))
    made = backup(database, folder, keep=1)
    assert set(folder.iterdir()) == {made, *kept}, "one that is being written stays, and so does what is not ours"


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


def test_what_was_set_aside_goes_when_as_many_newer_backups_were_made(
    database: Database, folder: Path, now: datetime
) -> None:
    """Somebody who had their data deleted must not be found in it for ever."""
    copy = backup(database, folder, keep=1)
    database.dispose()
    aside = restore(database, copy, now=now - timedelta(days=400))
    young = restore(database, copy, now=datetime.now(UTC) + timedelta(days=1))
    assert aside is not None
    assert young is not None
    log = aside.with_name(f"{aside.name}-wal")
    log.touch()
    foreign = aside.with_name("review-replaced-by-hand.db")
    foreign.touch()
    backup(database, folder, keep=3)
    assert aside.exists(), "one of the kept backups is missing still"
    for _ in range(2):
        backup(database, folder, keep=3)
    assert not aside.exists()
    assert not log.exists()
    assert young.exists()
    assert foreign.exists()


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


def test_what_was_set_aside_can_be_restored_too(database: Database, folder: Path, now: datetime) -> None:
    copy = backup(database, folder, keep=1)
    add(database, "rita", now)
    database.dispose()
    first = restore(database, copy, now=now)
    assert first is not None
    second = restore(database, first, now=now)
    assert second is not None
    assert second != first, "in the same second"
    assert names(database) == ["rita"]
    assert names(Database(f"sqlite:///{second}")) == []
    assert journal_mode(Path(str(database.file))) == "wal", "or readers would make writers wait"


def test_a_log_that_outlived_its_database_does_not_get_into_the_restored_one(
    database: Database, folder: Path, now: datetime
) -> None:
    copy = backup(database, folder, keep=1)
    add(database, "mo", now)
    file = Path(str(database.file))
    log = file.with_name("review.db-wal").read_bytes()
    assert log
    database.dispose()
    file.unlink()
    file.with_name("review.db-wal").write_bytes(log)
    restore(database, copy, now=now)
    assert names(database) == []
    assert problems(database) == []


def test_a_restore_that_fails_leaves_the_database_in_its_place(
    database: Database, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup(database, folder, keep=1)
    add(database, "mo", now)
    database.dispose()
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target == database.file:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(database, copy, now=now)
    assert names(database) == ["mo"]
    assert not list(folder.parent.glob(".*restoring*"))


def test_a_database_in_use_with_nobody_writing_is_not_replaced_either(
    database: Database, folder: Path, now: datetime
) -> None:
    copy = backup(database, folder, keep=1)
    names(database)  # its connection stays open, as a waiting bot's does
    with pytest.raises(DatabaseError, match="in use: stop the bot"):
        restore(database, copy, now=now)


@pytest.mark.parametrize("kind", ["missing", "empty", "rubbish", "foreign", "cut", "newer", "bare", "namesake", "live"])
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
    elif kind == "bare":
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    elif kind == "namesake":  # another program that numbers its revisions as we do
        with closing(sqlite3.connect(source)) as connection, connection:
            connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision(database),))
    elif kind == "live":
        shutil.copy(str(database.file), source)
        shutil.copy(f"{database.file}-wal", f"{source}-wal")
    with pytest.raises(DatabaseError):
        restore(database, source, now=now)
    assert names(database) == ["mo"]
