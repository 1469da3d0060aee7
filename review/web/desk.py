"""What the page's routes share: the installation's parts, who sits where, and how a request becomes an answer.

A refusal is {"error": sentence}, which the page shows. Work on the database runs in threads; requests of a sitting are
checked against the database each time, so that somebody who was removed is out at their next request.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from model.errors import ModelError
from review import queue
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError, NotFound, ReviewError
from review.logins import identity
from review.storage import ImageStore
from review.tables import Reviewer
from review.web.sittings import Sitting, Sittings

CSRF_HEADER = "X-Bearbot-Token"
_MOST_BYTES = 200_000  # of a request: 200 items with their tokens take 20,000
BODY_WITHIN = 10.0  # seconds; else strangers could keep connections for ever
_THREADS = 6  # a database of one file and two pictures at a time are served no faster by more

OVER = (
    "you are not logged in: the server was started anew, twelve hours passed, or your token was replaced; log in again"
)

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
logger = logging.getLogger(__name__)


class NotLoggedIn(HTTPException):
    """Nobody sits there (any more)."""

    def __init__(self, sentence: str = OVER) -> None:
        super().__init__(401, sentence)


@dataclass
class Desk:
    """`labels` gives what reviewers may say and raises `ModelError`; `cookie` is the cookie's name.

    `first` gives items that are to be claimed before others, in this order (`review.slate`); with the chance
    `gold_rate` a card is an item with a known answer (`review.gold`).
    """

    database: Database
    images: ImageStore
    lease: timedelta
    labels: Callable[[], tuple[str, ...]]
    cookie: str
    secure: bool = False
    first: Callable[[], Sequence[int]] = tuple
    gold_rate: float = 0.0
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
                raise HTTPException(403, "this request did not come from the reviewer's page: load it again")
        return found

    def reviewer(self, session: Session, sitting: Sitting) -> Reviewer:
        """Who sits there, as the database knows them now; raises `NotLoggedIn` for who may review no more."""
        found = session.get(Reviewer, sitting.reviewer_id)
        if found is None or (sitting.credential is not None and found.login_sha256 != sitting.credential):
            raise NotLoggedIn
        really = identity(session, found)
        if really is None:
            raise NotLoggedIn("you may review no more: ask whoever runs this bot")
        return really

    def end(self, sitting: Sitting) -> None:
        """What it holds is given back, and its cookie opens nothing any more."""
        self.sittings.end(sitting)
        with self.database.write() as session:
            give_back(session, sitting)

    def end_all(self) -> None:
        """The server ends: what anybody holds is given back."""
        for sitting in self.sittings.everybody():
            if sitting.held:
                self.end(sitting)


def give_back(session: Session, sitting: Sitting, among: dict[int, str] | None = None) -> None:
    """Release what this sitting holds (only `among`, items with their tokens); what was lost already stays so."""
    for item_id, token in list((sitting.held if among is None else among).items()):
        try:
            queue.release(session, item_id, token)
        except NotFound:
            logger.debug("item %s went meanwhile", item_id)
        if sitting.held.get(item_id) == token:
            del sitting.held[item_id]


def answering(handler: Handler) -> Handler:
    """Failures become sentences; what nobody expected is logged and says no more than that."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
        except NotFound as error:
            return JSONResponse({"error": str(error)}, 404)
        except DatabaseError as error:
            return JSONResponse({"error": str(error)}, 503)
        except ReviewError as error:
            return JSONResponse({"error": str(error)}, 409)
        except ModelError as error:
            return JSONResponse({"error": f"what may be said is not known: {error}"}, 503)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it

    return answered


async def read_json(request: Request) -> dict[str, Any]:
    """The body, one JSON object of sound text; raises `HTTPException` for anything else or too much."""
    data = bytearray()
    try:
        with fail_after(BODY_WITHIN):
            async for piece in request.stream():
                data += piece
                if len(data) > _MOST_BYTES:
                    raise HTTPException(413, f"a request has at most {_MOST_BYTES:,} bytes")
    except TimeoutError:
        raise HTTPException(408, "the request took too long to arrive", {"Connection": "close"}) from None
    try:
        found = json.loads(data or b"{}")
        json.dumps(found, ensure_ascii=False).encode()  # halves of characters: nothing that is stored takes them
    except (ValueError, RecursionError):
        raise HTTPException(400, "expected JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "expected a JSON object")
    return found
