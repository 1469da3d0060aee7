"""The application around the routes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from review.database import Database
from review.storage import LocalImageStore
from review.web.app import DASHBOARD, application
from review.web.desk import Desk
from review.web.door import Link


async def _figures(_: Request) -> Response:
    return PlainTextResponse("figures")


async def _broken(_: Request) -> Response:
    raise ZeroDivisionError("secret details")


def client(database: Database, home: Path, **more: Any) -> TestClient:
    desk = Desk(
        database=database,
        images=LocalImageStore(home / "images"),
        lease=timedelta(minutes=5),
        labels=lambda: ("black",),
        cookie="bearbot_test",
    )
    link = Link("mo", lambda _: None)
    app = application(desk, hosts=("page.test",), link=link, **more)
    found = TestClient(app, "http://page.test", raise_server_exceptions=False, headers={"Origin": "http://page.test"})
    assert found.post("/api/login", json={"token": link.token}).status_code == 200
    return found


@pytest.mark.parametrize("there", [True, False])
def test_the_page_links_to_figures_where_there_are_some(database: Database, home: Path, there: bool) -> None:
    http = client(database, home, more=[Route(DASHBOARD, _figures)] if there else [])
    assert http.get("/api/session").json()["figures"] is there
    assert http.get(DASHBOARD).status_code == (200 if there else 404)


def test_what_nobody_expected_says_nothing_but_that(database: Database, home: Path) -> None:
    answer = client(database, home, more=[Route("/broken", _broken)]).get("/broken")
    assert answer.status_code == 500
    assert answer.json() == {"error": "something failed here; the log of the server says what"}
