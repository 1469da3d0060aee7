"""From the inbox to the handlers: chats side by side, each chat's updates in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bot import inbox
from bot.inbox import StoredUpdate
from bot.work import WorkInHand
from review.clock import utc_now
from review.database import Database

_log = logging.getLogger(__name__)

_AT_ONCE = 32  # updates in hand
_LOOK_SECONDS = 1.0  # how often failed ones are looked for


class Dispatcher:
    """Gives each stored update to `handle`, which raises if it could not."""

    def __init__(self, database: Database, handle: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._database = database
        self._handle = handle
        self._last_of_chat: dict[int, asyncio.Task[None]] = {}
        self.work = WorkInHand()

    async def run(self) -> None:
        """Work until cancelled; what was not finished by a former run comes first."""
        while True:
            in_hand = list(self.work)
            if len(in_hand) < _AT_ONCE:
                for update in await asyncio.to_thread(self._due, in_hand):
                    self._begin(update)
            await self.work.news(_LOOK_SECONDS)

    def _begin(self, update: StoredUpdate) -> None:
        chat = _chat_of(update.payload)

        def ended(task: asyncio.Task[None]) -> None:
            if self._last_of_chat.get(chat) is task:
                del self._last_of_chat[chat]

        before = self._last_of_chat.get(chat)
        self._last_of_chat[chat] = self.work.begin(update.update_id, self._work_on(update, before), ended)

    async def _work_on(self, update: StoredUpdate, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._handle(update.payload)
        except Exception as error:  # noqa: BLE001 - whatever went wrong must not stop the updates behind this one
            kind = type(error).__name__
            last = await asyncio.to_thread(self._failed, update.update_id, kind)
            _log.error(
                "update %d failed%s", update.update_id, " for good and is set aside" if last else "", exc_info=error
            )
        else:
            await asyncio.to_thread(self._handled, update.update_id)

    def _due(self, in_hand: list[int]) -> list[StoredUpdate]:
        with self._database.read() as session:
            return inbox.due(session, utc_now(), besides=in_hand, limit=_AT_ONCE - len(in_hand))

    def _handled(self, update_id: int) -> None:
        with self._database.write() as session:
            inbox.mark_handled(session, update_id, utc_now())

    def _failed(self, update_id: int, error: str) -> bool:
        with self._database.write() as session:
            return inbox.mark_failed(session, update_id, error, utc_now())


def _chat_of(payload: dict[str, Any]) -> int:
    """The chat of an update; those without one share a line."""
    body = payload.get("message") or payload.get("callback_query") or {}
    chat = (body.get("message") or body).get("chat") or {}
    return int(chat.get("id", 0))
