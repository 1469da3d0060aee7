"""Telegram updates on disk: committed before they are acknowledged, handled at least once, replayed after a crash."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, Recipient
from review.people import Acquaintance, acquaintance
from review.tables import InboxUpdate

# Waits double from a second to five minutes. What may pass (no network, a full disk) is tried for a day; what will not
# (a bug, nonsense) for as many attempts as take about eight minutes.
MAX_ATTEMPTS = 10
PATIENCE = timedelta(hours=24)
_LONGEST_WAIT = timedelta(minutes=5)
_BUSY_SECONDS = 300  # how often somebody is told that there is a line
_LONGEST_ALBUM = 64
_LONGEST_LANGUAGE = 35

_PENDING = (InboxUpdate.handled_at.is_(None), InboxUpdate.set_aside_at.is_(None))

# Asked for every update; a statement that is made once costs a third.
_DUE = (
    select(InboxUpdate.update_id, InboxUpdate.chat_id, InboxUpdate.payload, InboxUpdate.received_at)
    .where(
        InboxUpdate.update_id.in_(
            select(func.min(InboxUpdate.update_id))
            .where(
                *_PENDING,
                InboxUpdate.is_photo == bindparam("photos"),
                InboxUpdate.next_attempt_at <= bindparam("now"),
                InboxUpdate.chat_id.not_in(bindparam("besides", expanding=True)),
            )
            .group_by(InboxUpdate.chat_id)
        )
    )
    .order_by(InboxUpdate.update_id)
    .limit(bindparam("most"))
)
_TABLE = cast(Table, InboxUpdate.__table__)
_MARK_HANDLED = (
    update(_TABLE)
    .where(_TABLE.c.update_id == bindparam("of"))
    .values(attempts=_TABLE.c.attempts + 1, handled_at=bindparam("now"), payload="{}", error=None)
)


@dataclass(frozen=True)
class StoredUpdate:
    """An update that waits to be handled; `payload` is Telegram's JSON as it came, `chat_id` 0 if it has no chat."""

    update_id: int
    chat_id: int
    payload: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True)
class Line:
    """How long the line of photos may become: from where on their senders are told, and from where on they are refused.

    What waits is on disk, so it takes no memory; but nobody wants an answer next week.
    """

    busy_from: int = 300
    longest: int = 10_000


@dataclass(frozen=True)
class Failure:
    """Why an update could not be handled, without user data.

    `passing` if it may pass by itself, `wait` if known how long it takes; `hopeless` if no other attempt can help.
    """

    error: str
    passing: bool = False
    hopeless: bool = False
    wait: timedelta | None = None


def store(session: Session, updates: Sequence[Mapping[str, Any]], now: datetime, line: Line | None = None) -> None:
    """Add what is not there yet; who has to wait long in the `line` of photos is told so in the same transaction."""
    ids = [int(update["update_id"]) for update in updates]
    known = set(session.scalars(select(InboxUpdate.update_id).where(InboxUpdate.update_id.in_(ids))))
    fresh = {int(update["update_id"]): update for update in updates if int(update["update_id"]) not in known}
    rows = [
        InboxUpdate(
            update_id=update_id,
            chat_id=_chat_of(update),
            user_id=_number(_body(update), "from", "id"),
            is_photo=_is_photo(update),
            album=_album_of(update),
            # Escaped: half a letter, which JSON may hold, can be stored in no other way.
            payload=json.dumps(update),
            received_at=now,
            next_attempt_at=now,
            attempts=0,
        )
        for update_id, update in fresh.items()
    ]
    session.add_all(rows)
    if any(row.is_photo for row in rows):
        session.flush()
        _keep_in_line(session, [row for row in rows if row.is_photo], fresh, now, line or Line())


def _keep_in_line(
    session: Session, photos: Sequence[InboxUpdate], updates: Mapping[int, Mapping[str, Any]], now: datetime, line: Line
) -> None:
    of_chat: Counter[int] = Counter()
    counted = select(InboxUpdate.chat_id, func.count()).where(*_PENDING, InboxUpdate.is_photo)
    for chat_id, count in session.execute(counted.group_by(InboxUpdate.chat_id)):
        of_chat[chat_id] = count
    if of_chat.total() <= line.busy_from:
        return
    behind = Counter(row.chat_id for row in photos)
    for row in photos:
        # Chats take turns: before the third photo of one come at most three of each other, however many those have.
        behind[row.chat_id] -= 1
        own = of_chat[row.chat_id] - behind[row.chat_id]
        place = sum(min(count, own) for count in of_chat.values())
        body = _body(updates[row.update_id])
        private = row.chat_id == row.user_id  # in a group most photos are not for us, and are soon through
        if place <= line.busy_from or not private:
            continue
        full = place > line.longest
        if full:
            _finish(row, now)
            of_chat[row.chat_id] -= 1
        outbox.enqueue(
            session,
            kind=OutboxKind.FULL if full else OutboxKind.BUSY,
            parameters={"place": place},
            recipient=Recipient(
                row.chat_id,
                None,
                _number(body, "message_id") if full else None,
                language_of(session, updates[row.update_id]),
            ),
            # Every photo that is refused is named; that there is a line is said once in a while.
            dedupe_key=f"full:{row.update_id}"
            if full
            else f"busy:{row.chat_id}:{int(now.timestamp() // _BUSY_SECONDS)}",
            now=now,
        )


