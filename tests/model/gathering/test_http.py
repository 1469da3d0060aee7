"""Requests to APIs: retried politely, followed carefully, and silent about what is secret."""

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SourceError, Stopped
from model.gathering.connections import Resolved
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.http import API_LIMITS, Http
from model.gathering.manners import Manners
from model.gathering.watch import FetchLimits
from tests.model.gathering.raw_server import RawServer, answer, drip, endless, redirect, silent

SECRET = "key-7f3a"
QUICK = Manners(connections=2, pause_seconds=0.0, attempts=3, first_backoff_seconds=0.01, given_up_after=100)
FOUND = answer(b'{"results": [1, 2]}', "Content-Type: application/json")
BUSY = answer(b"busy", status="503 Service Unavailable")
HURRIED = FetchLimits(max_bytes=100_000, total_seconds=20, connect_seconds=0.3, silence_seconds=15, pace_seconds=0.5)


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(private_addresses=True, contact="me@example.org", api=QUICK, pictures=QUICK) as client:
        yield client


def refusal(http: Http, server: RawServer, path: str = "/", limits: FetchLimits = API_LIMITS) -> SourceError:
    """How a request full of secrets fails; nothing of them may be in its words."""
    with pytest.raises(SourceError) as caught:
        http.get_json(server.url(path), params={"apikey": SECRET}, headers={"X-Key": SECRET}, limits=limits)
    assert_silent(caught.value)
    assert "127.0.0.1" in str(caught.value)
    return caught.value


def assert_silent(error: BaseException) -> None:
    """No secret in it, nor in what it came of: some handlers of errors print that too."""
    told: BaseException | None = error
    while told is not None:
        assert SECRET not in f"{told!r} {told}"
        told = told.__cause__ or told.__context__


def test_an_api_is_asked_with_name_address_and_parameters(http: Http) -> None:
    with RawServer({"/search": FOUND}) as server:
        found = http.get_json(server.url("/search?v=1"), params={"q": "grizzly bär", "page": 2}, headers={"X-Key": "k"})
    assert found == {"results": [1, 2]}
    (visit,) = server.visits
    assert visit.path == "/search?v=1&q=grizzly+b%C3%A4r&page=2"
    assert visit.headers["user-agent"].startswith("bearbot/")
    assert "(+me@example.org) requests/" in visit.headers["user-agent"]
    assert visit.headers["accept"] == "application/json"
    assert visit.headers["x-key"] == "k"


