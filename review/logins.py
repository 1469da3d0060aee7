"""Tokens that open the reviewer's page: told once, kept as a digest, one for each reviewer.

Functions take a session and never commit; whoever opens it commits.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.tables import Reviewer

_TOKEN_BYTES = 24  # 192 bits: nobody guesses it, so a fast digest keeps it as well as a slow one


def issue(session: Session, reviewer: Reviewer) -> str:
    """A new token for this reviewer, as URL-safe text; the one before opens nothing any more."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    reviewer.login_sha256 = digest(token)
    session.flush()
    return token


def revoke(session: Session, reviewer: Reviewer) -> None:
    """Their token opens nothing any more."""
    reviewer.login_sha256 = None
    session.flush()


def holder(session: Session, token: str) -> Reviewer | None:
    """Whom this token was issued to; None: nobody, or somebody who may review no more."""
    wanted = digest(token)
    found = session.scalar(select(Reviewer).where(Reviewer.login_sha256 == wanted))
    # The index compares digests, of which a stranger learns nothing by its timing; the last word is constant in time.
    if found is None or not hmac.compare_digest(found.login_sha256 or "", wanted):
        return None
    return found if identity(session, found) is not None else None


def identity(session: Session, reviewer: Reviewer) -> Reviewer | None:
    """Who this really is, if two identities were linked; None: somebody who may review no more."""
    seen: set[int] = set()
    while reviewer.removed_at is None and reviewer.same_as_id is not None and reviewer.id not in seen:
        seen.add(reviewer.id)
        reviewer = session.get_one(Reviewer, reviewer.same_as_id)
    return reviewer if reviewer.removed_at is None else None


def digest(token: str) -> str:
    """What is kept of a token: its sha256, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()
