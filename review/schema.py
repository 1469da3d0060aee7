"""The schema moves only by Alembic: created, upgraded after a backup, checked, backed up, restored."""

import glob
import re
import shlex
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from review.clock import utc_now
from review.database import Database, explained
from review.errors import DatabaseError, NoDatabase, SchemaMismatch
from review.tables import Base

_SUFFIX = ".db"
_STAMP = re.compile(r"-(\d{8}-\d{6})")
_STALE_SECONDS = 3600  # no backup writes nothing for so long
# What a database of bearbot is known by: a revision alone says little, many programs number theirs 0001.
_OURS = frozenset({"alembic_version", "submissions", "review_items", "verdicts"})
_TRIGGERS = ("verdicts_no_delete", "verdicts_no_update")  # Alembic compares none; rebuilding a table loses them
_TRIGGERS_ARE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'verdicts'::regclass AND tgenabled <> 'D'",
}


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did: revisions before (None: there was no database) and after, and the backup it made first."""

    before: str | None
    after: str
    backup: Path | None


def upgrade(database: Database, backup_folder: Path, *, keep: int) -> Upgrade:
    """Create the database or bring it up to date, wholly or not at all; one that holds data is backed up first.

    Raises `SchemaMismatch` for a database of a newer program, `DatabaseError` for one of another program. Two processes
    that start together take turns.
    """
    file = database.file
    if file is not None:
        _private_folder(file.parent)
    head = _head()
    if exists(database):
        before = revision(database)
    else:
        before = None
        if file is not None:
            # Nobody else may read it from its first byte on; SQLite's side files take after it.
            file.touch(mode=0o600)
    if before == head:
        database.turn_on_wal()  # a file that was put here by hand may lack it
        return Upgrade(before, head, None)
    _refuse_unknown(before)
    _refuse_foreign(database)
    saved = backup(database, backup_folder, keep=keep) if before is not None and file is not None else None
    with database.migrating() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Upgrade(before, head, saved)


def exists(database: Database) -> bool:
    """Whether there is a database, with or without tables. Raises `DatabaseError` where nobody may look."""
    try:
        return database.file is None or database.file.exists()
    except OSError as error:
        raise DatabaseError(f"{database.file} cannot be reached: {error.strerror or error}") from error


def revision(database: Database) -> str | None:
    """The database's revision; None if it has no tables of ours. Raises `NoDatabase` if there is no file."""
    if not exists(database):
        raise NoDatabase(f"there is no database at {database.file} yet: `bearbot run` or `bearbot db upgrade` makes it")
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def require_current(database: Database) -> None:
    """Raises `NoDatabase`, or `SchemaMismatch` naming the command that mends it."""
    found, head = revision(database), _head()
    if found is None:
        raise NoDatabase(f"{database.file or 'the database'} has no tables yet: `bearbot db upgrade` makes them")
    _refuse_unknown(found)
    if found != head:
        raise SchemaMismatch(f"the database is at revision {found}, this program at {head}: run `bearbot db upgrade`")


def problems(database: Database) -> list[str]:
    """What is wrong with the database, in sentences; nothing if it is sound and up to date."""
    try:
        require_current(database)
    except DatabaseError as error:
        return [str(error)]
    found = []
    try:
        with database.read() as session:
            connection = session.connection()
            for difference in compare_metadata(MigrationContext.configure(connection), Base.metadata):
                found.append(f"the tables are not as they should be: {difference}")
            if database.is_sqlite:
                found += [f"integrity: {row[0]}" for row in _pragma(connection, "integrity_check") if row[0] != "ok"]
                found += [
                    f"a row of {row[0]} refers to a missing row of {row[2]}"
                    for row in _pragma(connection, "foreign_key_check")
                ]
            triggers = set(connection.scalars(text(_TRIGGERS_ARE[connection.dialect.name])))
            found += [
                f"the trigger {name} is missing: verdicts could be changed"
                for name in _TRIGGERS
                if name not in triggers
            ]
    except DatabaseError as error:  # so damaged that it cannot even be checked to the end
        found.append(str(error))
    return found


def backup(database: Database, folder: Path, *, keep: int) -> Path:
    """Copy the live database into `folder`, and drop all but the newest `keep`; returns the copy.

    What `restore` set aside goes as well, once `keep` backups are newer: nothing of people outlives the last backup
    that they were in.
    """
    file = _sqlite_file(database, "pg_dump --format=custom --file=bearbot.dump {}")
    revision(database)  # raises if there is nothing to back up
    _private_folder(folder)
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
    _private_folder(file.parent)
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
    if row is None or not tables >= _OURS:
        raise DatabaseError(f"{source} has no tables of bearbot: choose another backup")
    _refuse_unknown(row[0])


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


def _private_folder(folder: Path) -> None:
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


def _pragma(connection: Connection, name: str) -> Any:
    return connection.execute(text(f"PRAGMA {name}"))


def _refuse_unknown(found: str | None) -> None:
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaMismatch(f"the database is of a newer bearbot (revision {found}): update the program, not the data")


def _refuse_foreign(database: Database) -> None:
    """A mistaken REVIEW_DATABASE_URL must not put our tables into another program's database."""
    with database.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
    if tables - {"alembic_version"} and not tables >= _OURS:
        raise DatabaseError(
            f"{database.file or 'the database'} is not one of bearbot (it holds {', '.join(sorted(tables)[:4])}): "
            "name another in REVIEW_DATABASE_URL"
        )


def _head() -> str:
    head = _scripts().get_current_head()
    assert head is not None
    return head


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _migrations() -> Path:
    """In a wheel inside this package; in a checkout the top-level folder."""
    package = Path(str(files("review")))
    installed = package / "migrations"
    return installed if (installed / "env.py").exists() else package.parent / "alembic"
