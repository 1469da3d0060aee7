"""`bearbot db ...`: upgrade, check, back up and restore the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.console import note, one_line_errors, print_json

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor Alembic
    from review.database import Database
    from review.settings import ReviewSettings


@click.group()
def db() -> None:
    """Look after the database.

    \b
    Example:
      bearbot db check
    """


@db.command()
def upgrade() -> None:
    """Create the database, or bring it up to date after a backup. `bearbot run` does this by itself.

    \b
    Example:
      bearbot db upgrade
    """
    from review.schema import upgrade as run_upgrade

    with _opened() as (settings, database):
        done = run_upgrade(database, settings.backup_folder, keep=settings.backups_kept)
    if done.backup:
        note(f"backed up to {done.backup}")
    if done.before == done.after:
        click.echo(f"{_place(database)} is up to date (revision {done.after})")
    else:
        click.echo(f"{_place(database)} is at revision {done.after} now (it was at {done.before or 'none'})")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(as_json: bool) -> None:
    """Is it up to date, whole, and as the program expects it? The exit status is 1 if not.

    \b
    Example:
      bearbot db check
    """
    from review.schema import problems

    with _opened() as (_, database):
        found = problems(database)
    if as_json:
        print_json({"database": _place(database), "sound": not found, "problems": found})
    else:
        for problem in found:
            note(problem)
        if not found:
            click.echo(f"{_place(database)} is sound and up to date")
    if found:
        sys.exit(1)


@db.command()
def backup() -> None:
    """Copy the database, also while the bot runs, and print the copy's path. The newest REVIEW_BACKUPS_KEPT are kept.

    \b
    Example:
      bearbot db backup
    """
    from review.backups import backup as run_backup

    with _opened() as (settings, database):
        click.echo(run_backup(database, settings.backup_folder, keep=settings.backups_kept))


@db.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def restore(file: Path | None) -> None:
    """Put the backup FILE (default: the newest) in the database's place. Stop the bot first.

    The replaced database is set aside, not deleted, until REVIEW_BACKUPS_KEPT newer backups were made. Whoever had
    their data deleted after the backup was made is in the database again.

    \b
    Example:
      bearbot db restore
    """
    from review.backups import backups
    from review.backups import restore as run_restore
    from review.clock import utc_now
    from review.errors import NotFound

    with _opened() as (settings, database):
        kept = backups(settings.backup_folder)
        if file is None and not kept:
            raise NotFound(f"there is no backup in {settings.backup_folder}: name a file")
        source = file or kept[-1]
        aside = run_restore(database, source, now=utc_now())
    click.echo(f"{_place(database)} is {source} now")
    if aside:
        note(f"the replaced database is {aside}")


@db.command()
@click.option("--dry-run", is_flag=True, help="Only count what is too old.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sweep(dry_run: bool, as_json: bool) -> None:
    """Delete what is older than REVIEW_RETENTION_DAYS and REVIEW_MESSAGES_DAYS, and every trace of what was deleted.

    `bearbot run` does this by itself every hour. Here a large file is written anew as well, if anything was deleted
    from it: until that is done, whoever answers people waits.

    \b
    Example:
      bearbot db sweep --dry-run
    """
    from dataclasses import asdict

    from model.features import FeatureStore
    from model.settings import ModelSettings
    from review.clock import utc_now
    from review.retention import Sweep, retention_of
    from review.schema import require_current
    from review.scrubbing import Scrubbed, scrub
    from review.storage import LocalImageStore

    with _opened() as (settings, database):
        require_current(database)
        images = LocalImageStore(settings.image_store)
        features = FeatureStore(ModelSettings.load().home / "features")
        swept = Sweep(database, images, features, retention_of(settings), dry_run=dry_run).run(utc_now())
        if not dry_run and scrub(database, longest_bytes=None) is Scrubbed.BUSY:
            note("the file could not be written anew because it is in use: run this again at a quieter time")
    counts = asdict(swept)
    if as_json:
        print_json({**counts, "dry_run": dry_run})
        return
    found = [f"{count} {name if count != 1 else name.removesuffix('s')}" for name, count in counts.items() if count]
    click.echo(f"{'would sweep' if dry_run else 'swept'} {', '.join(found)}" if found else "nothing is too old")


@contextmanager
def _opened() -> "Iterator[tuple[ReviewSettings, Database]]":
    from model.errors import SettingsError
    from review.database import Database
    from review.errors import ReviewError
    from review.settings import ReviewSettings

    with one_line_errors(ReviewError, SettingsError, OSError):
        settings = ReviewSettings.load()
        database = Database(settings.database_url)
        try:
            yield settings, database
        finally:
            database.dispose()


def _place(database: "Database") -> str:
    return str(database.file or database.url.render_as_string(hide_password=True))
