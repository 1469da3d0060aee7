"""Who sits before the page: one sitting for each browser that logged in, in memory, with the items it holds."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from review.logins import digest

ENDS_AFTER = timedelta(hours=12)  # without a sign of life; whoever works on is never asked again
_MOST = 1000  # of all reviewers together; the one that was silent longest gives way


@dataclass
class Sitting:
    """A browser of this reviewer. `csrf` comes back with every change; `held` are tokens of claims, by item.

    `credential` is the digest of the login token that opened it: it ends when the reviewer is given another. Where no
    database knows anybody (`review.cleaning`), both are None.
    """

    reviewer_id: int | None
    credential: str | None
    last_seen: datetime
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    held: dict[int, str] = field(default_factory=dict)


class Sittings:
    """All of them, by the digest of the cookie: what a memory dump shows opens nothing."""

    def __init__(self) -> None:
        self._open: dict[str, Sitting] = {}

    def begin(self, reviewer_id: int | None, credential: str | None, now: datetime) -> tuple[str, Sitting]:
        """A new one, with what the cookie holds."""
        self._sweep(now)
        if len(self._open) >= _MOST:
            del self._open[min(self._open, key=lambda key: self._open[key].last_seen)]
        cookie = secrets.token_urlsafe(32)
        sitting = Sitting(reviewer_id, credential, now)
        self._open[digest(cookie)] = sitting
        return cookie, sitting

    def find(self, cookie: str | None, now: datetime) -> Sitting | None:
        """The sitting of this cookie, which shows that it lives; None: there is none (any more)."""
        sitting = self._open.get(digest(cookie)) if cookie else None
        if sitting is None or now - sitting.last_seen > ENDS_AFTER:
            return None
        sitting.last_seen = now
        return sitting

    def end(self, sitting: Sitting) -> None:
        """Its cookie opens nothing any more."""
        for key in [key for key, one in self._open.items() if one is sitting]:
            del self._open[key]

    def everybody(self) -> list[Sitting]:
        """For the end, when what they hold is given back."""
        return list(self._open.values())

    def _sweep(self, now: datetime) -> None:
        for key in [key for key, one in self._open.items() if now - one.last_seen > ENDS_AFTER]:
            del self._open[key]
