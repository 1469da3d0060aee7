"""Which revision of the schema a database is at, and which ones this program knows."""

from importlib.resources import files
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from review.database import Database
from review.errors import DatabaseError, NoDatabase, SchemaMismatch

# What a database of bearbot is known by: a revision alone says little, many programs number theirs 0001.
OURS = frozenset({"alembic_version", "submissions", "review_items", "verdicts"})


def exists(database: Database) -> bool:
    """Whether there is a database, with or without tables. Raises `DatabaseError` where there cannot be one."""
    if database.file is None:
        return True
    try:
        database.file.stat()
    except FileNotFoundError:
        return False
    except NotADirectoryError as error:
        raise DatabaseError(
            f"there can be no database at {database.file}: a part of that is a file, where a folder is expected; "
            "BEARBOT_HOME names the folder"
        ) from error
    except OSError as error:
        raise DatabaseError(f"{database.file} cannot be reached: {error.strerror or error}") from error
    return True


def missing(database: Database) -> str:
    """A sentence for who looks at what is not there yet: it may be somewhere else, or to be made."""
    return (
        f"there is no database at {database.file} yet: `bearbot run` or `bearbot db upgrade` makes it, "
        "`bearbot demo --home DIR` one to try (then BEARBOT_HOME=DIR)"
    )


def revision(database: Database) -> str | None:
    """The database's revision; None if it has no tables of ours. Raises `NoDatabase` if there is no file."""
    if not exists(database):
        raise NoDatabase(missing(database))
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def refuse_unknown(found: str | None) -> None:
    """Raises `SchemaMismatch` for a revision of a newer program; None, no tables yet, is fine."""
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaMismatch(f"the database is of a newer bearbot (revision {found}): update the program, not the data")


def head() -> str:
    """The revision that this program works with."""
    newest = _scripts().get_current_head()
    assert newest is not None
    return newest


def config() -> Config:
    """What Alembic's commands take; a connection goes into its `attributes`."""
    made = Config()
    made.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def _migrations() -> Path:
    """In a wheel inside this package; in a checkout the top-level folder."""
    package = Path(str(files("review")))
    installed = package / "migrations"
    return installed if (installed / "env.py").exists() else package.parent / "alembic"
