"""Askers and reviewers: found, or made on first use."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from review.errors import ReviewError
from review.tables import Asker, ChatAccess, InboxUpdate, Reviewer, Role

_LONGEST_NAME = 64


@dataclass(frozen=True)
class Acquaintance:
    """What the database knows of a Telegram user; `language` is an IETF tag, what they chose before what they use."""

    language: str | None = None
    chose_language: bool = False
    admitted: bool = False
    blocked: bool = False
    chat_access: ChatAccess | None = None


# One row for anybody, as it is asked for every update.
_ACQUAINTANCE = (
    select(Asker.language, Asker.chosen_language, Asker.admitted_at, Asker.blocked_at, Reviewer.chat_access)
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
    granted = select(Reviewer.telegram_user_id).where(Reviewer.chat_access == ChatAccess.GRANTED)
    return [user_id for user_id in session.scalars(granted.order_by(Reviewer.id)) if user_id is not None]


def reviewer_named(session: Session, name: str, now: datetime) -> Reviewer:
    """The reviewer of this name; made on first use. Raises `ReviewError` if it is no name (1..64 characters)."""
    name = _checked(name)
    reviewer = session.scalar(select(Reviewer).where(Reviewer.name == name))
    if reviewer is None:
        reviewer = Reviewer(name=name, role=Role.REVIEWER, created_at=now)
        session.add(reviewer)
        session.flush()
    return reviewer


def reviewer_for_telegram(
    session: Session, telegram_user_id: int, *, name: str, role: Role = Role.MODERATOR, now: datetime
) -> Reviewer:
    """The reviewer with this Telegram id, with their role brought up to date; made on first use.

    A name that is taken is never shared: anybody may call themselves anything in Telegram, so the id is added to it.
    """
    reviewer = session.scalar(select(Reviewer).where(Reviewer.telegram_user_id == telegram_user_id))
    nameless = f"telegram {telegram_user_id}"
    wanted = _printable(name)[:_LONGEST_NAME] or nameless
    if reviewer is None:
        free = _free_name(session, wanted, telegram_user_id)
        reviewer = Reviewer(name=free, telegram_user_id=telegram_user_id, role=role, created_at=now)
        session.add(reviewer)
    else:
        if reviewer.name == nameless != wanted:  # an admin named their number before they wrote themselves
            reviewer.name = _free_name(session, wanted, telegram_user_id)
        if reviewer.role != role:
            reviewer.role = role
    session.flush()
    return reviewer


def _free_name(session: Session, wanted: str, telegram_user_id: int) -> str:
    free, suffix = wanted, f" ({telegram_user_id})"
    while session.scalar(select(Reviewer.id).where(Reviewer.name == free)) is not None:
        free = wanted[: _LONGEST_NAME - len(suffix)] + suffix
        suffix += "*"  # somebody calls themselves by another's name and id
    return free


def has_written(session: Session, telegram_user_id: int) -> bool:
    """Whether this person ever wrote to the bot: only then may it write to them."""
    asked = select(Asker.id).where(Asker.telegram_user_id == telegram_user_id)
    wrote = select(InboxUpdate.update_id).where(InboxUpdate.user_id == telegram_user_id)
    return session.scalar(asked.limit(1)) is not None or session.scalar(wrote.limit(1)) is not None


def _checked(name: str) -> str:
    name = _printable(name)
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise ReviewError(f"expected a reviewer's name of 1 to {_LONGEST_NAME} characters, got {name!r}: use --as NAME")
    return name


def _printable(name: str) -> str:
    """On one line, and without what would steer the terminal of whoever reads it."""
    return "".join(character for character in " ".join(name.split()) if character.isprintable())
