"""One loopback server that is all five sources and the hosts of their pictures."""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.gathering_stand_in import bing, commons, gbif, inaturalist, openverse
from tests.gathering_stand_in.answers import Answer
from tests.gathering_stand_in.faults import Fault, Faults
from tests.gathering_stand_in.library import Library, Photo

HOST = "127.0.0.1"
KEY = "made-up-key-0123456789abcdef"
_CHUNK = bytes(64 * 1024)


@dataclass(frozen=True)
class Request:
    """A request that came: `path` without the query, `query` with the last value of each name, `at` in seconds.

    `several` has all values of each name.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    several: Mapping[str, list[str]]


class StandIn:
    """The sources at `url`/openverse, /wikimedia, /inaturalist, /gbif and /bing; pictures at /photos/WORD/NAME.

    `requests` tells what was asked, `faults` orders trouble, `most_at_once` tells how many requests were ever answered
    at the same time, by the first part of their path. Threads end with the `with`; a stream without an end ends too.
    """

    def __init__(self, library: Library | None = None, *, port: int = 0, key: str = KEY) -> None:
        self.library = library if library is not None else Library()
        self.key = key
        self.faults = Faults()
        self.requests: list[Request] = []
        self.most_at_once: Counter[str] = Counter()
        self.bytes_sent = 0
        self._at_once: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = _Server((HOST, self._port), _Handler)
        self._server.stand_in = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its root; known once it has started."""
        assert self._server is not None
        return f"http://{HOST}:{self._server.server_address[1]}"

    def settings(self) -> dict[str, str]:
        """What the environment must say so that gathering asks this server."""
        return {
            "DATA_OPENVERSE_URL": f"{self.url}/openverse",
            "DATA_WIKIMEDIA_URL": f"{self.url}/wikimedia",
            "DATA_INATURALIST_URL": f"{self.url}/inaturalist",
            "DATA_GBIF_URL": f"{self.url}/gbif",
            "AZURE_SEARCH_ENDPOINT": f"{self.url}/bing",
            "AZURE_SEARCH_KEY": self.key,
            "DATA_PRIVATE_ADDRESSES": "true",
        }

    def url_of(self, photo: Photo) -> str:
        return f"{self.url}{path_of(photo)}"

    def sized_url_of(self, photo: Photo) -> str:
        """Where iNaturalist has the picture: an address that names its size."""
        return f"{self.url}/photos/{photo.number}/large{PurePosixPath(photo.name).suffix}"

    def asked(self, where: str) -> list[Request]:
        """The requests to paths that start with `where`, in order."""
        with self._lock:
            return [request for request in self.requests if request.path.startswith(where)]

    # What the handler calls, from many threads.

    def note(self, request: Request) -> None:
        part = request.path.split("/")[1]
        with self._lock:
            self.requests.append(request)
            self._at_once[part] += 1
            self.most_at_once[part] = max(self.most_at_once[part], self._at_once[part])

    def done(self, request: Request) -> None:
        with self._lock:
            self._at_once[request.path.split("/")[1]] -= 1

    def sent(self, count: int) -> None:
        with self._lock:
            self.bytes_sent += count

    def wait(self, seconds: float) -> bool:
        """Wait; True: the server ends meanwhile."""
        return self._ending.wait(seconds)

    def answer(self, request: Request) -> Answer | Photo:
        """What the sources answer, by path."""
        library, query = self.library, request.query
        match request.path:
            case "/openverse/v1/images/":
                return openverse.images(library, query, self.url_of)
            case "/wikimedia/w/api.php":
                return commons.api(library, query, self.url_of)
            case "/inaturalist/v1/taxa":
                return inaturalist.taxa(library, query)
            case "/inaturalist/v1/observations":
                return inaturalist.observations(library, query, self.sized_url_of)
            case "/gbif/v1/species/match":
                return gbif.match(library, query)
            case "/gbif/v1/species/search":
                return gbif.species(library, query)
            case "/gbif/v1/occurrence/search":
                return gbif.occurrences(library, query, request.several.get("license"), self.url_of)
            case "/bing/v7.0/images/search":
                key = request.headers.get("ocp-apim-subscription-key")
                return bing.images(library, query, key, self.key, self.url_of)
        return self._photo(request.path) or Answer({"detail": "Not found."}, 404)

    def _photo(self, path: str) -> Photo | None:
        parts = [unquote(part) for part in path.split("/")[1:]]
        if len(parts) != 3 or parts[0] != "photos":
            return None
        if parts[1].isdecimal() and PurePosixPath(parts[2]).stem in ("large", "original"):
            return next((photo for photo in self.library.photos if photo.number == int(parts[1])), None)
        return self.library.photo(parts[1], parts[2])


def path_of(photo: Photo) -> str:
    """Where the picture lies on this server."""
    return f"/photos/{quote(photo.word)}/{quote(photo.name)}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    stand_in: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave in the middle are what many tests are about: no traceback on stderr."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StandIn"
    timeout = 30

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: `requests` tells more."""

    def do_GET(self) -> None:
        stand_in = cast(_Server, self.server).stand_in
        parts = urlsplit(self.path)
        several = parse_qs(parts.query, keep_blank_values=True)
        query = {name: values[-1] for name, values in several.items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(parts.path, query, headers, time.monotonic(), several)
        stand_in.note(request)
        try:
            with suppress(ConnectionError, TimeoutError):
                fault = stand_in.faults.take(request.path)
                if fault is None or not self._misbehave(fault, stand_in):
                    self._answer(stand_in.answer(request))
        finally:
            stand_in.done(request)

    do_HEAD = do_GET

    def _answer(self, answer: Answer | Photo) -> None:
        if isinstance(answer, Photo):
            self._send(200, {"Content-Type": answer.media_type}, answer.data)
        else:
            headers = {"Content-Type": "application/json", **answer.headers}
            self._send(answer.status, headers, json.dumps(answer.body).encode())

    def _misbehave(self, fault: Fault, stand_in: StandIn) -> bool:
        """Whether the request was answered, or left without an answer."""
        if fault.delay and stand_in.wait(fault.delay):
            return True
        if fault.hangs_up:
            self.close_connection = True
            return True
        if fault.status is None:
            return False
        if fault.endless:
            self._begin(fault.status, fault.headers, length=None)
            self.wfile.write(fault.body)
            while not stand_in.wait(0):
                self.wfile.write(_CHUNK)
                stand_in.sent(len(_CHUNK))
        elif fault.pause:
            self._begin(fault.status, fault.headers, length=len(fault.body))
            for place in range(len(fault.body)):
                if stand_in.wait(fault.pause):
                    break
                self.wfile.write(fault.body[place : place + 1])
        else:
            self._send(fault.status, fault.headers, fault.body)
        return True

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._begin(status, headers, length=len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _begin(self, status: int, headers: Mapping[str, str], *, length: int | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
