"""The one place that knows how to talk to the database engine; whoever opens a session here commits here.

SQLite is given correct transactions: Python's driver is kept from opening them by itself, and SQLAlchemy's `begin`
event emits BEGIN (readers) or BEGIN IMMEDIATE (writers), so that a writer waits for its turn at the start instead of
failing in the middle, and schema changes roll back like everything else.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError as DriverError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from review.errors import DatabaseError

BUSY_SECONDS = 30.0  # as long as the longest write that we expect of a neighbour (a migration), and not for ever
_PATIENCE_MS = 1000
_BEGIN = "bearbot_begin"  # execution option that carries the BEGIN statement to the event


class Database:
    """One engine; nothing connects before the first session."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.file is not None:
            self.url = self.url.set(database=str(self.file))  # `~` is ours to resolve: SQLite takes it for a folder
        # Error messages would repeat what was being written, and that is people's data.
        self._engine = create_engine(self.url, hide_parameters=True)
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin)
        # SQLite lets waiting writers sleep for up to 100 ms and look again; threads of one program wake each other.
        self._writing = threading.RLock()
        self._readers = self._engine.execution_options(**{_BEGIN: "BEGIN"})
        self._writers = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

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

    def dispose(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


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
    connection.execute("PRAGMA synchronous = FULL")  # what was committed survives a power cut
    # What is deleted is overwritten. Not every build of SQLite does so by itself; the disk takes longer than that.
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


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
        raise DatabaseError(f"the database cannot be used: {getattr(error, 'orig', error)}") from error
    except (sqlite3.DatabaseError, DriverError) as error:
        if type(error) not in (sqlite3.DatabaseError, DriverError):
            raise  # a broken constraint or a wrong statement
        raise DatabaseError(f"the database is damaged or no database: {getattr(error, 'orig', error)}") from error
