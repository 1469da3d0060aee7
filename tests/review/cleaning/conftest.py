"""A folder of photos, a ranking of them that was made up for the test, and the page on a real port."""

import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from model.cleaning import CleaningManifest
from model.images import encode
from model.suspicion import Cause, Ranking, Suspect
from review.cleaning.app import application
from review.cleaning.board import Board
from review.cleaning.photographs import photographs
from review.web.door import Link
from review.web.entrance import CSRF_HEADER, Entrance
from review.web.server import listen, server_for
from tests.chromium import chromium

LABELS = ("black", "grizzly", "teddy")
Made = dict[str, tuple[str | None, float]]


def jpeg(seed: int) -> bytes:
    """A picture that looks like no other seed's."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return encode(Image.fromarray(small).resize((160, 120), Image.Resampling.BICUBIC))


def ranking_of(folder: Path, made: Made, left_out: Sequence[tuple[Path, str]] = ()) -> Ranking:
    """{"black/01.jpg": ("grizzly", 0.9)}: what it looks like, and how suspicious that is."""
    suspects = [
        Suspect(
            path=folder / name,
            sha256=hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            label=name.split("/")[0],
            suggested=suggested,
            suspicion=suspicion,
            cause=Cause.OFF_TOPIC if suggested is None else Cause.OTHER_LABEL,
        )
        for name, (suggested, suspicion) in made.items()
    ]
    return Ranking(LABELS, sorted(suspects, key=lambda one: -one.suspicion), left_out)


class Served:
    """The page of `mo` about a folder."""

    def __init__(self, folder: Path, ranking: Ranking) -> None:
        self.folder = folder
        self.manifest = CleaningManifest(folder)
        self.board = Board(self.manifest, photographs(self.manifest, ranking), ranking.labels, by="mo")
        self._socket = listen("127.0.0.1", 0)
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.link = Link("mo", lambda _: None)
        app = application(Entrance(cookie=f"bearbot_{port}"), self.board, link=self.link, folder=folder.name)
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

    @contextmanager
    def client(self) -> Iterator["Client"]:
        """Somebody with a browser who came by the link."""
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the machine's certificates would take 20 ms a test
        with httpx.Client(base_url=self.url, timeout=20, verify=bare, headers={"Origin": self.url}) as http:
            assert http.post("/api/login", json={"token": self.link.token}).status_code == 200
            http.headers[CSRF_HEADER] = http.get("/api/session").json()["csrf"]
            yield Client(http)

    def decided(self) -> dict[str, str]:
        """What stands: {"black/01.jpg": "grizzly"}; or "keep", or "remove"."""
        return {path: one.label or one.action.value for path, one in self.manifest.standing().items()}

    def wait_for(self, expected: dict[str, str], seconds: float = 10) -> None:
        """The page shows a decision before it is on disk; so do tests that look there wait for it."""
        deadline = time.monotonic() + seconds
        while self.decided() != expected:
            assert time.monotonic() < deadline, f"{self.decided()} instead of {expected}"
            time.sleep(0.02)


class Client:
    """What the page's script does, in short words."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str, code: int = 200) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == code, answer.text
        return answer.json()

    def post(self, path: str, code: int = 200, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == code, answer.text
        return answer.json()

    def photos(self, group: str = "suspects", count: int = 60) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/api/photos?group={group}&count={count}")["photos"]
        return found

    def decide(self, action: str, *cards: dict[str, Any], code: int = 200, **more: Any) -> Any:
        items = [{"id": card["id"], "seen": card["decision"]} for card in cards]
        return self.post("/api/decide", code, **{"group": "suspects", "action": action, "items": items, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """FOLDER/LABEL/01.jpg ... 06.jpg of three labels."""
    root = tmp_path / "bears"
    for place, label in enumerate(LABELS):
        (root / label).mkdir(parents=True)
        for number in range(1, 7):
            (root / label / f"{number:02}.jpg").write_bytes(jpeg(100 * place + number))
    return root


MADE: Made = {
    "black/01.jpg": ("grizzly", 0.97),
    "black/02.jpg": ("grizzly", 0.91),
    "grizzly/01.jpg": (None, 0.88),
    "black/03.jpg": (None, 0.72),
    "teddy/01.jpg": ("black", 0.61),
}


@pytest.fixture
def ranking(folder: Path) -> Ranking:
    """Five photos look like something else; the others look as they are filed."""
    others = {f"{label}/{number:02}.jpg": (label, 0.1) for label in LABELS for number in range(1, 7)}
    return ranking_of(folder, {**others, **MADE})


@pytest.fixture
def served(folder: Path, ranking: Ranking) -> Iterator[Served]:
    with Served(folder, ranking) as running:
        yield running


@pytest.fixture
def serve() -> Iterator[Callable[[Path, Ranking], Served]]:
    """`serve(folder, ranking)`: the page about another one."""
    running: list[Served] = []

    def start(folder: Path, ranking: Ranking) -> Served:
        running.append(Served(folder, ranking).__enter__())
        return running[-1]

    yield start
    for one in running:
        one.__exit__()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    with chromium() as started:
        yield started
