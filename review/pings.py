"""When moderators are called to the queue, and which: a pure rule, and the facts that it decides on.

Functions take a session and never commit. At most one ping in so long a time goes to a moderator, and it is in the
outbox from the transaction that decided it: killed or not, the bot sends it once.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import outbox
from review.outbox import OutboxKind, Recipient
from review.people import acquaintance, has_written
from review.policy import Reason
from review.tables import Claim, ItemStatus, OutboxMessage, Reviewer, ReviewItem, Submission, Verdict

_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)


@dataclass(frozen=True)
class QuietHours:
    """From the hour `begin` until the hour `end` (0..23, on a clock's face), over midnight if need be."""

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "QuietHours":
        """ "22-7". Raises `ValueError`."""
        found = _HOURS.fullmatch(text.strip())
        begin, end = (int(found[1]), int(found[2])) if found else (0, 0)
        if begin == end or begin > 23 or end > 23:
            raise ValueError("expected two hours such as 22-7: quiet from 22:00 until 7:00")
        return cls(begin, end)

    def hold(self, local: datetime) -> bool:
        """Whether it is quiet at this local time."""
        if self.begin < self.end:
            return self.begin <= local.hour < self.end
        return local.hour >= self.begin or local.hour < self.end


@dataclass(frozen=True)
class PingRule:
    """`every`: no moderator is pinged more often. `patience`: what waits longer is urgent, whatever it is."""

    every: timedelta
    patience: timedelta
    session: timedelta  # so long after their last verdict a moderator still reviews, and needs no call
    quiet: QuietHours | None = None
    timezone: tzinfo = UTC


@dataclass(frozen=True)
class Moderator:
    """What decides whether somebody is pinged; times are aware, None: never."""

    telegram_user_id: int
    holds: bool
    last_verdict: datetime | None
    last_ping: datetime | None


@dataclass(frozen=True)
class Backlog:
    """What nobody has in hand: how many, how many disputed, and when anything among them became urgent."""

    waiting: int
    disputed: int
    urgent_since: tuple[datetime, ...]


def whom(*, now: datetime, rule: PingRule, backlog: Backlog, moderators: Sequence[Moderator]) -> list[int]:
    """Telegram ids of those to ping now: who is not reviewing, was not pinged lately, and has not heard of all of it.

    Never in quiet hours; what became urgent in them is news after them.
    """
    if rule.quiet is not None and rule.quiet.hold(now.astimezone(rule.timezone)):
        return []
    newest = max((since for since in backlog.urgent_since if since <= now), default=None)
    if newest is None:
        return []

    def is_called(moderator: Moderator) -> bool:
        reviews = moderator.last_verdict is not None and now - moderator.last_verdict < rule.session
        if moderator.holds or reviews:
            return False
        return moderator.last_ping is None or (now - moderator.last_ping >= rule.every and newest > moderator.last_ping)

    return [moderator.telegram_user_id for moderator in moderators if is_called(moderator)]


def called(session: Session, user_ids: Collection[int], rule: PingRule, now: datetime) -> tuple[list[int], Backlog]:
    """Whom of these moderators the rule calls now, and to what; reads only."""
    found = backlog(session, rule, now)
    reachable = [user_id for user_id in user_ids if has_written(session, user_id)]
    moderators = [_moderator(session, one, now) for one in reachable]
    return whom(now=now, rule=rule, backlog=found, moderators=moderators), found


def ping(session: Session, user_ids: Collection[int], rule: PingRule, now: datetime) -> int:
    """Have those of these moderators pinged whom the rule calls; returns how many are."""
    people, found = called(session, user_ids, rule, now)
    for user_id in people:
        outbox.enqueue(
            session,
            kind=OutboxKind.PING,
            parameters={"waiting": found.waiting, "disputed": found.disputed},
            recipient=Recipient(user_id, language=acquaintance(session, user_id).language),
            dedupe_key=f"{_prefix(user_id)}{int(now.timestamp() // rule.every.total_seconds())}",
            now=now,
        )
    return len(people)


def backlog(session: Session, rule: PingRule, now: datetime) -> Backlog:
    """Open items in nobody's hands. Random checks are never urgent: their askers have their answer."""
    rows = session.execute(
        select(
            ReviewItem.id,
            ReviewItem.submission_id,
            ReviewItem.reasons,
            ReviewItem.opened_at,
            ReviewItem.needs_adjudicator,
        ).where(
            ReviewItem.status == ItemStatus.OPEN,
            ReviewItem.lease_expires_at.is_(None) | (ReviewItem.lease_expires_at <= now),
        )
    ).all()
    first = func.coalesce(Submission.repeats_id, Submission.id)
    claims = session.execute(
        select(first, func.max(Claim.created_at))
        .join(Claim, Claim.submission_id == Submission.id)
        .where(~Claim.agrees)
        .group_by(first)
    )
    claimed = {row[0]: row[1] for row in claims}
    since: list[datetime] = []
    for item_id, submission, reasons, opened_at, disagreed in rows:
        if disagreed:  # only a moderator can end it, since the last word that was said
            since.append(session.scalar(select(func.max(Verdict.created_at)).where(Verdict.item_id == item_id)) or now)
        if Reason.OUT_OF_DOMAIN in reasons:
            since.append(opened_at)
        if Reason.DISPUTED in reasons:
            since.append(max(opened_at, claimed.get(submission, opened_at)))
        if set(reasons) != {Reason.AUDIT} and now - opened_at >= rule.patience:
            since.append(opened_at + rule.patience)
    return Backlog(len(rows), sum(Reason.DISPUTED in row.reasons for row in rows), tuple(since))


def _moderator(session: Session, user_id: int, now: datetime) -> Moderator:
    reviewer = session.scalar(
        select(func.coalesce(Reviewer.same_as_id, Reviewer.id)).where(Reviewer.telegram_user_id == user_id)
    )
    held = select(ReviewItem.id).where(ReviewItem.lease_reviewer_id == reviewer, ReviewItem.lease_expires_at > now)
    prefix = _prefix(user_id)
    return Moderator(
        user_id,
        holds=reviewer is not None and session.scalar(held.limit(1)) is not None,
        last_verdict=session.scalar(select(func.max(Verdict.created_at)).where(Verdict.reviewer_id == reviewer)),
        last_ping=session.scalar(
            select(func.max(OutboxMessage.created_at)).where(OutboxMessage.dedupe_key.between(prefix, f"{prefix}~"))
        ),
    )


def _prefix(user_id: int) -> str:
    return f"ping:{user_id}:"
