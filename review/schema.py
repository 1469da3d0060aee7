"""The schema moves only by Alembic: created, upgraded after a backup, checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from review import revisions
from review.backups import backup, private_folder
from review.database import Database
from review.errors import DatabaseError, NoDatabase, SchemaMismatch
from review.revisions import OURS, exists, refuse_unknown, revision
from review.tables import Base

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
        private_folder(file.parent)
    head = revisions.head()
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
    refuse_unknown(before)
    _refuse_foreign(database)
    saved = backup(database, backup_folder, keep=keep) if before is not None and file is not None else None
    with database.migrating() as connection:
        config = revisions.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Upgrade(before, head, saved)


def require_current(database: Database) -> None:
    """Raises `NoDatabase`, or `SchemaMismatch` naming the command that mends it."""
    found, head = revision(database), revisions.head()
    if found is None:
        raise NoDatabase(f"{database.file or 'the database'} has no tables yet: `bearbot db upgrade` makes them")
    refuse_unknown(found)
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


def _pragma(connection: Connection, name: str) -> Any:
    return connection.execute(text(f"PRAGMA {name}"))


def _refuse_foreign(database: Database) -> None:
    """A mistaken REVIEW_DATABASE_URL must not put our tables into another program's database."""
    with database.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
    if tables - {"alembic_version"} and not tables >= OURS:
        raise DatabaseError(
            f"{database.file or 'the database'} is not one of bearbot (it holds {', '.join(sorted(tables)[:4])}): "
            "name another in REVIEW_DATABASE_URL"
        )
