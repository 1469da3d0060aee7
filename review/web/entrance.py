"""Who may come in to a page: the cookie of a sitting, and the token that each change brings along."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request

from review.clock import utc_now
from review.web.sittings import Sitting, Sittings

CSRF_HEADER = "X-Bearbot-Token"
_THREADS = 6  # a database of one file and two pictures at a time are served no faster by more

OVER = (
    "you are not logged in: the server was started anew, twelve hours passed, or your token was replaced; log in again"
)

T = TypeVar("T")


class NotLoggedIn(HTTPException):
    """Nobody sits there (any more)."""

    def __init__(self, sentence: str = OVER) -> None:
        super().__init__(401, sentence)


@dataclass(kw_only=True)
class Entrance:
    """`cookie` is the cookie's name; `secure` tells whether the page is reached by TLS."""

    cookie: str
    secure: bool = False
    clock: Callable[[], datetime] = utc_now
    sittings: Sittings = field(default_factory=Sittings)
    _limiter: CapacityLimiter | None = None

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what waits for the database or the disk."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(_THREADS)
        return await to_thread.run_sync(work, *arguments, limiter=self._limiter)

    def sitting(self, request: Request) -> Sitting:
        """Whose request this is; raises `NotLoggedIn`. A change must bring the sitting's token, too."""
        found = self.sittings.find(request.cookies.get(self.cookie), self.clock())
        if found is None:
            raise NotLoggedIn
        if request.method not in ("GET", "HEAD"):
            given = request.headers.get(CSRF_HEADER, "")
            if not compare_digest(given.encode(), found.csrf.encode()):
                raise HTTPException(403, "this request did not come from the page itself: load it again")
        return found
