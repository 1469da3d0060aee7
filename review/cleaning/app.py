"""The cleaning page as one application, for who started it on this machine."""

from pathlib import Path

from starlette.types import ASGIApp

from review.cleaning.board import Board
from review.cleaning.pictures import Pictures
from review.cleaning.routes import Routes
from review.web.door import Door, Link
from review.web.entrance import Entrance
from review.web.guard import LOOPBACK
from review.web.pages import FILES, Pages, guarded
from review.web.sittings import Sitting

_OWN_FILES = Path(__file__).with_name("page")
_WRONG = "this token opens nothing: links work once, and the terminal shows a new one"


class _Keeper:
    """Lets in who has the link, and nobody else."""

    def __init__(self, entrance: Entrance, link: Link, folder: str) -> None:
        self._entrance = entrance
        self._link = link
        self._folder = folder

    def begin(self, token: str, by_link: bool) -> str | None:
        return self._entrance.sittings.begin(None, None, self._entrance.clock())[0] if by_link else None

    def end(self, sitting: Sitting) -> None:
        self._entrance.sittings.end(sitting)

    def describe(self, sitting: Sitting) -> dict[str, object]:
        return {"reviewer": self._link.name, "folder": self._folder}


def application(entrance: Entrance, board: Board, *, link: Link, folder: str) -> ASGIApp:
    """All of it; `folder` is the name that the page shows for what is cleaned."""
    routes = [
        *Pages(entrance, (_OWN_FILES, FILES)).routes(),
        *Door(entrance, _Keeper(entrance, link, folder), wrong=_WRONG, link=link).routes(),
        *Routes(entrance, board).routes(),
        *Pictures(entrance, board).routes(),
    ]
    return guarded(routes, hosts=LOOPBACK)
