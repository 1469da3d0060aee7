"""Calls moderators to the queue when something urgent waits there, as `review.pings` decides."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.settings import BotSettings
from review.clock import utc_now
from review.database import Database
from review.errors import ReviewError
from review.people import acquaintance, with_chat_access
from review.pings import PingRule, QuietHours, called, ping

_log = logging.getLogger(__name__)

LOOK_SECONDS = 20.0


class Reminders:
    """`run` until cancelled. `told` is called when there is something new to deliver."""

    def __init__(
        self,
        database: Database,
        settings: BotSettings,
        *,
        lease: timedelta,
        told: Callable[[], None],
        clock: Callable[[], datetime] = utc_now,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._settings = settings
        self._rule = rule_of(settings, lease)
        self._told = told
        self._clock = clock
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Look again and again; a database that fails is tried again at the next look."""
        while True:
            if self._rule is not None:
                await self._look(self._rule)
            await asyncio.sleep(self._look_seconds)

    async def _look(self, rule: PingRule) -> None:
        try:
            count = await asyncio.to_thread(self._ping, rule)
        except ReviewError as error:  # a full disk, a locked database: it may pass
            _log.warning("moderators could not be pinged, trying again soon: %s", error)
        else:
            if count:
                _log.info("moderators are pinged", extra={"count": count})
                self._told()

    def _ping(self, rule: PingRule) -> int:
        now = self._clock()
        with self._database.read() as session:
            named = {*self._settings.admins, *self._settings.moderators, *with_chat_access(session)}
            accesses = {user_id: acquaintance(session, user_id).chat_access for user_id in sorted(named)}
            reviewing = [one for one, access in accesses.items() if self._settings.role_of(one, access) is not None]
            if not called(session, reviewing, rule, now)[0]:  # mostly; nobody is kept from writing for that
                return 0
        with self._database.write() as session:
            return ping(session, reviewing, rule, now)


def rule_of(settings: BotSettings, lease: timedelta) -> PingRule | None:
    """As the settings want it; None: nobody is pinged."""
    if not settings.ping_minutes:
        return None
    return PingRule(
        every=timedelta(minutes=settings.ping_minutes),
        patience=timedelta(minutes=settings.ping_waiting_minutes),
        session=lease,
        quiet=QuietHours.parse(settings.quiet_hours) if settings.quiet_hours else None,
        timezone=UTC if settings.timezone == "UTC" else ZoneInfo(settings.timezone),
    )
