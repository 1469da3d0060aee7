"""The one place that knows how to talk to the database engine; whoever opens a session here commits here.

SQLite is given correct transactions: Python's driver is kept from opening them by itself, and SQLAlchemy's `begin`
event emits BEGIN (readers) or BEGIN IMMEDIATE (writers), so that a writer waits for its turn at the start instead of
failing in the middle, and schema changes roll back like everything else.

PostgreSQL is held to the same words: a writer takes one advisory lock at its start and keeps it until it ends, so that
writers take turns there as well, and what is proven of the queue on one database holds on the other. It commits before
it lets the lock go, and each of its statements sees what was committed before it (READ COMMITTED), so the next writer
sees all of it. Readers are on one snapshot (REPEATABLE READ) and wait for nobody.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import URL, Engine, ExceptionContext, make_url
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql import FromClause

from review.errors import DatabaseError

BUSY_SECONDS = 30.0  # as long as the longest write that we expect of a neighbour (a migration), and not for ever
_PATIENCE_MS = 1000
_LOOK_AGAIN_SECONDS = 0.001
_FOLD_AFTER = 50  # commits of this process: about a megabyte of log
_FOLD_AT_LATEST = 10_000  # pages of 4 kB: a commit folds the log itself then, if no thread came to it
POSTGRES = frozenset({"postgresql+psycopg", "postgresql", "postgres"})
_IMMEDIATE = "BEGIN IMMEDIATE"
_BEGIN = "bearbot_begin"  # execution option that carries the BEGIN statement to the event
_WRITERS_LOCK = 0x6265617262  # any number that no other program takes in the same PostgreSQL database
_BAD_VALUE = "22"  # the class of SQLSTATEs whose message repeats what was to be written


class Database:
    """One engine; nothing connects before the first session."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.file is not None:
            self.url = self.url.set(database=str(self.file))  # `~` is ours to resolve: SQLite takes it for a folder
        if not self.is_sqlite:
            self.url = postgres_url(self.url)
        self._engine = self._sqlite() if self.is_sqlite else self._postgres()
        self._writing = threading.RLock()  # threads of one program wake each other
        self._commits = 0
        self._folding: threading.Thread | None = None

    def _sqlite(self) -> Engine:
        # Error messages would repeat what was being written, and that is people's data.
        engine = create_engine(self.url, hide_parameters=True)
        engine.dialect.statement_compiler = _SqliteCompiler
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
        self._readers = engine.execution_options(**{_BEGIN: "BEGIN"})
        self._writers = engine.execution_options(**{_BEGIN: _IMMEDIATE})
        return engine

    def _postgres(self) -> Engine:
        try:
            engine = create_engine(self.url, hide_parameters=True, pool_pre_ping=True)  # a server may be restarted
        except ModuleNotFoundError as error:
            raise DatabaseError(
                f"PostgreSQL needs its driver ({error.name}): pip install 'bearbot[postgres]'"
            ) from error
        event.listen(engine, "connect", _prepare_postgres)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "handle_error", _hide_values)
        self._readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writers = engine.execution_options(
            isolation_level="READ COMMITTED", **{_BEGIN: f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})"}
        )
        return engine

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a database server (or in memory)."""
        return sqlite_file(self.url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one unchanging snapshot; always rolled back, never waits for writers."""
        with explained(), Session(self._readers, expire_on_commit=False, autoflush=False) as session:
            yield session  # closing rolls back

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock from its start: commits on success, rolls back on any error."""
        with self._writing, explained(), Session(self._writers, expire_on_commit=False) as session, session.begin():
            session.connection()  # begins now, so that everything read in here is still true when it is written
            yield session
        self._fold_now_and_then()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection in one exclusive transaction for schema changes; raises `DatabaseError` if references break."""
        with explained(), self._writers.connect() as connection:
            if self.is_sqlite:
                # Rebuilding a table drops the old one, which foreign keys would take for deleting its rows; the switch
                # works only outside a transaction.
                _execute_outside_transaction(connection, "PRAGMA foreign_keys = OFF")
                _turn_on_wal(connection)
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                        raise DatabaseError("the migration would break references between tables; nothing was changed")
            finally:
                connection.invalidate()  # a fresh connection has its foreign keys on again

    def turn_on_wal(self) -> None:
        """Readers and writers do not wait for each other then; a SQLite file keeps the switch, copies may lack it."""
        if self.is_sqlite:
            with explained(), self._readers.connect() as connection:
                _turn_on_wal(connection)

    @contextmanager
    def maintaining(self) -> Iterator[Callable[[str], Any]]:
        """`run(statement)` outside of any transaction, for what SQLite does not do in one; returns the first row.

        It waits for locks a second only: whoever writes meanwhile does not wait long for what can be done later.
        """
        with explained(), self._readers.connect() as connection:
            _execute_outside_transaction(connection, f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            try:
                yield lambda statement: _execute_outside_transaction(connection, statement)
            finally:
                connection.invalidate()  # a fresh connection waits as long as all others

    def tune(self) -> None:
        """Have SQLite look at how values are spread, by which it plans: a part of each index, some milliseconds."""
        if self.is_sqlite:  # PostgreSQL does so by itself
            with self.maintaining() as run:
                run("PRAGMA analysis_limit = 1000")
                run("ANALYZE")

    def dispose(self) -> None:
        """Close every pooled connection."""
        if self._folding is not None:
            self._folding.join()
        self._engine.dispose()

    def _fold_now_and_then(self) -> None:
        """Bring the log into the file in a thread, as nobody waits for that: a commit that did it took 140 ms."""
        self._commits += 1
        if self.file is None or self._commits % _FOLD_AFTER or (self._folding is not None and self._folding.is_alive()):
            return
        self._folding = threading.Thread(target=_fold, args=(self.file,), name="fold the log", daemon=True)
        self._folding.start()


class _SqliteCompiler(SQLiteCompiler):
    """Writes `with_hint(table, "INDEXED BY ...", "sqlite")` behind the table; SQLAlchemy's own leaves hints out."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def sqlite_file(url: str | URL) -> Path | None:
    """The file of a SQLite URL, `~` resolved; None for any other database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database).expanduser()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see `_begin`
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_FOLD_AT_LATEST}")
    connection.execute("PRAGMA synchronous = FULL")  # what was committed survives a power cut
    # What is deleted is overwritten. Not every build of SQLite does so by itself; the disk takes longer than that.
    connection.execute("PRAGMA secure_delete = ON")


