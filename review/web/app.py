"""The reviewer's page as one application: its files, its routes, and the guard around them."""

from collections.abc import Collection, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from review.web.desk import Desk, NotLoggedIn, answering
from review.web.grid import Grid
from review.web.guard import Guard
from review.web.login import Link, Login
from review.web.photos import Photos

DASHBOARD = "/dashboard"
FILES = Path(__file__).with_name("page")
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Pages:
    """The documents and what they are made of; without a login there is nothing to see in them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [
            Route("/", self._grid, methods=["GET"]),
            Route("/login", self._login, methods=["GET"]),
            Route("/page/{name}", answering(self._file), methods=["GET"]),
        ]

    async def _grid(self, request: Request) -> Response:
        try:
            self._desk.sitting(request)
        except NotLoggedIn:
            # Whoever has a cookie was logged in: the door tells them why they stand before it.
            return RedirectResponse("/login?over" if self._desk.cookie in request.cookies else "/login", 303)
        return FileResponse(FILES / "index.html", media_type="text/html")

    async def _login(self, request: Request) -> Response:
        return FileResponse(FILES / "login.html", media_type="text/html")

    async def _file(self, request: Request) -> Response:
        path = FILES / request.path_params["name"]
        if path.parent != FILES or path.suffix not in _MEDIA_TYPES or not path.is_file():
            raise HTTPException(404, "no such file")
        return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})


def application(
    desk: Desk,
    *,
    hosts: Collection[str],
    numbers: bool = False,
    url: str | None = None,
    link: Link | None = None,
    more: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """All of it.

    `hosts`, `numbers` and `url` are the `Guard`'s, `link` is the `Login`'s; `more` are routes beside the grid's.
    """
    figures = any(isinstance(route, Route | Mount) and route.path == DASHBOARD for route in more)
    app = Starlette(
        routes=[
            *_Pages(desk).routes(),
            *Login(desk, link, figures=figures).routes(),
            *Grid(desk).routes(),
            *Photos(desk).routes(),
            *more,
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    return Guard(app, hosts=hosts, numbers=numbers, url=url)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _failed(_: Request, error: Exception) -> Response:
    """Starlette raises it again after this, so that the server's log has it."""
    return JSONResponse({"error": "something failed here; the log of the server says what"}, 500)
