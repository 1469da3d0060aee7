"""Logging in: by a link that works once, for who started the server, or by a reviewer's own token.

POST /api/login   {"token"} -> {}, with the cookie; 401 for a wrong one, 429 after too many of these
POST /api/logout  -> {}; what the page held is given back
GET  /api/session -> {"reviewer", "role", "csrf", "labels", "problem", "figures", "lease_seconds"}
"""

import logging
import secrets
from collections.abc import Callable
from hmac import compare_digest
from math import ceil

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from model.errors import ModelError
from review import logins
from review.errors import MayNotReview
from review.people import reviewer_named
from review.web.desk import Desk, NotLoggedIn, answering, read_json
from review.web.sittings import Sitting
from review.web.throttle import Throttle

_LONGEST_TOKEN = 200
_PREFIX = 4  # characters of a token that tell the tries of one person from those of others
PROXIES = ("127.0.0.1", "::1")  # whose word for where a request comes from is believed
logger = logging.getLogger(__name__)


class Link:
    """A token that logs `name` in once; then there is another one, which `told` is called with."""

    def __init__(self, name: str, told: Callable[[str], None]) -> None:
        self.name = name
        self.token = secrets.token_urlsafe(24)
        self._told = told

    def redeem(self, token: str) -> bool:
        """Whether this is the token; it never is again."""
        if not compare_digest(token.encode(), self.token.encode()):
            return False
        self.token = secrets.token_urlsafe(24)
        return True

    def tell(self) -> None:
        """Show the present token to who started the server."""
        self._told(self.token)


class Login:
    """The routes. Without `link` everybody needs a token of their own (`bearbot review who login NAME`)."""

    def __init__(
        self, desk: Desk, link: Link | None = None, *, figures: bool = False, throttle: Throttle | None = None
    ) -> None:
        """`figures` tells the page whether there is a dashboard that it may link to."""
        self._desk = desk
        self._figures = figures
        self._link = link
        self._throttle = throttle or Throttle()

    def routes(self) -> list[Route]:
        return [
            Route("/api/login", answering(self._login), methods=["POST"]),
            Route("/api/logout", answering(self._logout), methods=["POST"]),
            Route("/api/session", answering(self._session), methods=["GET"]),
        ]

    async def _login(self, request: Request) -> Response:
        token = (await read_json(request)).get("token")
        if not isinstance(token, str) or not 0 < len(token := token.strip()) <= _LONGEST_TOKEN:
            raise HTTPException(400, "expected a login token")
        address = self._address(request, token)
        if (wait := self._throttle.wait(address)) > 0:
            raise HTTPException(
                429, f"too many wrong tokens: try again in {ceil(wait)} s", {"Retry-After": str(ceil(wait))}
            )
        by_link = self._link is not None and self._link.redeem(token)
        begun = await self._desk.in_thread(self._begin, token, by_link)
        if by_link and self._link is not None:
            self._link.tell()
        if begun is None:
            self._throttle.failed(address)
            logger.info("somebody tried a login token that opens nothing")
            raise NotLoggedIn(
                "this token opens nothing: links work once (the terminal shows a new one), and of a reviewer's own "
                "tokens the latest counts (`bearbot review who login NAME`)"
            )
        self._throttle.succeeded(address)
        response = JSONResponse({})
        response.set_cookie(
            self._desk.cookie, begun, path="/", httponly=True, samesite="strict", secure=self._desk.secure
        )
        return response

    def _address(self, request: Request, token: str) -> str:
        """Whose tries are counted together: an address; of a proxy that forwards none, who begins as this one does.

        Else who guesses through such a proxy would keep out everybody that comes through it.
        """
        address = request.client.host if request.client else ""
        shared = self._desk.secure and address in PROXIES
        return f"{address} {token[:_PREFIX]}" if shared else address

    def _begin(self, token: str, by_link: bool) -> str | None:
        now = self._desk.clock()
        if by_link and self._link is not None:
            try:
                with self._desk.database.write() as session:
                    reviewer_id = reviewer_named(session, self._link.name, now).id
            except MayNotReview as error:
                raise NotLoggedIn(f"{error.reviewer} may review no more: start the server with --as NAME") from error
            return self._desk.sittings.begin(reviewer_id, None, now)[0]
        with self._desk.database.read() as session:
            known = logins.holder(session, token)
        return None if known is None else self._desk.sittings.begin(known.id, known.login_sha256, now)[0]

    async def _logout(self, request: Request) -> Response:
        await self._desk.in_thread(self._desk.end, self._desk.sitting(request))
        response = JSONResponse({}, headers={"Clear-Site-Data": '"cache"'})  # photos, too, leave this browser
        response.delete_cookie(self._desk.cookie, path="/", httponly=True, samesite="strict", secure=self._desk.secure)
        return response

    async def _session(self, request: Request) -> Response:
        return JSONResponse(await self._desk.in_thread(self._describe, self._desk.sitting(request)))

    def _describe(self, sitting: Sitting) -> dict[str, object]:
        with self._desk.database.read() as session:
            reviewer = self._desk.reviewer(session, sitting)
        try:
            labels, problem = self._desk.labels(), None
        except ModelError as error:
            labels, problem = (), f"no labels are known, so nothing can be labelled: {error}"
        return {
            "reviewer": reviewer.name,
            "role": reviewer.role.value,
            "csrf": sitting.csrf,
            "labels": labels,
            "problem": problem,
            "figures": self._figures,
            "lease_seconds": self._desk.lease.total_seconds(),
        }
