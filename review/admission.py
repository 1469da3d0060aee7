"""Who may ask: the rule, and the invitations and blocks that it goes by."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from review.people import asker_for
from review.tables import Asker, Invitation, ReviewItem, Submission

LONGEST_DAYS = 365
MOST_USES = 1000


class Access(StrEnum):
    """Who may use the bot."""

    OPEN = "open"
    """everybody who is not blocked"""

    ALLOW_LIST = "allow_list"
    """those whom the settings name"""

    INVITATION = "invitation"
    """those, and whoever opened an invitation"""


class Entry(StrEnum):
    """What becomes of something that somebody sends."""

    PASSES = "passes"
    IGNORED = "ignored"
    """they are blocked: they hear nothing at all"""

    TURNED_AWAY = "turned_away"
    """they were never let in: they hear how to get in"""


class Redeemed(StrEnum):
    """What an invitation's code came to."""

    ADMITTED = "admitted"
    ALREADY = "already"
    """this person was let in before; the invitation keeps its uses"""

    VOID = "void"
    """there is no such invitation, or it is used up or too old"""


def entry(
    *, access: Access, reviews: bool, blocked: bool, allowed: bool, admitted: bool, about_own_data: bool
) -> Entry:
    """Whether somebody passes.

    What is `about_own_data` everybody may ask, and who `reviews` photos everything. A block outweighs the list of those
    `allowed` by the settings and an invitation by which somebody was `admitted`.
    """
    if about_own_data or reviews:
        return Entry.PASSES
    if blocked:
        return Entry.IGNORED
    if access is Access.OPEN or allowed or (access is Access.INVITATION and admitted):
        return Entry.PASSES
    return Entry.TURNED_AWAY


def invite(session: Session, code: str, *, uses: int, lasts: timedelta, now: datetime) -> None:
    """Let `uses` people in who name this `code`; only its sha256 is kept. The same code again changes nothing."""
    if session.scalar(_by_code(code)) is None:
        session.add(Invitation(code_sha256=_sha256(code), uses_left=uses, expires_at=now + lasts, created_at=now))
        session.flush()


def redeem(session: Session, code: str, telegram_user_id: int, language: str | None, now: datetime) -> Redeemed:
    """Let this person in; once, however often they open it."""
    known = session.scalar(select(Asker).where(Asker.telegram_user_id == telegram_user_id))
    if known is not None and known.admitted_at is not None:
        return Redeemed.ALREADY
    invitation = session.scalar(_by_code(code))
    if invitation is None or invitation.uses_left < 1 or invitation.expires_at <= now:
        return Redeemed.VOID
    invitation.uses_left -= 1
    asker_for(session, telegram_user_id, language, now).admitted_at = now
    session.flush()
    return Redeemed.ADMITTED


def block(session: Session, telegram_user_id: int, now: datetime) -> None:
    """Hear nothing from this person any more, also if they never wrote; who is blocked stays so since then."""
    asker = asker_for(session, telegram_user_id, None, now)
    asker.blocked_at = asker.blocked_at or now
    session.flush()


def unblock(session: Session, telegram_user_id: int) -> bool:
    """Hear from them again; False if they were not blocked."""
    asker = session.scalar(select(Asker).where(Asker.telegram_user_id == telegram_user_id))
    if asker is None or asker.blocked_at is None:
        return False
    asker.blocked_at = None
    session.flush()
    return True


def sender_of(session: Session, item_id: int) -> int | None:
    """The Telegram user who sent the photo of a review item; None if nobody knows (any more)."""
    return session.scalar(
        select(Asker.telegram_user_id)
        .join(Submission, Submission.asker_id == Asker.id)
        .join(ReviewItem, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.id == item_id)
    )


@dataclass(frozen=True)
class KnownAsker:
    """Somebody who asks, as an operator sees them."""

    telegram_user_id: int
    photos: int
    known_since: datetime
    admitted_at: datetime | None
    blocked_at: datetime | None


def known_askers(session: Session, *, blocked_only: bool, after: int, limit: int) -> list[KnownAsker]:
    """Some of those with a larger number in Telegram than `after`, in the order of these."""
    count = func.count(Submission.id)
    rows = session.execute(
        select(Asker, count)
        .outerjoin(Submission, Submission.asker_id == Asker.id)
        .where(
            Asker.telegram_user_id > after,
            *([Asker.blocked_at.is_not(None)] if blocked_only else []),
        )
        .group_by(Asker.id)
        .order_by(Asker.telegram_user_id)
        .limit(limit)
    )
    return [
        KnownAsker(asker.telegram_user_id or 0, photos, asker.created_at, asker.admitted_at, asker.blocked_at)
        for asker, photos in rows
    ]


def _by_code(code: str) -> Select[Invitation]:
    return select(Invitation).where(Invitation.code_sha256 == _sha256(code))


def _sha256(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
