"""What past retrainings learnt from, as their snapshots say, without what was deleted since. Nothing here commits."""

from collections.abc import Iterator

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.orm import Session

from review.tables import RetrainingRun


def forget_group(session: Session, group: str) -> None:
    """Forget that the photos of this `group` (`asker-5`) came from one person; the photos stay."""
    for run in _runs_with(session, f'"{group}"'):
        assert run.snapshot is not None
        photos = [
            {**photo, "group": "erased"} if photo["group"] == group else photo for photo in run.snapshot["photos"]
        ]
        run.snapshot = {**run.snapshot, "photos": photos}


def forget_photos(session: Session, photos: frozenset[str]) -> None:
    """Forget that these photos (sha256) were learnt from."""
    if not photos:
        return
    for run in _runs_with(session, *(photos if len(photos) <= 20 else ())):
        assert run.snapshot is not None
        left = [photo for photo in run.snapshot["photos"] if photo["sha256"] not in photos]
        if len(left) < len(run.snapshot["photos"]):
            run.snapshot = {**run.snapshot, "photos": left}


def _runs_with(session: Session, *words: str) -> Iterator[RetrainingRun]:
    """Retrainings whose snapshot holds one of these words (all, if none are given), one in memory at a time."""
    holds = [cast(RetrainingRun.snapshot, Text).contains(word, autoescape=True) for word in words]
    for run_id in session.scalars(
        select(RetrainingRun.id).where(RetrainingRun.snapshot.is_not(None), *([or_(*holds)] if holds else []))
    ).all():
        run = session.get_one(RetrainingRun, run_id)
        if run.snapshot is not None:
            yield run
        session.flush()
        session.expunge(run)
