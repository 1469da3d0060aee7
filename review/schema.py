"""The schema moves only by Alembic: created or upgraded wholly or not at all, after a backup."""

import os
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

import review
from review.backups import back_up
from review.database import Database
from review.errors import DatabaseError, NoDatabase, SchemaMismatch
from review.tables import Base

_TRIGGERS = frozenset({"verdicts_no_update", "verdicts_no_delete"})  # what Alembic's comparison does not see
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did: from which revision (none: a new database) to which; equal: nothing was to do."""

    before: str | None
    after: str
    backup: Path | None


def upgrade(database: Database, backup_folder: Path, keep: int) -> Upgrade:
    """Create the database, or bring it to this program's revision; a database with data is backed up first.

    Several processes may do this at once: one does the work, the others wait for it and find nothing to do. Of the
    backups the newest `keep` remain. Raises `SchemaMismatch` for a database newer than this program, `DatabaseError`
    for a file that is no database of bearbot.
    """
    _create_file(database)
    head = _scripts().get_current_head()
    assert head is not None
    with database.migrating() as connection:
        before = _revision(connection)
        if before == head:
            return Upgrade(before, head, None)
        backup = None
        if before is not None:
            # The migration holds the write lock, so what is backed up is exactly what is about to change.
            backup = back_up(_file(database), backup_folder, keep=keep, label=f"before-{head}")
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, head)
    return Upgrade(before, head, backup)


def require_current(database: Database) -> None:
    """Raises `NoDatabase` if there is none, `SchemaMismatch` if it is older or newer than this program."""
    if not _file(database).is_file():
        raise NoDatabase(
            f"there is no database at {_file(database)} yet: `bearbot run` or `bearbot db upgrade` makes it"
        )
    with database.read() as session:
        revision = _revision(session.connection())
    if revision is None:
        raise NoDatabase(f"the database {_file(database)} is empty: `bearbot run` or `bearbot db upgrade` fills it")
    if revision != _scripts().get_current_head():
        raise SchemaMismatch(
            f"the database {_file(database)} is older than this program (revision {revision}): run `bearbot db upgrade`"
        )


def check(database: Database) -> list[str]:
    """What is wrong with the database, a sentence each; empty: it is whole and fits this program."""
    require_current(database)
    with database.read() as session:
        return [*_damage(session), *_differences(session.connection())]


def alembic_config() -> Config:
    """Alembic's view of our migrations: in a checkout `alembic/`, in an installation `review/migrations`."""
    package = Path(review.__file__).parent
    installed = package / "migrations"
    config = Config()
    location = installed if installed.is_dir() else package.parent / "alembic"
    config.set_main_option("script_location", str(location).replace("%", "%%"))  # % is the format's own
    return config


def revisions() -> list[str]:
    """The revisions that this program knows, newest first."""
    return [script.revision for script in _scripts().walk_revisions()]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _revision(connection: Connection) -> str | None:
    """None: an empty database. Raises if it is newer than this program, or somebody else's."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        tables = inspect(connection).get_table_names()
        if tables and tables != ["alembic_version"]:
            raise DatabaseError(
                f"the database {connection.engine.url.database} is not one of bearbot: it has the tables "
                f"{', '.join(tables[:5])}; set REVIEW_DATABASE_URL to another file"
            )
    elif revision not in revisions():
        raise SchemaMismatch(
            f"the database {connection.engine.url.database} is newer than this program (revision {revision}): "
            "install the version of bearbot that made it, or restore a backup with `bearbot db restore`"
        )
    return revision


def _damage(session: Session) -> list[str]:
    problems = [f"damaged: {row[0]}" for row in session.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]
    for table, rowid, parent, _ in session.execute(text("PRAGMA foreign_key_check")):
        problems.append(f"broken reference: row {rowid} of {table} names a row of {parent} that does not exist")
    return problems


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    problems = [f"differs from this program: {difference}" for difference in compare_metadata(context, Base.metadata)]
    triggers = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    return problems + [f"the trigger {name} is missing: verdicts could be changed" for name in _TRIGGERS - triggers]


def _create_file(database: Database) -> None:
    """Private from its first byte: the photos' fates are nobody else's business."""
    file = _file(database)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        os.close(os.open(file, os.O_CREAT, _PRIVATE_FILE))
    except OSError as error:
        raise DatabaseError(f"the database {file} cannot be made: {error.strerror or error}") from error


def _file(database: Database) -> Path:
    assert database.file is not None, "settings accept SQLite files only"
    return database.file
