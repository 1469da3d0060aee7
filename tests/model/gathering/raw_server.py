"""A server on loopback that sends just the bytes it is told to, however wrong they are."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Answer = bytes | Callable[[socket.socket], None]


@dataclass(frozen=True)
class Visit:
    """A request that came; header names are in lower case. `at`: seconds of the monotonic clock."""

    path: str
    headers: Mapping[str, str]
    at: float
    connection: int


@dataclass
class RawServer:
    """Answers each path by bytes, or by a function that is given the connection; of several, each visit takes the next.

    After a function the connection is closed; after bytes it waits for the next request. Unknown paths get 404.
    """

    answers: Mapping[str, Answer | list[Answer]]
    address: str = "127.0.0.1"
    port: int = 0
    context: ssl.SSLContext | None = None
    visits: list[Visit] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.address, self.port))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS has a say in its own way of doing that
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "an answer does not end when its connection does"

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Where `path` is."""
        scheme = "https" if self.context else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(self._open.discard, connection)
            stack.enter_context(connection)
            if self.context is not None:
                # Wrapping detaches the plain one; ending is by the file number, which both have.
                connection = stack.enter_context(self.context.wrap_socket(connection, server_side=True))
                self._open.add(connection)
                stack.callback(self._open.discard, connection)
            reader = stack.enter_context(connection.makefile("rb"))
            while (request := reader.readline().decode("latin-1")).startswith("GET "):
                if not self._answer(connection, request, reader, number):
                    break

    def _answer(self, connection: socket.socket, request: str, lines: Iterator[bytes], number: int) -> bool:
        headers = {}
        for line in iter(lambda: next(lines), b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        path = request.split(" ")[1]
        self.visits.append(Visit(path, headers, time.monotonic(), number))
        answer = self.answers.get(path.partition("?")[0], NOT_FOUND)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return True
        answer(connection)
        return False


def answer(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer with `headers` ("Name: value") whose Content-Length is right, unless `length` is given."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def redirect(target: str, status: str = "302 Found", body: bytes = b"") -> bytes:
    """Somewhere else."""
    return answer(body, f"Location: {target}", status=status)


def drip(text: bytes, seconds: float = 0.05) -> Callable[[socket.socket], None]:
    """One byte after the other, with pauses between them; after the last, again from the start."""

    def send(connection: socket.socket) -> None:
        while True:
            for position in range(len(text)):
                connection.sendall(text[position : position + 1])
                time.sleep(seconds)

    return send


def endless(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """`head`, and then `piece` for ever (10 GB, for all that anybody may wait)."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return send


def silent(connection: socket.socket) -> None:
    """Says nothing until the other side leaves."""
    connection.recv(1)


NOT_FOUND = answer(b"not here", status="404 Not Found")
