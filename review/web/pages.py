"""The documents of a page and what they are made of; without a login there is nothing to see in them."""

from collections.abc import Collection, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from review.web.entrance import Entrance, NotLoggedIn
from review.web.exchange import answering
from review.web.guard import Guard

FILES = Path(__file__).with_name("page")
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Pages:
    """The routes: GET / (index.html), /login (login.html) and /page/NAME.

    A file is taken from the first of `folders` that has one of this name, so that a page can have its own login.html
    and share the rest.
    """

    def __init__(self, entrance: Entrance, folders: Sequence[Path] = (FILES,)) -> None:
        self._entrance = entrance
        self._folders = folders

    def routes(self) -> list[Route]:
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/login", self._login, methods=["GET"]),
            Route("/page/{name}", answering(self._file), methods=["GET"]),
        ]

    async def _index(self, request: Request) -> Response:
        try:
            self._entrance.sitting(request)
        except NotLoggedIn:
            # Whoever has a cookie was logged in: the door tells them why they stand before it.
            return RedirectResponse("/login?over" if self._entrance.cookie in request.cookies else "/login", 303)
        return FileResponse(self._found("index.html"), media_type="text/html")

    async def _login(self, request: Request) -> Response:
        return FileResponse(self._found("login.html"), media_type="text/html")

    async def _file(self, request: Request) -> Response:
        path = self._found(request.path_params["name"])
        if path.suffix not in _MEDIA_TYPES:
            raise HTTPException(404, "no such file")
        return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})

    def _found(self, name: str) -> Path:
        for folder in self._folders:
            path = folder / name
            if path.parent == folder and path.is_file():
                return path
        raise HTTPException(404, "no such file")


def guarded(
    routes: Sequence[BaseRoute], *, hosts: Collection[str], numbers: bool = False, url: str | None = None
) -> ASGIApp:
    """The routes as an application; `hosts`, `numbers` and `url` are the `Guard`'s."""
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed})
    return Guard(app, hosts=hosts, numbers=numbers, url=url)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _failed(_: Request, error: Exception) -> Response:
    """Starlette raises it again after this, so that the server's log has it."""
    return JSONResponse({"error": "something failed here; the log of the server says what"}, 500)
