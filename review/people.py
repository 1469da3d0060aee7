"""Askers and reviewers: found, or made on first use."""

import difflib
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, case, func, select
from sqlalchemy.orm import Session

from review.errors import MayNotReview, NotFound, ReviewError
from review.phrases import one_line
from review.tables import Asker, ChatAccess, InboxUpdate, Reviewer, Role

_LONGEST_NAME = 64
_ALIKE = 0.7  # 0..1, of difflib: "gil" and "gill" are, "ann" and "dan" are not
_ROLES = (Role.REVIEWER, Role.MODERATOR, Role.ADMIN)  # each may do what the ones before it may


@dataclass(frozen=True)
class Acquaintance:
    """What the database knows of a Telegram user; `language` is an IETF tag, what they chose before what they use."""

    language: str | None = None
    chose_language: bool = False
    admitted: bool = False
    blocked: bool = False
    chat_access: ChatAccess | None = None


# One row for anybody, as it is asked for every update. Whoever was removed reviews nowhere, whatever was said before.
_ACQUAINTANCE = (
    select(
        Asker.language,
        Asker.chosen_language,
        Asker.admitted_at,
        Asker.blocked_at,
        case((Reviewer.removed_at.is_not(None), ChatAccess.REVOKED), else_=Reviewer.chat_access).label("chat_access"),
    )
    .select_from(select(bindparam("user", type_=BigInteger).label("id")).subquery("caller"))
    .outerjoin(Asker, Asker.telegram_user_id == bindparam("user"))
    .outerjoin(Reviewer, Reviewer.telegram_user_id == bindparam("user"))
)


def acquaintance(session: Session, telegram_user_id: int) -> Acquaintance:
    """Read who they are; a stranger is known by nothing."""
    row = session.execute(_ACQUAINTANCE, {"user": telegram_user_id}).one()
    return Acquaintance(
        language=row.chosen_language or row.language,
        chose_language=row.chosen_language is not None,
        admitted=row.admitted_at is not None,
        blocked=row.blocked_at is not None,
        chat_access=row.chat_access,
    )


def language_of(session: Session, asker_id: int | None) -> str | None:
    """The language (IETF tag) in which this asker is written to; None if it is not known."""
    asker = session.get(Asker, asker_id) if asker_id is not None else None
    return (asker.chosen_language or asker.language) if asker else None


def asker_for(session: Session, telegram_user_id: int, language: str | None, now: datetime) -> Asker:
    """The asker with this Telegram id, with their language brought up to date."""
    asker = session.scalar(select(Asker).where(Asker.telegram_user_id == telegram_user_id))
    if asker is None:
        asker = Asker(telegram_user_id=telegram_user_id, language=language, created_at=now)
        session.add(asker)
    elif language is not None and asker.language != language:
        asker.language = language
    session.flush()
    return asker


def choose_language(
    session: Session, telegram_user_id: int, chosen: str | None, *, telegram_language: str | None, now: datetime
) -> None:
    """Write to this person in the language that they chose (IETF tag); None: again in that of their Telegram."""
    asker_for(session, telegram_user_id, telegram_language, now).chosen_language = chosen
    session.flush()


def with_chat_access(session: Session) -> list[int]:
    """Telegram ids of those whom an admin made moderators in the chat."""
    granted = select(Reviewer.telegram_user_id).where(
        Reviewer.chat_access == ChatAccess.GRANTED, Reviewer.removed_at.is_(None)
    )
    return [user_id for user_id in session.scalars(granted.order_by(Reviewer.id)) if user_id is not None]


def reviewer_named(session: Session, name: str, now: datetime) -> Reviewer:
    """The reviewer of this name, or who that really is; made on first use.

    Raises `ReviewError` if it is no name (1..64 characters), `MayNotReview` for somebody who was removed.
    """
    reviewer = called(session, name)
    if reviewer is None:
        reviewer = Reviewer(name=checked_name(name), role=Role.REVIEWER, created_at=now)
        session.add(reviewer)
        session.flush()
    return _present(session, reviewer)


def known_reviewer(session: Session, name: str) -> Reviewer:
    """Who this name really is, removed or not; nobody is made. Raises `NotFound`."""
    reviewer = called(session, name)
    if reviewer is None:
        alike = name_like(session, name)
        guess = f": did you mean {alike!r}?" if alike is not None else ":"
        raise NotFound(f"no reviewer is called {name!r}{guess} `bearbot review who` lists all, `who add` adds one")
    return really(session, reviewer)


