"""What the commands of `review` open: settings, database, photos, labels; and how their failures read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from model.console import one_line_errors
from model.errors import ModelError
from model.registry import Registry
from model.settings import ModelSettings
from review.database import Database
from review.errors import ReviewError
from review.revisions import exists
from review.schema import require_current
from review.settings import ReviewSettings
from review.storage import LocalImageStore


@dataclass(frozen=True)
class Installation:
    """An opened installation; the schema is up to date."""

    database: Database
    images: LocalImageStore
    lease: timedelta
    gold_rate: float
    registry: Registry

    @property
    def labels(self) -> tuple[str, ...]:
        """What reviewers may say. Raises `ModelError`; what needs no labels works where the model is broken."""
        return self.registry.champion_card().labels


def nothing_yet() -> str | None:
    """Before the first photo there is no database: a sentence that says so; None if there is one."""
    with one_line_errors(ReviewError, ModelError):
        database = Database(ReviewSettings.load().database_url)
        if exists(database):
            return None
    return f"nothing was sent yet: there is no database at {database.file}; `bearbot run` makes it"


@contextmanager
def opened() -> Iterator[Installation]:
    """Open the installation that the settings name. Expected failures end the program in one line, with status 1."""
    with one_line_errors(ReviewError, ModelError, OSError):
        settings = ReviewSettings.load()
        database = Database(settings.database_url)
        try:
            require_current(database)
            yield Installation(
                database=database,
                images=LocalImageStore(settings.image_store),
                lease=timedelta(seconds=settings.lease_seconds),
                gold_rate=settings.gold_rate,
                registry=Registry(ModelSettings.load().home),
            )
        finally:
            database.dispose()
