"""Logging in, whoever is let in: by a token, which becomes a cookie.

POST /api/login   {"token"} -> {}, with the cookie; 401 for a wrong one, 429 after too many of these
POST /api/logout  -> {}
GET  /api/session -> what the page is to know of the sitting, with the "csrf" token
"""

import logging
import secrets
from collections.abc import Callable
from hmac import compare_digest
from math import ceil
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from review.web.entrance import Entrance, NotLoggedIn
from review.web.exchange import answering, read_json
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


class Keeper(Protocol):
    """Who decides who comes in. Its methods run in threads."""

    def begin(self, token: str, by_link: bool) -> str | None:
        """What the cookie of a new sitting holds; None for a token that opens nothing. May raise `NotLoggedIn`."""

    def end(self, sitting: Sitting) -> None:
        """Its cookie opens nothing any more."""

    def describe(self, sitting: Sitting) -> dict[str, object]:
        """What the page is to know, besides the csrf token."""


class Door:
    """The routes. `link`, if there is one, lets in whoever started the server; `wrong` is told for a useless token."""

    def __init__(
        self,
        entrance: Entrance,
        keeper: Keeper,
        *,
        wrong: str,
        link: Link | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self._entrance = entrance
        self._keeper = keeper
        self._wrong = wrong
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
        begun = await self._entrance.in_thread(self._keeper.begin, token, by_link)
        if by_link and self._link is not None:
            self._link.tell()
        if begun is None:
            self._throttle.failed(address)
            logger.info("somebody tried a login token that opens nothing")
            raise NotLoggedIn(self._wrong)
        self._throttle.succeeded(address)
        response = JSONResponse({})
        response.set_cookie(
            self._entrance.cookie, begun, path="/", httponly=True, samesite="strict", secure=self._entrance.secure
        )
        return response

    def _address(self, request: Request, token: str) -> str:
        """Whose tries are counted together: an address; of a proxy that forwards none, who begins as this one does.

        Else who guesses through such a proxy would keep out everybody that comes through it.
        """
        address = request.client.host if request.client else ""
        shared = self._entrance.secure and address in PROXIES
        return f"{address} {token[:_PREFIX]}" if shared else address

    async def _logout(self, request: Request) -> Response:
        await self._entrance.in_thread(self._keeper.end, self._entrance.sitting(request))
        response = JSONResponse({}, headers={"Clear-Site-Data": '"cache"'})  # photos, too, leave this browser
        response.delete_cookie(
            self._entrance.cookie, path="/", httponly=True, samesite="strict", secure=self._entrance.secure
        )
        return response

    async def _session(self, request: Request) -> Response:
        sitting = self._entrance.sitting(request)
        found = await self._entrance.in_thread(self._keeper.describe, sitting)
        return JSONResponse({**found, "csrf": sitting.csrf})
