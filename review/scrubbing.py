"""What was deleted from a SQLite database must not stay readable in its files.

Deleted rows are overwritten (`PRAGMA secure_delete`), and folding the write-ahead log in takes the former pages away.
Copies can still stay in the gaps of pages that were rearranged while the rows were alive (measured: 3 of 6000): only
writing the whole file anew removes those. How many deletions wait for that is counted in the file's `user_version`, in
the very transaction, so that no crash makes one forgotten.
"""

from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from review.database import Database
from review.errors import DatabaseError

# Everybody who writes waits while the file is written anew: 2 s for this many bytes (22 s for 970 MB, measured).
SHORT_WAIT_BYTES = 100_000_000


class Scrubbed(StrEnum):
    """How far a scrubbing came."""

    CLEAN = "clean"
    """nothing deleted is left in the files"""

    TOO_LARGE = "too_large"
    """rows and log are overwritten; gaps of pages wait for `bearbot db sweep`, which may make others wait"""

    BUSY = "busy"
    """others worked all the time: to be tried again"""


def note_deletion(session: Session) -> None:
    """Something was deleted for good: `scrub` has work to do."""
    if session.get_bind().dialect.name == "sqlite":
        noted = session.scalar(text("PRAGMA user_version")) or 0
        session.execute(text(f"PRAGMA user_version = {noted + 1}"))


def fold_log(database: Database) -> bool:
    """Empty the write-ahead log into the file; False if others kept it busy. Nobody waits longer than a second."""
    if not database.is_sqlite:
        return True
    with database.maintaining() as run:
        busy, *_ = run("PRAGMA wal_checkpoint(TRUNCATE)")
    return not busy


def scrub(database: Database, *, longest_bytes: int | None = SHORT_WAIT_BYTES) -> Scrubbed:
    """Leave nothing readable of what was deleted. A larger file than `longest_bytes` (None: any) is not written anew.

    Raises `DatabaseError` when the disk has no room for a second copy.
    """
    if not database.is_sqlite:
        return Scrubbed.CLEAN
    if not fold_log(database):
        return Scrubbed.BUSY
    try:
        with database.maintaining() as run:
            (noted,) = run("PRAGMA user_version")
            if not noted:
                return Scrubbed.CLEAN
            if longest_bytes is not None and _bytes(database) > longest_bytes:
                return Scrubbed.TOO_LARGE
            run("VACUUM")
            run("BEGIN IMMEDIATE")
            if run("PRAGMA user_version") == (noted,):  # otherwise something was deleted meanwhile
                run("PRAGMA user_version = 0")
            run("COMMIT")
    except DatabaseError as error:
        if "locked" not in str(error):
            raise
        return Scrubbed.BUSY
    return Scrubbed.CLEAN if fold_log(database) else Scrubbed.BUSY


def _bytes(database: Database) -> int:
    return database.file.stat().st_size if database.file is not None else 0
