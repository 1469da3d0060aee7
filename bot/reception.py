"""What Telegram sends, by polling or webhook, into the inbox; whoever hands it over may acknowledge it afterwards."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot import inbox, unhandled
from bot.inbox import Line
from bot.metrics import Metrics, Stage
from bot.updates import kind_of, update_id_of
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError

_log = logging.getLogger(__name__)

ALLOWED_UPDATES = ["message", "callback_query"]


class Reception:
    """Commits updates; `stored` is called when there is something new to handle."""

    def __init__(
        self,
        database: Database,
        *,
        stored: Callable[[], None],
        metrics: Metrics,
        line: Line | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._stored = stored
        self._metrics = metrics
        self._line = line or Line()
        self._clock = clock
        self._failing = False

    def problem(self) -> str | None:
        """Why nothing is taken, if so: a sentence for operators."""
        return "updates cannot be stored" if self._failing else None

    async def take(self, updates: Sequence[object]) -> None:
        """Commit all that are updates; the others are counted in the log, without their content, and left out.

        Raises `DatabaseError` or `OSError` when nothing can be stored now (a full disk, a locked database): none may
        be acknowledged then. That is said once in the log, not at each attempt.
        """
        sound = [update for update in updates if isinstance(update, Mapping) and update_id_of(update) is not None]
        try:
            with self._metrics.stage(Stage.COMMIT):
                await asyncio.to_thread(self._store, sound)
        except (DatabaseError, OSError) as error:
            self._metrics.error(type(error).__name__)
            if not self._failing:
                _log.error("updates cannot be stored, so Telegram keeps them until they can", exc_info=error)
            self._failing = True
            raise
        if self._failing:
            _log.info("updates can be stored again")
            self._failing = False
        for update in sound:
            self._metrics.update(kind_of(update))
        if len(sound) < len(updates):
            self._metrics.error("MalformedUpdate")
            _log.error("left out what is no update", extra={"count": len(updates) - len(sound)})
        if sound:
            self._stored()

    def _store(self, updates: Sequence[Mapping[str, Any]]) -> None:
        try:
            with self._database.write() as session:
                inbox.store(session, updates, self._clock(), self._line)
        except (DatabaseError, OSError):
            raise
        except Exception:  # noqa: BLE001 - it is about one of them, and the others must not wait for it
            for update in updates:
                self._store_alone(update)

    def _store_alone(self, update: Mapping[str, Any]) -> None:
        try:
            with self._database.write() as session:
                inbox.store(session, [update], self._clock(), self._line)
        except (DatabaseError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the update is kept for people to look at
            update_id = update_id_of(update)
            assert update_id is not None  # `take` left out the others
            _log.error("an update that cannot be read is set aside", extra={"update": update_id}, exc_info=error)
            self._metrics.error(type(error).__name__)
            with self._database.write() as session:
                unhandled.set_aside(session, update_id, _as_text(update), type(error).__name__, self._clock())


def _as_text(update: Mapping[str, Any]) -> str:
    """As JSON; an empty object in the place of what is nested too deeply, for whose sake nothing may stop."""
    try:
        return json.dumps(update)
    except (ValueError, RecursionError):
        return "{}"
