"""What waits, read from the database at the moment when somebody asks."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import unhandled
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError
from review.tables import ItemStatus, OutboxMessage, ReviewItem


class Gauges:
    """A collector for a `CollectorRegistry`; it blocks while the database answers."""

    def __init__(
        self, database: Database, model_version: Callable[[], str | None], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._model_version = model_version
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Everything as it is now; without the database its figures are missing, and `bearbot_database_up` is 0."""
        yield InfoMetricFamily(
            "bearbot_model", "The model that answers now", value={"version": self._model_version() or "none"}
        )
        try:
            with self._database.read() as session:
                waiting = list(self._waiting(session))
        except DatabaseError:  # /healthz says what is wrong
            waiting = []
        yield GaugeMetricFamily("bearbot_database_up", "Whether the database can be read", value=bool(waiting))
        yield from waiting

    def _waiting(self, session: Session) -> Iterator[Metric]:
        updates = GaugeMetricFamily("bearbot_inbox_updates", "Updates that are not handled", labels=["state"])
        updates.add_metric(["pending"], unhandled.count_pending(session))
        updates.add_metric(["set_aside"], unhandled.count_set_aside(session))
        yield updates
        count, oldest = session.execute(
            select(func.count(), func.min(OutboxMessage.created_at)).where(
                OutboxMessage.sent_at.is_(None), OutboxMessage.abandoned_at.is_(None)
            )
        ).one()
        yield GaugeMetricFamily("bearbot_outbox_messages", "Messages that wait for their delivery", value=count)
        age = max((self._clock() - oldest).total_seconds(), 0.0) if oldest is not None else 0.0
        yield GaugeMetricFamily("bearbot_outbox_oldest_seconds", "Age of the oldest of them", value=age)
        items = select(func.count()).select_from(ReviewItem).where(ReviewItem.status == ItemStatus.OPEN)
        yield GaugeMetricFamily("bearbot_review_items_open", "Photos that wait for people", session.scalar(items) or 0)
