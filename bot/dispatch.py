"""From the inbox to the handlers: chats side by side, each chat's updates in order."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot import inbox
from bot.connection import wait_of
from bot.errors import UnreadableUpdate
from bot.inbox import Failure, StoredUpdate
from bot.work import Together, WorkInHand, until_done
from model.errors import Overloaded
from review import outbox
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError
from review.outbox import OutboxKind, Recipient

_log = logging.getLogger(__name__)

_AT_ONCE = 32  # chats that are worked for side by side, and as many again whose photos are looked at
_LOOK_SECONDS = 1.0  # how often failed ones are looked for


class Dispatcher:
    """Gives each stored update to `handle`, which raises if it could not."""

    def __init__(
        self,
        database: Database,
        handle: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        told: Callable[[], None],
        observed: Callable[[StoredUpdate], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._database = database
        self._observed = observed
        self._handle = handle
        self._told = told
        # By chat, and whether it is a photo: of each one update at a time. What people write or tap is not held up by
        # their photos, nor by anybody else's.
        self.work: WorkInHand[tuple[int, bool]] = WorkInHand()
        self._handled = Together(self._mark_handled)

    async def run(self) -> None:
        """Work until cancelled; what was not finished by a former run comes first."""
        while True:
            in_hand = {
                photos: [chat for chat, of_photos in self.work if of_photos is photos] for photos in (False, True)
            }
            for photos, found in (await until_done(partial(self._due, in_hand))).items():
                for update in found:
                    self.work.begin((update.chat_id, photos), self._work_on(update))
            await self.work.news(_LOOK_SECONDS)

    async def _work_on(self, update: StoredUpdate) -> None:
        try:
            with self._observed(update):
                await self._handle(update.payload)
        except Forbidden:  # whoever wrote has blocked the bot meanwhile, and wants no answer
            _log.info("nobody wants to hear the answer", extra={"update": update.update_id})
            await self._handled.record(update.update_id)
        except Exception as error:  # noqa: BLE001 - whatever went wrong must not stop the updates behind this one
            failure = _failure(error)
            last = await until_done(lambda: self._failed(update, failure))
            _log.error(
                "update %d failed%s",
                update.update_id,
                " for good and is set aside" if last else "",
                exc_info=error,
            )
            if last:
                self._told()
        else:
            await self._handled.record(update.update_id)

    def _due(self, in_hand: Mapping[bool, Sequence[int]]) -> dict[bool, list[StoredUpdate]]:
        with self._database.read() as session:
            return {
                photos: inbox.due(session, utc_now(), photos=photos, besides=chats, limit=_AT_ONCE - len(chats))
                for photos, chats in in_hand.items()
                if len(chats) < _AT_ONCE
            }

    def _mark_handled(self, update_ids: Sequence[int]) -> None:
        with self._database.write() as session:
            inbox.mark_handled(session, update_ids, utc_now())

    def _failed(self, update: StoredUpdate, failure: Failure) -> bool:
        """Record it; whose message is given up is told so, in the same transaction."""
        now = utc_now()
        with self._database.write() as session:
            last = inbox.mark_failed(session, update.update_id, failure, now)
            message = update.payload.get("message")
            if last and isinstance(message, dict) and update.chat_id > 0:  # in a group nobody may have asked
                outbox.enqueue(
                    session,
                    kind=OutboxKind.FAILED,
                    parameters={},
                    recipient=Recipient(
                        update.chat_id, None, message.get("message_id"), inbox.language_of(session, update.payload)
                    ),
                    dedupe_key=f"failed:{update.update_id}",
                    now=now,
                )
            return last


def _failure(error: Exception) -> Failure:
    kind = type(error).__name__  # its text may hold what people wrote
    if isinstance(error, UnreadableUpdate):
        return Failure(kind, hopeless=True)
    if isinstance(error, RetryAfter):
        return Failure(kind, passing=True, wait=wait_of(error))
    # A bad request is a network error to the library, but will be as bad tomorrow.
    passing = isinstance(error, NetworkError | DatabaseError | OSError | Overloaded) and not isinstance(
        error, BadRequest
    )
    return Failure(kind, passing=passing)
