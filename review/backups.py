"""Backups of the SQLite file: taken while others write, checked before they replace anything."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from review.errors import DatabaseError

_SIDECARS = (
    "-wal",
    "-shm",
    "-journal",
)  # what SQLite keeps beside a database in use; useless without it, and it without them
_NAME = "review-{stamp}{label}.db"
_PATTERN = "review-*Z*.db"
_PRIVATE_FOLDER = 0o700
_BUSY_SECONDS = 30.0  # as `review.database.BUSY_SECONDS`


def back_up(file: Path, folder: Path, *, keep: int, label: str = "") -> Path:
    """Copy the database `file` as of now into `folder` and return the copy; the newest `keep` backups remain there.

    Others may read and write meanwhile. Raises `DatabaseError` if there is nothing to copy or no room for it.
    """
    if not file.is_file():
        raise DatabaseError(f"there is no database at {file} to back up")
    backup = _free_path(folder, label)
    with _copied(file, backup.parent) as copy:
        copy.replace(backup)
    for old in backups(folder)[keep:]:
        _remove(old)
    return backup


def backups(folder: Path) -> list[Path]:
    """The backups in `folder`, newest first."""
    return sorted(folder.glob(_PATTERN), reverse=True)


def restore(file: Path, backup: Path, folder: Path, *, revisions: list[str]) -> Path | None:
    """Replace the database `file` by a copy of `backup`; returns where in `folder` the replaced one is now, if any.

    Nothing is touched unless the backup passes the integrity check and is a bearbot database of one of the known
    `revisions`, and no other process has the database open. Raises `DatabaseError`.
    """
    if not backup.is_file():
        raise DatabaseError(f"there is no backup at {backup}")
    if file.exists() and file.samefile(backup):
        raise DatabaseError(f"{backup} is the database itself, not a backup of it")
    file.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    with _copied(backup, file.parent) as copy:
        _verify(copy, backup, revisions)
        aside = None
        if file.exists():
            with _alone(file):
                aside = _set_aside(file, folder)
                copy.replace(file)
        else:
            copy.replace(file)
    return aside


@contextmanager
def _copied(source: Path, folder: Path) -> Iterator[Path]:
    """A whole copy of a database in a temporary file of `folder`, flushed to disk; removed if it is still there."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".copy-", suffix=".part")
    os.close(descriptor)
    copy = Path(name)
    try:
        with closing(_open(source)) as origin, closing(sqlite3.connect(copy, isolation_level=None)) as target:
            origin.backup(target)
            # One file without sidecars, so that it can be carried about; `upgrade` turns WAL on again.
            target.execute("PRAGMA journal_mode = DELETE").fetchone()
        _sync(copy)
        yield copy
        _sync(folder)
    except (sqlite3.Error, OSError) as error:
        raise DatabaseError(f"{source} cannot be copied: {error}") from error
    finally:
        _remove(copy)


def _open(file: Path) -> sqlite3.Connection:
    """An existing database, to be read; SQLite may still have to write beside it (a log left by a crash)."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _verify(copy: Path, backup: Path, revisions: list[str]) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        if damage:
            raise DatabaseError(f"{backup} is damaged: {'; '.join(damage)}")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise DatabaseError(f"{backup} is damaged: rows name others that do not exist")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"alembic_version", "submissions", "review_items", "verdicts"} <= tables:
            raise DatabaseError(f"{backup} is not a database of bearbot")
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision is None or revision[0] not in revisions:
            raise DatabaseError(
                f"{backup} was made by a newer bearbot (revision {revision and revision[0]}): update first"
            )


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else has the database open. Raises `DatabaseError` if somebody does."""
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        # SQLite leaves WAL only when nobody else has the file open, idle or not; its log is merged and gone then.
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        raise DatabaseError(f"{file} is in use: stop the bot and every reviewer first, then restore") from error
    except sqlite3.DatabaseError:
        pass  # too damaged to be asked, which may be why it is to be replaced
    with closing(connection):
        yield


def _set_aside(file: Path, folder: Path) -> Path:
    """Copied rather than moved: at no instant is there no database, which the next start would take for a new home."""
    aside = _free_path(folder, "replaced")
    for suffix in ("", *_SIDECARS):
        part = file.with_name(file.name + suffix)
        if part.exists():
            shutil.copy2(part, aside.with_name(aside.name + suffix))
            _sync(aside.with_name(aside.name + suffix))
    for suffix in _SIDECARS:
        # A log of the old database would be played into the new one.
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    return aside


def _free_path(folder: Path, label: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # sorts by age
    return folder / _NAME.format(stamp=stamp, label=f"-{label}" if label else "")


def _remove(file: Path) -> None:
    for suffix in ("", *_SIDECARS):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
