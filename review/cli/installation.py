"""What the commands of `review` open: settings, database, photos, labels; and how their failures read."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from model.console import note, one_line_errors, status_of
from model.errors import ModelError
from model.registry import Registry
from model.settings import ModelSettings
from review import people
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError, ReviewError
from review.revisions import exists, missing
from review.schema import require_current
from review.settings import ReviewSettings
from review.storage import LocalImageStore
from review.tables import Reviewer


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
        return self.registry.labels()


def nothing_yet() -> str | None:
    """Before the first photo there is no database: a sentence that says so; None if there is one.

    For lists, which are empty then; whatever needs something to be there is told as an error, by `opened`.
    """
    with one_line_errors(ReviewError, ModelError):
        database = Database(ReviewSettings.load().database_url)
        if exists(database):
            return None
    return f"nothing was sent yet: {missing(database)}"


@contextmanager
def opened() -> Iterator[Installation]:
    """Open the installation that the settings name. Expected failures end the program in one line, with status 1."""
    with one_line_errors(ReviewError, ModelError, OSError):
        settings, model_settings = ReviewSettings.load(), ModelSettings.load()
        database = Database(settings.database_url)
        try:
            require_current(database)
            yield Installation(
                database=database,
                images=LocalImageStore(settings.image_store),
                lease=timedelta(seconds=settings.lease_seconds),
                gold_rate=settings.gold_rate,
                registry=Registry(model_settings.home, model_settings.labels),
            )
        finally:
            database.dispose()


@contextmanager
def reviewing(installation: Installation, name: str) -> Iterator[tuple[Session, Reviewer]]:
    """A transaction of the reviewer of this name; made on first use, and then stderr says so: it may be a slip.

    Raises `ReviewError` if it is no name, `MayNotReview` for somebody who was removed.
    """
    with installation.database.write() as session:
        alike = None if (known := people.called(session, name)) is not None else people.name_like(session, name)
        reviewer = people.reviewer_named(session, name, utc_now())
        new = reviewer.name
        yield session, reviewer
    if known is None:  # not before: what is refused makes nobody
        note(f"new reviewer {new!r}" + (f"; did you mean {alike!r}?" if alike is not None else ""))


def introduced(installation: Installation, name: str) -> str:
    """The name under which somebody who calls themselves so reviews; raises what `reviewing` does."""
    with reviewing(installation, name) as (_, reviewer):
        return reviewer.name


def one_by_one(item_ids: Sequence[int], do: Callable[[int], None]) -> None:
    """`do` with each of them once; what is refused is named, and then the program ends with its status."""
    status = 0
    for item_id in dict.fromkeys(item_ids):
        try:
            do(item_id)
        except DatabaseError:
            raise  # the next one would fail alike
        except ReviewError as error:
            note(f"error: {error}")
            status = status_of(error)
    if status:
        sys.exit(status)
