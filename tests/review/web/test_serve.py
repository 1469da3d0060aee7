"""`bearbot review serve` as it is run: its link, its end, what it refuses."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from click.testing import CliRunner

from bot.cli import bearbot
from review import gold, judging, logins, queue
from review.clock import utc_now
from review.database import Database
from review.people import reviewer_named
from review.tables import Reviewer, VerdictKind
from review.web.entrance import CSRF_HEADER
from review.web.server import CannotListen, is_loopback, listen

Arrive = Callable[..., list[int]]
LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/login#(\S+)")


@contextlib.contextmanager
def serving(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "BEARBOT_HOME": str(home), "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "review", "serve", "--port", "0", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_link(process: subprocess.Popen[str]) -> tuple[str, str]:
    found = LINK.search(line(process.stdout))
    assert found
    return found[1], found[2]


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@contextlib.contextmanager
def logged_in(url: str, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=20) as http:
        assert http.post("/api/login", json={"token": token}).status_code == 200
        http.headers[CSRF_HEADER] = http.get("/api/session").json()["csrf"]
        yield http


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(
    home: Path, database: Database, arrive: Arrive, number: signal.Signals
) -> None:
    arrive(3)
    with serving(home, "--as", "ana") as process:
        url, token = next_link(process)
        with logged_in(url, token) as http:
            assert next_link(process)[1] != token  # the next one is printed when this one is used
            found = http.get("/api/session").json()
            assert found["reviewer"] == "ana"
            assert found["labels"]
            items = http.post("/api/claim", json={"count": 10}).json()["items"]
            assert len(items) == 3
            process.send_signal(number)
            assert process.wait(20) == 0
        assert process.stderr is not None
        assert "Ctrl-C ends it" in (said := process.stderr.read())
        assert said.endswith("ended; what was open on pages is back in the queue\n")
        assert token not in said
    with database.write() as session:
        free = queue.claim_batch(
            session, reviewer_named(session, "ben", utc_now()), count=10, lease=timedelta(minutes=1), now=utc_now()
        )
        assert len(free) == 3


@pytest.mark.slow
def test_it_gives_what_measures_its_reviewer(
    home: Path, database: Database, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _ = arrive(2)
    with database.write() as session:
        zoe = reviewer_named(session, "zoe", utc_now())
        judging.settle(session, known, zoe, kind=VerdictKind.LABEL, label="teddy", now=utc_now())
        gold.add(session, known, utc_now())
    monkeypatch.setenv("REVIEW_GOLD_RATE", "1")
    with serving(home, "--as", "ana") as process:
        url, token = next_link(process)
        with logged_in(url, token) as http:
            items = http.post("/api/claim", json={"count": 1}).json()["items"]
            assert [item["id"] for item in items] == [known]


@pytest.mark.slow
def test_for_others_it_demands_a_login(home: Path, database: Database, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with database.write() as session:
        token = logins.issue(session, reviewer_named(session, "ana", utc_now()))
    with serving(home, "--host", "0.0.0.0") as process:  # noqa: S104 - that is what is tested
        found = re.search(r":(\d+);", line(process.stderr))
        assert found
        url = f"http://127.0.0.2:{found[1]}"
        with httpx.Client(base_url=url, timeout=20) as stranger:
            for path in ("/api/session", f"/photos/{item}", f"/thumbnails/{item}", f"/api/items/{item}"):
                assert stranger.get(path).status_code == 401
            assert stranger.get("/", headers={"Host": "evil.example"}).status_code == 421
        with logged_in(url, token) as http:
            assert http.get(f"/photos/{item}").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""  # no link that opens it without a token


@pytest.mark.slow
def test_behind_a_proxy_its_address_counts(home: Path, database: Database) -> None:
    with database.write() as session:
        token = logins.issue(session, reviewer_named(session, "ana", utc_now()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with serving(home, "--url", "https://bears.example.org", "--port", str(port)) as process:
        assert "https://bears.example.org" in line(process.stderr)
        headers = {"Host": "bears.example.org", "Origin": "https://bears.example.org"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, headers=headers) as http:
            answer = http.post("/api/login", json={"token": token})
            assert answer.status_code == 200
            assert answer.headers["set-cookie"].startswith("__Host-bearbot=")
            assert "Secure" in answer.headers["set-cookie"]


def run(*arguments: str, code: int) -> str:
    result = CliRunner().invoke(bearbot, ["review", "serve", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_port_in_use_is_one_sentence(home: Path, database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = run("--port", port, "--as", "mo", code=1)
    assert said == (
        f"error: port {port} on 127.0.0.1 cannot be had (another program listens there): "
        "choose another with --port, or 0 for a free one\n"
    )


def test_wrong_usage(home: Path, database: Database) -> None:
    assert "--as is for this machine alone" in run("--host", "192.0.2.1", "--as", "mo", code=2)
    assert "expected an address such as" in run("--url", "bears.example.org", code=2)
    assert "from 0 to 65535" in run("--port", "70000", code=2)
    assert "cannot be had" in run("--host", "192.0.2.1", code=1)
    assert "no such address" in run("--host", "bears.invalid", code=1)
    assert "a reviewer's name of 1 to 64" in run("--port", "0", "--as", " ", code=1)


def test_who_was_removed_is_told(home: Path, database: Database) -> None:
    with database.write() as session:
        reviewer_named(session, "mo", utc_now())
        session.query(Reviewer).one().removed_at = utc_now()
    assert "mo may review no more" in run("--port", "0", "--as", "mo", code=1)


def test_what_is_loopback() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "127.8.9.1")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.0.2.1", "bears.example")] == [False] * 4  # noqa: S104 - none listens


def test_a_free_port_is_found() -> None:
    with contextlib.closing(listen("localhost", 0)) as listening:
        port: Any = listening.getsockname()[1]
        with pytest.raises(CannotListen, match="another program listens there"):
            listen("localhost", port)