def postgres_url(url: str | URL) -> URL:
    """The same database by the driver that we use, whichever usual name of it the URL begins with."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in POSTGRES else parsed


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.autocommit = True  # settings of a transaction that is rolled back would be, too
    connection.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
    # A reviewer's machine that lost its power must not keep the writers' lock for two hours.
    connection.execute("SET tcp_keepalives_idle = 20")
    connection.execute("SET tcp_keepalives_interval = 5")
    connection.execute("SET tcp_keepalives_count = 2")
    connection.autocommit = False


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL itself repeats what was being written in details and, of bad values, in the message."""
    error: Any = context.original_exception
    found = getattr(error, "diag", None)
    if found is None or found.message_primary is None:
        return
    said = "a value does not fit" if (found.sqlstate or "").startswith(_BAD_VALUE) else found.message_primary
    where = " of ".join(name for name in (found.constraint_name, found.column_name, found.table_name) if name)
    error.args = (f"{said} ({where})" if where else said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {error.args[0]}",)


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN" if connection.dialect.name == "sqlite" else None)
    if statement == _IMMEDIATE:
        _begin_immediate(connection.connection.driver_connection)
    elif statement is not None:  # PostgreSQL's driver begins by itself
        connection.exec_driver_sql(statement)


def _begin_immediate(connection: Any) -> None:
    """Wait for the write lock. SQLite itself would look again after up to 100 ms only, when others had taken it."""
    deadline = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute(_IMMEDIATE)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_AGAIN_SECONDS)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def _fold(file: Path) -> None:
    with suppress(sqlite3.Error):  # whoever needs the log folded does it themselves, and says what went wrong
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=0)
        with closing(connection):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _execute_outside_transaction(connection: Connection, statement: str) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.execute(statement).fetchone()


def _turn_on_wal(connection: Connection) -> None:
    """WAL is kept in the file, so it is set once, here. SQLite does not wait for locks in this one statement."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            _execute_outside_transaction(connection, "PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextmanager
def explained() -> Iterator[None]:
    """What the engine says of the file, the disk or a lock, as a `DatabaseError`; our own mistakes stay as they are."""
    try:
        yield
    except (sqlite3.OperationalError, OperationalError) as error:
        raise DatabaseError(f"the database cannot be used: {_one_line(error)}") from error
    except (sqlite3.DatabaseError, DriverError) as error:
        if type(error) not in (sqlite3.DatabaseError, DriverError):
            raise  # a broken constraint or a wrong statement
        raise DatabaseError(f"the database is damaged or no database: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", error)).split())
