"""Who may review: added, linked where one person goes by several names, removed; a command of the operator's.

Functions take a session and never commit; whoever opens it commits. Every change needs a writing session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import logins, queue, settlement
from review.claimable import stands
from review.errors import ReviewError
from review.people import called, identities, known_reviewer, really, reviewer_named, telegram_identity
from review.tables import VOTES, ChatAccess, Reviewer, Role, Verdict, VerdictKind

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One person; `aliases` are the other names they go by, `verdicts` what they said that was not taken back.

    `reliability` is the chance (0..1) that their label is right, None while too little is known.
    """

    name: str
    role: Role
    aliases: tuple[str, ...]
    telegram_user_ids: tuple[int, ...]
    has_login: bool
    verdicts: int
    last_verdict_at: datetime | None
    reliability: float | None
    removed_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """For `--json`; times in ISO 8601, UTC."""
        return {
            "name": self.name,
            "role": self.role.value,
            "aliases": list(self.aliases),
            "telegram_user_ids": list(self.telegram_user_ids),
            "has_login": self.has_login,
            "verdicts": self.verdicts,
            "last_verdict_at": self.last_verdict_at.isoformat() if self.last_verdict_at else None,
            "reliability": self.reliability,
            "removed_at": self.removed_at.isoformat() if self.removed_at else None,
        }


def entries(session: Session) -> list[Entry]:
    """Everybody, by name; who was removed comes last. Reads only."""
    # What settled near-duplicates, too, is one verdict, as it is in `review.statistics`.
    answers = func.count().filter(Verdict.kind.in_(VOTES), Verdict.with_id.is_(None))
    said = {
        reviewer_id: (count, last)
        for reviewer_id, count, last in session.execute(
            select(Verdict.reviewer_id, answers, func.max(Verdict.created_at))
            .where(Verdict.kind != VerdictKind.UNDO, stands())
            .group_by(Verdict.reviewer_id)
        )
    }
    known: dict[int, list[Reviewer]] = {}
    for reviewer in session.scalars(select(Reviewer).order_by(Reviewer.same_as_id.is_not(None), Reviewer.id)):
        known.setdefault(reviewer.same_as_id or reviewer.id, []).append(reviewer)
    people = [_entry(same, said) for same in known.values()]
    return sorted(people, key=lambda entry: (entry.removed_at is not None, entry.name.casefold()))


def entry(session: Session, reviewer: Reviewer) -> Entry:
    """This one person."""
    name = really(session, reviewer).name
    return next(one for one in entries(session) if one.name == name)


def named(session: Session, found: Mapping[int, T]) -> dict[str, T]:
    """What is known of reviewers, by their names and in the order of these instead of by their numbers."""
    names = {one.id: one.name for one in session.scalars(select(Reviewer).where(Reviewer.id.in_(found)))}
    return {name: found[number] for number, name in sorted(names.items(), key=lambda pair: pair[1].casefold())}


def add(session: Session, name: str, *, role: Role | None, telegram_user_id: int | None, now: datetime) -> Reviewer:
    """Somebody who may review from now on; brings back who was removed. `role` None: as it was, reviewer if new.

    Moderators and admins with a Telegram id may review in the chat as well. Raises `ReviewError` if
    that id is another's.
    """
    known = called(session, name)
    if known is not None:
        for one in _rows(session, known):
            one.removed_at = None
        session.flush()
    reviewer = reviewer_named(session, name, now)
    if telegram_user_id is not None:
        holder = session.scalar(select(Reviewer).where(Reviewer.telegram_user_id == telegram_user_id))
        if holder is not None and really(session, holder).id != reviewer.id:
            raise ReviewError(
                f"Telegram's {telegram_user_id} is {really(session, holder).name}: if that is {reviewer.name}, "
                f"`bearbot review who link {reviewer.name} --telegram {telegram_user_id}` makes them one"
            )
        link_telegram(session, reviewer, telegram_user_id, now=now)
    if role is not None:
        reviewer.role = role
    _open_chat(session, reviewer, closing=role is Role.REVIEWER)
    session.flush()
    return reviewer