def called(session: Session, name: str) -> Reviewer | None:
    """The row of this name: the same to the letter, or else the first that differs in upper and lower case alone.

    One person who writes their name in two ways must not be two who judge the same photo. Raises `ReviewError` if it
    is no name.
    """
    name = checked_name(name)
    exactly = session.scalar(select(Reviewer).where(Reviewer.name == name))
    if exactly is not None:
        return exactly
    # Here, and not in the database: SQLite knows of no upper and lower case beyond ASCII.
    alike = (number for number, other in _names(session) if _folded(other) == _folded(name))
    number = next(alike, None)
    return None if number is None else session.get_one(Reviewer, number)


def name_like(session: Session, name: str) -> str | None:
    """Another's name that somebody who wrote this one may have meant; None: there is none like it."""
    by_fold = {_folded(other): other for _, other in _names(session) if other != name}
    close = difflib.get_close_matches(_folded(name), by_fold, n=1, cutoff=_ALIKE)
    return by_fold[close[0]] if close else None


def reviewer_for_telegram(
    session: Session, telegram_user_id: int, *, name: str, role: Role = Role.MODERATOR, now: datetime
) -> Reviewer:
    """The reviewer with this Telegram id, or who that really is; made on first use. Raises `MayNotReview`.

    Their role is brought up to date, but only upwards: an operator may have given them a higher one
    (`bearbot review who add`), and what they may do in the chat follows the settings alone. A name that is taken is
    never shared: anybody may call themselves anything in Telegram, so the id is added to it.
    """
    reviewer = _present(session, telegram_identity(session, telegram_user_id, name=name, role=role, now=now))
    if _ROLES.index(role) > _ROLES.index(reviewer.role):
        reviewer.role = role
        session.flush()
    return reviewer


def telegram_identity(
    session: Session, telegram_user_id: int, *, name: str, role: Role = Role.REVIEWER, now: datetime
) -> Reviewer:
    """The row of this Telegram id itself, removed or not; made on first use, with `role`."""
    reviewer = session.scalar(select(Reviewer).where(Reviewer.telegram_user_id == telegram_user_id))
    nameless = f"telegram {telegram_user_id}"
    wanted = one_line(name)[:_LONGEST_NAME] or nameless
    if reviewer is None:
        free = _free_name(session, wanted, telegram_user_id)
        reviewer = Reviewer(name=free, telegram_user_id=telegram_user_id, role=role, created_at=now)
        session.add(reviewer)
    elif reviewer.name == nameless != wanted:  # an admin named their number before they wrote themselves
        reviewer.name = _free_name(session, wanted, telegram_user_id)
    session.flush()
    return reviewer


def really(session: Session, reviewer: Reviewer) -> Reviewer:
    """Who somebody is, if their identities were linked; nobody is linked to who is linked themselves."""
    return reviewer if reviewer.same_as_id is None else session.get_one(Reviewer, reviewer.same_as_id)


def identities(session: Session, reviewer: Reviewer) -> list[int]:
    """Numbers of everything that this reviewer is known as; what one of them said, the reviewer said."""
    top = reviewer.same_as_id or reviewer.id
    return [top, *session.scalars(select(Reviewer.id).where(Reviewer.same_as_id == top).order_by(Reviewer.id))]


def adjudicators(session: Session) -> int:
    """How many people may decide what others disagree on."""
    several = (Role.MODERATOR, Role.ADMIN)
    found = select(func.count()).where(
        Reviewer.role.in_(several), Reviewer.removed_at.is_(None), Reviewer.same_as_id.is_(None)
    )
    return session.scalar(found) or 0


def _present(session: Session, reviewer: Reviewer) -> Reviewer:
    found = really(session, reviewer)
    if reviewer.removed_at is not None or found.removed_at is not None:
        raise MayNotReview(found.name)
    return found


def _names(session: Session) -> list[tuple[int, str]]:
    """Numbers and names of all rows, the oldest first."""
    return [
        (number, name) for number, name in session.execute(select(Reviewer.id, Reviewer.name).order_by(Reviewer.id))
    ]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _free_name(session: Session, wanted: str, telegram_user_id: int) -> str:
    free, suffix = wanted, f" ({telegram_user_id})"
    while called(session, free) is not None:
        free = wanted[: _LONGEST_NAME - len(suffix)] + suffix
        suffix += "*"  # somebody calls themselves by another's name and id
    return free


def has_written(session: Session, telegram_user_id: int) -> bool:
    """Whether this person ever wrote to the bot: only then may it write to them."""
    asked = select(Asker.id).where(Asker.telegram_user_id == telegram_user_id)
    wrote = select(InboxUpdate.update_id).where(InboxUpdate.user_id == telegram_user_id)
    return session.scalar(asked.limit(1)) is not None or session.scalar(wrote.limit(1)) is not None


def checked_name(name: str) -> str:
    """On one line; raises `ReviewError` if it is no name (1..64 characters)."""
    name = one_line(name)
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise ReviewError(f"expected a reviewer's name of 1 to {_LONGEST_NAME} characters, got {name!r}: use --as NAME")
    return name