def due(session: Session, now: datetime, *, photos: bool, besides: Collection[int], limit: int) -> list[StoredUpdate]:
    """What to handle now: the oldest of each chat, so that a busy one holds up none; not of the chats `besides`.

    Photos wait in lines of their own: what people write or tap does not wait behind them.
    """
    rows = session.execute(_DUE, {"photos": photos, "now": now, "besides": list(besides), "most": limit})
    return [StoredUpdate(row.update_id, row.chat_id, json.loads(row.payload), row.received_at) for row in rows]


def waits(session: Session, chat_id: int, *, album: str | None = None) -> bool:
    """Whether a photo of this chat (of this `album`) is still to be handled."""
    of_album = () if album is None else (InboxUpdate.album == album,)
    found = select(InboxUpdate.update_id).where(
        *_PENDING, InboxUpdate.is_photo, InboxUpdate.chat_id == chat_id, *of_album
    )
    return session.scalar(found.limit(1)) is not None


def payloads_of_album(session: Session, chat_id: int, album: str) -> list[dict[str, Any]]:
    """The updates of this album that are still to be handled."""
    found = select(InboxUpdate.payload).where(
        *_PENDING, InboxUpdate.is_photo, InboxUpdate.chat_id == chat_id, InboxUpdate.album == album
    )
    return [json.loads(payload) for payload in session.scalars(found)]


def mark_handled(session: Session, update_ids: Sequence[int], now: datetime) -> None:
    """Record success. The payloads have served their purpose, and hold people's names and words: they go."""
    # None is found whose sender had their data deleted meanwhile.
    session.connection().execute(_MARK_HANDLED, [{"of": update_id, "now": now} for update_id in update_ids])


def _finish(row: InboxUpdate, now: datetime) -> None:
    row.handled_at = now
    row.payload = "{}"
    row.error = None


def mark_failed(session: Session, update_id: int, failure: Failure, now: datetime) -> bool:
    """Record a failure; True if it was the last one and the update is set aside."""
    row = session.get(InboxUpdate, update_id)
    if row is None or row.handled_at is not None:  # its sender had their data deleted meanwhile
        return False
    row.attempts += 1
    row.error = failure.error
    # Both for what may pass: one that was set aside and is tried again is old from its first attempt on.
    tried = row.attempts >= MAX_ATTEMPTS and (not failure.passing or now - row.received_at > PATIENCE)
    over = failure.hopeless or tried
    if over:
        row.set_aside_at = now
    else:
        doubled = timedelta(seconds=2.0 ** min(row.attempts - 1, 20))
        row.next_attempt_at = now + (failure.wait or min(doubled, _LONGEST_WAIT))
    return over


def _chat_of(update: Mapping[str, Any]) -> int:
    """The chat of an update; those of no chat, and those that make no sense, share a line."""
    body = _body(update)
    return _number(body if "chat" in body else body.get("message"), "chat", "id") or 0


def _body(update: Mapping[str, Any]) -> Mapping[str, Any]:
    body = update.get("message") or update.get("callback_query")
    return body if isinstance(body, Mapping) else {}


def _number(value: Any, *path: str) -> int | None:
    """The whole number at `path`; None where strangers put something else, or one that the database cannot hold."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if type(value) is int and abs(value) < 2**63 else None


def _is_photo(update: Mapping[str, Any]) -> bool:
    message = update.get("message")
    return isinstance(message, Mapping) and any(message.get(kind) for kind in ("photo", "document", "sticker"))


def _album_of(update: Mapping[str, Any]) -> str | None:
    album = _body(update).get("media_group_id")
    return album if isinstance(album, str) and len(album) <= _LONGEST_ALBUM else None


def language_of(session: Session, update: Mapping[str, Any]) -> str | None:
    """The language (IETF tag) of whoever sent an update: what they chose, else what their Telegram says."""
    sender = _body(update).get("from")
    user_id = _number(sender, "id")
    known = acquaintance(session, user_id) if user_id is not None else Acquaintance()
    if known.chose_language:
        return known.language
    language = sender.get("language_code") if isinstance(sender, Mapping) else None
    return language if isinstance(language, str) and len(language) <= _LONGEST_LANGUAGE else None