def test_answers_may_be_compressed_as_wikimedia_wants_them(http: Http) -> None:
    body = gzip.compress(json.dumps(["bear"] * 1000).encode())
    with RawServer({"/": answer(body, "Content-Encoding: gzip")}) as server:
        assert http.get_json(server.url()) == ["bear"] * 1000
    assert server.visits[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Service Unavailable", "429 Too Many Requests"])
def test_what_may_pass_is_tried_again(http: Http, status: str) -> None:
    with RawServer({"/": [answer(status=status), answer(status=status), FOUND]}) as server:
        assert http.get_json(server.url()) == {"results": [1, 2]}
    assert len(server.visits) == 3


def test_a_broken_connection_is_tried_again(http: Http) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(answer(b'{"results"', length=1000))

    with RawServer({"/": [lambda connection: None, cut, FOUND]}) as server:
        assert http.get_json(server.url()) == {"results": [1, 2]}
    assert len(server.visits) == 3


def test_but_not_for_ever(http: Http) -> None:
    with RawServer({"/": BUSY}) as server:
        error = refusal(http, server)
    assert len(server.visits) == 3
    assert str(error) == "127.0.0.1 answers 503 Service Unavailable (3 attempts)"
    assert error.status == 503


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_what_will_not_pass_is_not_tried_again(http: Http, status: int) -> None:
    body = json.dumps({"detail": f"the key {SECRET} is wrong"}).encode()
    with RawServer({"/": answer(body, status=f"{status} {SECRET}")}) as server:
        error = refusal(http, server)
    assert len(server.visits) == 1
    assert error.status == status
    assert str(status) in str(error)


def test_a_host_is_asked_again_when_it_said(http: Http) -> None:
    later = answer(b"", "Retry-After: 1", status="429 Too Many Requests")
    with RawServer({"/": [later, FOUND]}) as server:
        http.get_json(server.url())
    first, second = server.visits
    assert second.at - first.at > 0.95


def test_or_on_the_date_that_it_said(http: Http) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # cuts off up to a second
    later = answer(b"", f"Retry-After: {date}", status="503 Service Unavailable")
    with RawServer({"/": [later, FOUND]}) as server:
        http.get_json(server.url())
    first, second = server.visits
    assert second.at - first.at > 0.8


def test_while_it_waits_nobody_else_asks_that_host_and_all_others_are_asked(http: Http) -> None:
    later = answer(b"", "Retry-After: 1", status="429 Too Many Requests")
    with RawServer({"/limited": [later, FOUND], "/": FOUND}) as server, RawServer({"/": FOUND}) as other:
        waiting = threading.Thread(target=http.get_json, args=(server.url("/limited"),))
        waiting.start()
        while not server.visits:
            time.sleep(0.01)
        time.sleep(0.1)  # until the answer is read
        http.get_json(other.url())
        http.get_json(server.url())
        waiting.join(20)
    again = min(visit.at for visit in server.visits[1:])
    assert again - server.visits[0].at > 0.95
    assert other.visits[0].at < again


def test_a_host_that_asks_for_hours_is_not_waited_for(http: Http) -> None:
    began = time.monotonic()
    with RawServer({"/": answer(b"", "Retry-After: 10000", status="429 Too Many Requests")}) as server:
        assert "asks to come back in 3 hours" in str(refusal(http, server))
        assert "asks to come back in 3 hours" in str(refusal(http, server))
    assert len(server.visits) == 1
    assert time.monotonic() - began < 60


def test_a_host_that_never_answers_well_is_given_up() -> None:
    manners = Manners(connections=1, pause_seconds=0.0, attempts=2, first_backoff_seconds=0.01, given_up_after=2)
    with RawServer({"/": BUSY}) as server, Http(private_addresses=True, api=manners) as http:
        texts = [str(refusal(http, server)) for _ in range(4)]
    assert len(server.visits) == 4
    assert "(2 attempts)" in texts[1]
    assert "failed 2 times in a row and is not asked again in this run" in texts[2]


@pytest.mark.parametrize(
    "body", [b"<html>Log in to the Wi-Fi</html>", b"", b'{"results": [', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_json_is_said(http: Http, body: bytes) -> None:
    with RawServer({"/": answer(body)}) as server:
        assert "something else than JSON" in str(refusal(http, server))


def test_an_answer_that_never_ends_is_cut_off(http: Http) -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    with RawServer({"/": endless(head, b" " * 65536)}) as server:
        assert "more than the 8,000,000 bytes" in str(refusal(http, server))


def test_redirects_are_followed_and_keys_stay_with_the_host_they_are_for(http: Http) -> None:
    with RawServer({"/": FOUND}) as other, RawServer({"/there": redirect(other.url("/"))}) as server:
        server.answers = {**server.answers, "/here": redirect("there?page=2", status="301 Moved Permanently")}
        found = http.get_json(server.url("/here"), params={"q": SECRET}, headers={"X-Key": SECRET})
    assert found == {"results": [1, 2]}
    assert [visit.headers.get("x-key") for visit in server.visits] == [SECRET, SECRET]
    assert [visit.path for visit in server.visits] == [f"/here?q={SECRET}", "/there?page=2"]
    (last,) = other.visits
    assert last.path == "/"
    assert SECRET not in str(last)
    assert last.headers["user-agent"].startswith("bearbot/")
    assert last.headers["accept"] == "application/json"


def test_keys_do_not_come_back_with_a_redirect_from_elsewhere(http: Http) -> None:
    with RawServer({"/end": FOUND}) as server, RawServer({"/": redirect(server.url("/end"))}) as other:
        server.answers = {**server.answers, "/": redirect(other.url())}
        http.get_json(server.url(), headers={"X-Key": SECRET})
    assert [visit.headers.get("x-key") for visit in server.visits] == [SECRET, None]


def test_circles_end(http: Http) -> None:
    with RawServer({"/": redirect("/again"), "/again": redirect("/")}) as server:
        assert "redirects more than 5 times" in str(refusal(http, server))
    assert len(server.visits) == 6


def test_nothing_is_kept_of_cookies(http: Http) -> None:
    with RawServer({"/": answer(b"{}", "Set-Cookie: who=you; Path=/")}) as server:
        for _ in range(2):
            http.get_json(server.url())
    assert [visit.headers.get("cookie") for visit in server.visits] == [None, None]


def test_connections_are_kept_and_closed_in_the_end() -> None:
    left = threading.Event()

    def wait(connection: socket.socket) -> None:
        connection.sendall(FOUND)
        assert connection.recv(1) == b""
        left.set()

    with RawServer({"/": FOUND, "/last": wait}) as server:
        with Http(private_addresses=True, api=QUICK) as http:
            for path in ("/", "/", "/last"):
                http.get_json(server.url(path))
            assert server.connections == 1
            assert not left.wait(0.1)
        assert left.wait(5)


def test_many_threads_share_it_and_a_host_gets_no_more_connections_than_are_polite(http: Http) -> None:
    results: list[object] = []
    with RawServer({"/": FOUND}) as server:
        work = [threading.Thread(target=lambda: results.append(http.get_json(server.url()))) for _ in range(24)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(20)
    assert results == [{"results": [1, 2]}] * 24
    assert server.connections <= QUICK.connections


def test_an_api_may_think_after_its_first_words(http: Http) -> None:
    def think(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        time.sleep(0.4)
        connection.sendall(b"{}")

    with RawServer({"/": think}) as server:
        assert http.get_json(server.url(), limits=replace(API_LIMITS, silence_seconds=2)) == {}
        with pytest.raises(SourceError, match="bytes a second"):
            http.get_json(server.url(), limits=replace(API_LIMITS, pace_seconds=0.2))


def test_a_host_is_one_by_http_and_by_https() -> None:
    """And is spoken of without a port, where it needs none."""
    with RawServer({"/": answer(b"", "Retry-After: 10000", status="429 Too Many Requests")}) as server:

        def all_ports_are_one(host: str, port: int) -> list[Resolved]:
            return names_are_here(host, server.port)

        with Http(private_addresses=True, api=QUICK, resolve=all_ports_are_one) as http:
            for scheme in ("http", "https"):
                with pytest.raises(SourceError, match=r"^busy\.example asks to come back in 3 hours$"):
                    http.get_json(f"{scheme}://busy.example/")
        assert server.connections == 1


def test_a_value_that_no_header_can_hold_is_not_repeated(http: Http) -> None:
    with RawServer({"/": FOUND}) as server, pytest.raises(SourceError, match="line break") as caught:
        http.get_json(server.url(), headers={"X-Key": f"{SECRET}\r\nX-Evil: 1"})
    assert_silent(caught.value)
    assert not server.visits


def test_a_server_that_is_not_there_is_named_and_a_proxy_hinted_at(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer({}) as server:
        pass
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert str(refusal(http, server)) == "127.0.0.1 cannot be reached: Connection refused (3 attempts)"
    monkeypatch.setenv("https_proxy", f"http://{SECRET}@proxy.example:3128")
    assert "Connection refused (directly; the environment's proxy is not used" in str(refusal(http, server))


def test_an_address_on_this_network_is_refused_unless_an_operator_named_it() -> None:
    with RawServer({"/": FOUND}) as server:
        with Http(api=QUICK) as http:
            assert "not on the open internet" in str(refusal(http, server))
            assert server.connections == 0
        server.answers = {**server.answers, "/away": redirect(f"http://localhost:{server.port}/")}
        with Http(api=QUICK, exempt={f"127.0.0.1:{server.port}"}) as http:
            assert http.get_json(server.url()) == {"results": [1, 2]}
            with pytest.raises(SourceError, match=r"localhost is at 127\.0\.0\.1"):
                http.get_json(server.url("/away"))


def test_names_that_are_not_there_are_not_asked_for_again_and_others_are() -> None:
    asked = []

    def resolve(host: str, port: int) -> list[Resolved]:
        asked.append(host)
        error = socket.EAI_NONAME if host == "gone.example" else socket.EAI_AGAIN
        raise socket.gaierror(error, "of this test")

    with Http(api=QUICK, pictures=QUICK, resolve=resolve) as http:
        with pytest.raises(DownloadRefused, match=r"no host named gone\.example") as gone:
            http.get_picture("http://gone.example/", HURRIED)
        with pytest.raises(DownloadRefused, match=r"away\.example could not be looked up") as away:
            http.get_picture("http://away.example/", HURRIED)
    assert gone.value.reason is DropReason.DEAD_LINK
    assert away.value.reason is DropReason.NETWORK
    assert asked == ["gone.example"] + ["away.example"] * 3


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of pictures.example that it has signed itself, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: it makes the certificate for these tests")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    files = ["-addext", "subjectAltName=DNS:pictures.example", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(["openssl", *made.split(), *files], check=True, capture_output=True)
    with path.open("a") as both:
        both.write(Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer({"/": FOUND, "/drip": drip(b"x")}, context=context) as server:
        yield server


def names_are_here(host: str, port: int) -> list[Resolved]:
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]


def test_a_certificate_is_checked_against_the_name(
    secure: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Http(private_addresses=True, api=QUICK, resolve=names_are_here) as http:
        with pytest.raises(SourceError, match="proves badly who it is: self-signed certificate"):
            http.get_json(secure.url("/", "pictures.example"))
        assert secure.connections == 1  # that will not pass
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Http(private_addresses=True, api=QUICK, resolve=names_are_here) as http:
        for _ in range(2):
            assert http.get_json(secure.url("/", "pictures.example")) == {"results": [1, 2]}
        for other in ("other.example", "127.0.0.1"):
            with pytest.raises(SourceError, match=rf"{other} proves badly who it is: .*mismatch"):
                http.get_json(secure.url("/", other))
    assert len(secure.visits) == 2


def test_time_is_kept_within_tls_too(secure: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Http(private_addresses=True, api=QUICK, resolve=names_are_here) as http:
        with pytest.raises(SourceError, match="bytes a second"):
            http.get_json(secure.url("/drip", "pictures.example"), limits=HURRIED)
        with RawServer({}) as server:
            server.context = None  # what answers is no TLS
            with pytest.raises(SourceError, match=r"broke|cannot be reached"):
                http.get_json(server.url().replace("http:", "https:"), limits=HURRIED)


# Ctrl-C


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """Takes no connection: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener
        for filler in fillers:
            filler.close()


def test_connecting_takes_no_longer_than_it_may(deaf: socket.socket) -> None:
    with Http(private_addresses=True, api=Manners(1, 0.0, 1)) as http:
        began = time.monotonic()
        with pytest.raises(SourceError, match="timed out"):
            http.get_json(f"http://127.0.0.1:{deaf.getsockname()[1]}/", limits=HURRIED)
        assert 0.25 < time.monotonic() - began < 10


def stops_soon(url: str, resolve: Callable[[str, int], list[Resolved]] | None = None) -> None:
    """Whatever `url` keeps the request busy with."""
    stop = threading.Event()
    ends: list[float | Exception] = []

    def ask(http: Http) -> None:
        try:
            http.get_json(url)
        except Stopped:
            ends.append(time.monotonic())
        except SourceError as error:
            ends.append(error)

    with Http(private_addresses=True, api=API, stop=stop, resolve=resolve) as http:
        asking = threading.Thread(target=ask, args=(http,))
        asking.start()
        time.sleep(0.3)
        assert asking.is_alive(), ends
        told = time.monotonic()
        stop.set()
        asking.join(10)
        assert isinstance(ends[0], float), ends
        assert ends[0] - told < 2
        with pytest.raises(Stopped):
            http.get_json(url)


API = Manners(connections=1, pause_seconds=0.0, attempts=3)


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        drip(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 1000),
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 7000000\r\n\r\n", b""),
        answer(b"", "Retry-After: 60", status="429 Too Many Requests"),
        redirect("/next"),
    ],
    ids=["silent", "dripping headers", "silent in the body", "asking to wait", "redirecting to silence"],
)
def test_a_request_that_is_told_to_stop_does(behaviour: bytes | Callable[[socket.socket], None]) -> None:
    with RawServer({"/": behaviour, "/next": silent}) as server:
        stops_soon(server.url())


def test_also_while_it_connects(deaf: socket.socket) -> None:
    stops_soon(f"http://127.0.0.1:{deaf.getsockname()[1]}/")


def test_also_in_the_middle_of_a_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # takes connections, and says nothing
        stops_soon(f"https://127.0.0.1:{listener.getsockname()[1]}/")


def test_also_while_a_name_is_looked_up() -> None:
    released = threading.Event()

    def hang(host: str, port: int) -> list[Resolved]:
        released.wait(20)
        return []

    try:
        stops_soon("http://slow.example/", hang)
    finally:
        released.set()


# Whatever comes


@pytest.fixture(scope="module")
def scribe() -> Iterator[RawServer]:
    with RawServer({}) as server:
        yield server


http_like = st.lists(
    st.sampled_from(
        [
            *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/0.9 200\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
            *(
                b"Content-Length: 5\r\n",
                b"Content-Length: 5, 6\r\n",
                b"Content-Length: -1\r\n",
                b"Content-Length: x\r\n",
            ),
            *(b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: gzip, br\r\n"),
            *(b"Location: http://[\r\n", b"Location: \xff\xfe\r\n", b"Location: //\r\n", b"Location: http://a:b/\r\n"),
            *(b"\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"zz\r\n", b"ffffffffffffffffff\r\n", b"-5\r\n", b"\x1f\x8b"),
            *(b": \r\n", b" folded\r\n", b"\x00", b"{}"),
        ]
    )
    | st.binary(max_size=8),
    max_size=12,
).map(b"".join)


@pytest.fixture(scope="module")
def patient() -> Iterator[Http]:
    with Http(
        private_addresses=True, pictures=Manners(1, 0.0, 1, first_backoff_seconds=0.0, given_up_after=10**6)
    ) as client:
        yield client


@given(text=http_like)
def test_whatever_comes_it_is_an_answer_or_a_refusal(scribe: RawServer, patient: Http, text: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.sendall(text)

    scribe.answers = {"/": say}
    limits = FetchLimits(max_bytes=1000, total_seconds=5, silence_seconds=5)
    try:
        body = patient.get_picture(scribe.url(), limits).body
    except DownloadRefused:
        return
    assert len(body) <= 1000
