"""Copies of the database: made while it is in use, and put back in its place. SQLite's files only."""

import glob
import re
import shlex
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import URL

from review.clock import utc_now
from review.database import Database, explained
from review.errors import DatabaseError
from review.revisions import OURS, refuse_unknown, revision

_SUFFIX = ".db"
_STAMP = re.compile(r"-(\d{8}-\d{6})")
_STALE_SECONDS = 3600  # no backup writes nothing for so long


def backup(database: Database, folder: Path, *, keep: int) -> Path:
    """Copy the live database into `folder`, and drop all but the newest `keep`; returns the copy.

    What `restore` set aside goes as well, once `keep` backups are newer: nothing of people outlives the last backup
    that they were in.
    """
    file = _sqlite_file(database, "pg_dump --format=custom --file=bearbot.dump {}")
    revision(database)  # raises if there is nothing to back up
    private_folder(folder)
    _remove_stale_parts(folder)
    target = folder / f"review-{utc_now():%Y%m%d-%H%M%S-%f}{_SUFFIX}"
    part = target.with_suffix(".part")
    part.touch(mode=0o600)
    try:
        with explained(), closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    for old in backups(folder)[:-keep]:
        old.unlink(missing_ok=True)  # another backup at the same time takes the same ones away
    kept = backups(folder)[-keep:]
    if len(kept) == keep:
        _remove_replaced(file, before=_stamp(kept[0]))
    return target


def backups(folder: Path) -> list[Path]:
    """The backups there are, oldest first."""
    return sorted(folder.glob(f"review-*{_SUFFIX}"))


def restore(database: Database, source: Path, *, now: datetime) -> Path | None:
    """Put a backup in the database's place; returns where the replaced database was set aside.

    The backup is checked first. Raises `DatabaseError` if it is no sound database of bearbot, or if the present one is
    in use.
    """
    file = _sqlite_file(database, "pg_restore --clean --if-exists --dbname={} bearbot.dump")
    _refuse_unsound(source)
    private_folder(file.parent)
    part = file.with_name(f".{file.name}.restoring")
    part.unlink(missing_ok=True)  # a restore that was killed
    part.touch(mode=0o600)
    aside = None
    try:
        shutil.copyfile(source, part)
        with explained(), closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # what was set aside by an earlier restore lacks it
        if file.exists():
            _fold_journal(file)
            aside = _set_aside(file, now)
        _move_journal(file, aside)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return aside


def _remove_replaced(file: Path, *, before: str) -> None:
    for aside in file.parent.glob(f"{glob.escape(file.stem)}-replaced-*{glob.escape(file.suffix)}*"):  # with its log
        if _stamp(aside) < before:
            aside.unlink(missing_ok=True)


def _stamp(file: Path) -> str:
    """When a backup was made, or a database was set aside, as its name says: names of a time sort by it."""
    found = _STAMP.findall(file.name)
    return found[-1] if found else "~"  # of no time that we wrote: it is somebody else's, and newer than all


def _remove_stale_parts(folder: Path) -> None:
    """What a killed backup left, with SQLite's side files; one that runs at this moment keeps writing to its own."""
    for part in folder.glob("review-*.part*"):
        with suppress(FileNotFoundError):  # another backup at the same time takes the same ones away
            if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()


def _set_aside(file: Path, now: datetime) -> Path:
    """A second name for the same file, so that at no instant there is no database in its place."""
    number = 0
    while True:
        extra = f"-{number}" if number else ""
        aside = file.with_name(f"{file.stem}-replaced-{now:%Y%m%d-%H%M%S}{extra}{file.suffix}")
        try:
            aside.hardlink_to(file)
            return aside
        except FileExistsError:
            number += 1


def _move_journal(file: Path, aside: Path | None) -> None:
    """The restored file must not take up what was written to another; what could not be folded in goes with that."""
    journal = file.with_name(f"{file.name}-wal")
    if aside is not None and journal.exists():
        journal.replace(aside.with_name(f"{aside.name}-wal"))
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _refuse_unsound(source: Path) -> None:
    if not source.is_file():
        raise DatabaseError(f"{source}: there is no such file")
    wal = source.with_name(source.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise DatabaseError(f"{source} is no backup but a database with changes in {wal.name}: use `bearbot db backup`")
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{source} is no database of bearbot: {error}") from error
    if not sound:
        raise DatabaseError(f"{source} is damaged: choose another backup")
    if row is None or not tables >= OURS:
        raise DatabaseError(f"{source} has no tables of bearbot: choose another backup")
    refuse_unknown(row[0])


def _fold_journal(file: Path) -> None:
    """Bring what is in the write-ahead log into the file, and take the log away; refused while anybody has it open."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise DatabaseError(f"{file} is in use: stop the bot and every reviewer first ({error})") from error
        except sqlite3.DatabaseError:
            pass  # a damaged database is what one restores from: it is set aside as it is


def private_folder(folder: Path) -> None:
    """Made if it is not there, readable by its owner only: it holds people's photos and names."""
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"the folder {folder} cannot be made: {error.strerror or error}") from error


def _sqlite_file(database: Database, otherwise: str) -> Path:
    """The file; raises `DatabaseError` that names the command that does the same for a database server."""
    if database.file is None:
        at = database.url
        url = URL.create("postgresql", at.username, None, at.host, at.port, at.database).render_as_string()
        raise DatabaseError(f"this is for SQLite files; the same for PostgreSQL: {otherwise.format(shlex.quote(url))}")
    return database.file
