"""The reviewer's page as one application: its files, its routes, and the guard around them."""

from collections.abc import Collection, Sequence

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from review.web.desk import Desk
from review.web.door import Link
from review.web.grid import Grid
from review.web.login import Login
from review.web.pages import Pages, guarded
from review.web.photos import Photos

DASHBOARD = "/dashboard"


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
    routes = [
        *Pages(desk).routes(),
        *Login(desk, link, figures=figures).routes(),
        *Grid(desk).routes(),
        *Photos(desk).routes(),
        *more,
    ]
    return guarded(routes, hosts=hosts, numbers=numbers, url=url)