def link_telegram(session: Session, reviewer: Reviewer, telegram_user_id: int, *, now: datetime) -> None:
    """What this Telegram user says, and said, is this reviewer's.

    Whoever has another Telegram id already keeps it: a person may have two telephones.
    """
    reviewer = really(session, reviewer)
    holder = session.scalar(select(Reviewer).where(Reviewer.telegram_user_id == telegram_user_id))
    if holder is not None and really(session, holder).id == reviewer.id:
        return
    if reviewer.telegram_user_id is None:
        if holder is not None:
            reviewer.chat_access = reviewer.chat_access or holder.chat_access
            holder.telegram_user_id = holder.chat_access = None
            session.flush()  # before the id is another's: it is nobody's twice
        reviewer.telegram_user_id = telegram_user_id
    elif holder is None:
        holder = telegram_identity(session, telegram_user_id, name=reviewer.name, now=now)
    if holder is not None:
        link(session, reviewer, holder, now=now)
    _open_chat(session, reviewer)
    session.flush()


def link(session: Session, reviewer: Reviewer, other: Reviewer, *, now: datetime) -> None:
    """`other` is another name of `reviewer`'s: what it said counts as theirs. Raises `ReviewError` if it was so before.

    The higher of both roles stays. The other's login opens nothing any more, and what it holds goes back. Where both
    said different things of an open item, the later one counts.
    """
    reviewer, other = really(session, reviewer), really(session, other)
    if reviewer.id == other.id:
        raise ReviewError(f"these are one reviewer already: {reviewer.name}")
    queue.release_all(session, other)
    logins.revoke(session, other)
    if list(Role).index(other.role) > list(Role).index(reviewer.role):
        reviewer.role = other.role
    for one in _rows(session, other):
        one.same_as_id = reviewer.id
        one.reliability = reviewer.reliability
        one.removed_at = reviewer.removed_at
    session.flush()
    settlement.decide_anew(session, reviewer, now)


def remove(session: Session, reviewer: Reviewer, now: datetime) -> None:
    """They may review no more, anywhere; what they hold goes back, what they said stays. Raises `ReviewError`."""
    reviewer = really(session, reviewer)
    if reviewer.removed_at is not None:
        raise ReviewError(f"{reviewer.name} was removed before")
    for one in _rows(session, reviewer):
        one.removed_at = now
        logins.revoke(session, one)
        queue.release_all(session, one)


def login(session: Session, name: str) -> str:
    """A new token that opens the page for them. Raises `NotFound`, or `ReviewError` for who may review no more."""
    reviewer = known_reviewer(session, name)
    if reviewer.removed_at is not None:
        raise ReviewError(f"{reviewer.name} was removed: `bearbot review who add {reviewer.name}` brings them back")
    return logins.issue(session, reviewer)


def _rows(session: Session, reviewer: Reviewer) -> Sequence[Reviewer]:
    return session.scalars(select(Reviewer).where(Reviewer.id.in_(identities(session, reviewer)))).all()


def _open_chat(session: Session, reviewer: Reviewer, *, closing: bool = False) -> None:
    """Who moderates may do so in the chat; `closing`: who is to review only may not, unless the settings let them."""
    for one in _rows(session, reviewer):
        if one.telegram_user_id is None:
            continue
        if reviewer.role is not Role.REVIEWER:
            one.chat_access = ChatAccess.GRANTED
        elif closing and one.chat_access is ChatAccess.GRANTED:
            one.chat_access = None


def _entry(same: Sequence[Reviewer], said: dict[int, tuple[int, datetime]]) -> Entry:
    top, *aliases = same
    counted = [said[one.id] for one in same if one.id in said]
    return Entry(
        name=top.name,
        role=top.role,
        aliases=tuple(one.name for one in aliases),
        telegram_user_ids=tuple(one.telegram_user_id for one in same if one.telegram_user_id is not None),
        has_login=top.login_sha256 is not None,
        verdicts=sum(count for count, _ in counted),
        last_verdict_at=max((last for _, last in counted), default=None),
        reliability=top.reliability,
        removed_at=top.removed_at,
    )
