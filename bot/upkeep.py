"""What a running bot does every hour: sweep what is too old, scrub what was deleted, tell whoever waits too long."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from model.features import FeatureStore
from review import near_duplicates, overdue, reliability
from review.clock import utc_now
from review.database import Database
from review.errors import ReviewError
from review.retention import Retention, Sweep, Swept
from review.scrubbing import Scrubbed, scrub
from review.storage import LocalImageStore

_log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0

_ITEMS_AT_ONCE = 200
_MEASURED_EVERY = timedelta(days=1)  # how reliable reviewers are
_PAUSE_SECONDS = 0.02  # between small steps: whoever answers people comes first


class _Stopped(Exception):
    """The bot stops."""


class Upkeep:
    """`run` until cancelled. `told` is called when there is something new to deliver."""

    def __init__(
        self,
        database: Database,
        images: LocalImageStore,
        features: FeatureStore,
        retention: Retention,
        *,
        overdue_after: timedelta | None,
        told: Callable[[], None],
        clock: Callable[[], datetime] = utc_now,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._database = database
        self._images = images
        self._sweep = Sweep(database, images, features, retention, pause=self._pause)
        self._overdue_after = overdue_after
        self._told = told
        self._clock = clock
        self._every_seconds = every_seconds
        self._measured_at: datetime | None = None
        self._stopping = threading.Event()

    async def run(self) -> None:
        """At the start as well: what became due while the bot was away is due now."""
        try:
            while True:
                await self._work()
                await asyncio.sleep(self._every_seconds)
        finally:
            self._stopping.set()  # a thread cannot be cancelled: it stops before its next step

    async def _work(self) -> None:
        for work in (
            self._tell_overdue,
            self._sweep_once,
            self._scrub,
            self._fill_in,
            self._measure,
            self._database.tune,
        ):
            try:
                await asyncio.to_thread(work)
            except _Stopped:
                return
            except (ReviewError, OSError) as error:  # a full disk, a locked database: it may pass
                _log.warning("the upkeep could not be finished, it goes on in an hour: %s", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, people are answered all the same
                _log.error("the upkeep failed", exc_info=error)

    def _pause(self) -> None:
        if self._stopping.wait(_PAUSE_SECONDS):
            raise _Stopped

    def _tell_overdue(self) -> None:
        if self._overdue_after is None:
            return
        now, begin, told = self._clock(), 0, 0
        while True:
            with self._database.read() as session:
                items = overdue.open_since(session, now - self._overdue_after, begin=begin, limit=_ITEMS_AT_ONCE)
            if not items:
                break
            with self._database.write() as session:
                told += overdue.tell_overdue(session, items, after=self._overdue_after, now=now)
            begin = items[-1]
            self._pause()
        if told:
            _log.info("askers are told that they have to wait", extra={"count": told})
            self._told()

    def _sweep_once(self) -> None:
        swept: Swept = self._sweep.run(self._clock())
        if swept:
            _log.info("swept what was too old", extra=asdict(swept))

    def _fill_in(self) -> None:
        filled = near_duplicates.fill_in(self._database, self._images, pause=self._pause)
        if filled:
            _log.info("photos from before there were fingerprints have theirs", extra={"count": filled})

    def _measure(self) -> None:
        now = self._clock()
        if self._measured_at is not None and now - self._measured_at < _MEASURED_EVERY:
            return
        with self._database.read() as session:  # nobody waits while it is computed
            measured = reliability.measure(session)
        with self._database.write() as session:
            reliability.record(session, measured)
        self._measured_at = now

    def _scrub(self) -> None:
        if scrub(self._database) is Scrubbed.TOO_LARGE:
            _log.warning(
                "traces of deleted data stay in gaps of the database file until it is written anew, which makes "
                "everybody wait: run `bearbot db sweep` at a quiet time"
            )
