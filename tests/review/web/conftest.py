"""The reviewer's page on a real port, photos that wait, and people who are logged in."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from model.registry import Registry
from model.serving import Prediction
from review import logins
from review.database import Database
from review.people import reviewer_named
from review.storage import LocalImageStore
from review.tables import Reviewer, ReviewItem, Verdict
from review.web.app import application
from review.web.dashboard import Dashboard
from review.web.desk import Desk
from review.web.door import Link
from review.web.entrance import CSRF_HEADER
from review.web.guard import LOOPBACK
from review.web.server import listen, server_for
from tests.chromium import chromium

LABELS = ("black", "grizzly", "teddy")


@dataclass
class Clock:
    """Goes on from a fixed time; tests jump ahead."""

    start: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    ahead: timedelta = timedelta()
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.start + self.ahead + timedelta(seconds=time.monotonic() - self.began)


class Served:
    """The page of `mo` (by link) and of whoever has a token."""

    def __init__(self, database: Database, home: Path, *, link: bool = True, lease: timedelta) -> None:
        self.clock = Clock()
        self.database = database
        self._socket = listen("127.0.0.1", 0)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.shown: list[str] = []
        self.link = Link("mo", self.shown.append) if link else None
        self.labels: tuple[str, ...] = LABELS
        self.desk = Desk(
            database=database,
            images=LocalImageStore(home / "images"),
            lease=lease,
            labels=lambda: self.labels,
            cookie=f"bearbot_{self.port}",
            clock=self.clock,
        )
        figures = Dashboard(self.desk, Registry(home / "models"))
        app = application(self.desk, hosts=LOOPBACK, link=self.link, more=figures.routes())
        self._server = server_for(app)
        self._thread = threading.Thread(target=lambda: self._server.run(sockets=[self._socket]))

    def __enter__(self) -> "Served":
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def token(self, name: str) -> str:
        """A login token of this reviewer."""
        with self.database.write() as session:
            return logins.issue(session, reviewer_named(session, name, self.clock()))

    @contextmanager
    def client(self, name: str | None = None) -> Iterator["Client"]:
        """Somebody with a browser; `name` logs in with a token of theirs."""
        # A bare context, since nothing here is TLS: reading the machine's certificates would take 20 ms a test.
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(base_url=self.url, timeout=20, verify=bare, headers={"Origin": self.url}) as http:
            client = Client(http)
            if name is not None:
                client.login(self.token(name))
            yield client

    def item(self, item_id: int) -> ReviewItem:
        with self.database.read() as session:
            return session.get_one(ReviewItem, item_id)

    def verdicts(self) -> list[Verdict]:
        with self.database.read() as session:
            return list(session.scalars(select(Verdict).order_by(Verdict.id)))

    def wait_for(self, condition: Callable[[], object], seconds: float = 10) -> None:
        """The page answers before the server does; so do tests that look into the database wait for it."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to be"
            time.sleep(0.02)

    def wait_for_label(self, items: Iterable[int], label: str | None) -> None:
        """Until each of them is settled so; None: open."""
        self.wait_for(lambda: {self.item(item).final_label for item in items} == {label})

    def change(self, item_id: int, **values: Any) -> None:
        """Set columns of an item."""
        with self.database.write() as session:
            item = session.get_one(ReviewItem, item_id)
            for name, value in values.items():
                setattr(item, name, value)

    def remove(self, name: str) -> None:
        """This reviewer may review no more."""
        with self.database.write() as session:
            found = session.scalars(select(Reviewer).where(Reviewer.name == name)).one()
            found.removed_at = self.clock()


class Client:
    """What the page's script does, in short words."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.items: dict[int, str] = {}

    def login(self, token: str) -> None:
        answer = self.http.post("/api/login", json={"token": token})
        assert answer.status_code == 200, answer.text
        self.http.headers[CSRF_HEADER] = self.http.get("/api/session").json()["csrf"]

    def post(self, path: str, code: int = 200, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.status_code == code, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found

    def claim(self, count: int = 50, **among: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.post("/api/claim", count=count, **among)["items"]
        self.items |= {item["id"]: item["token"] for item in found}
        return found

    def hands(self, *ids: int) -> list[dict[str, Any]]:
        return [{"id": item_id, "token": self.items[item_id]} for item_id in ids]

    def say(self, kind: str, *ids: int, **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.post("/api/verdicts", kind=kind, items=self.hands(*ids), **more)["answered"]
        return found


@pytest.fixture
def lease() -> timedelta:
    return timedelta(minutes=5)


@pytest.fixture
def served(database: Database, home: Path, lease: timedelta) -> Iterator[Served]:
    with Served(database, home, lease=lease) as running:
        yield running


@pytest.fixture
def arrive(house: Any, predict: Callable[..., Prediction]) -> Callable[..., list[int]]:
    """`arrive(3, "black", 0.7)`: three photos that wait, doubted to be black; their items' ids."""
    numbers = iter(range(1, 10_000))

    def come(count: int, label: str = "grizzly", confidence: float = 0.6, **more: Any) -> list[int]:
        async def all_of_them() -> list[int]:
            return [
                (await house.receive(next(numbers), predict(label, confidence, **more))).item_id for _ in range(count)
            ]

        # In a thread of its own: where a browser is driven, this one has an event loop already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, all_of_them()).result()

    return come


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    with chromium() as running:
        yield running
