"""Connections that ask for nothing, or for ever: they are closed, and keep nobody out meanwhile."""

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from review.web import exchange
from review.web.connections import MOST, MOST_OF_ADDRESS, Connection


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(Connection, "asked_within", 0.5)
    return 0.5


def opened(served: Any, address: str = "127.0.0.1") -> contextlib.closing[socket.socket]:
    return contextlib.closing(socket.create_connection(("127.0.0.1", served.port), 20, (address, 0)))


def seconds_until_closed(connection: socket.socket, drip: Callable[[], None] = lambda: None) -> float:
    began = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - began < 10:
        with contextlib.suppress(TimeoutError):
            try:
                if not connection.recv(65536):
                    return time.monotonic() - began
            except ConnectionError:
                return time.monotonic() - began
        with contextlib.suppress(ConnectionError):
            drip()
    pytest.fail("it was never closed")


def test_a_connection_that_asks_for_nothing_is_closed(served: Any, soon: float) -> None:
    with opened(served) as silent:
        assert seconds_until_closed(silent) >= soon / 2


def test_a_head_that_drips_in_is_not_waited_for(served: Any, soon: float) -> None:
    with opened(served) as slow:
        slow.sendall(b"GET /login HTTP/1.1\r\n")
        seconds_until_closed(slow, lambda: slow.sendall(b"X: y\r\n"))


def test_between_requests_there_is_more_time_but_not_for_ever(
    served: Any, soon: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "silent", 6 * soon)
    with opened(served) as slow:
        for _ in range(2):
            slow.sendall(b"GET /login HTTP/1.1\r\n")
            slow.sendall(b"Host: localhost\r\n\r\n")
            while b"</html>" not in slow.recv(65536):
                pass
            time.sleep(1.2 * soon)
        slow.sendall(b"GET /login HTTP/1.1\r\n")
        assert seconds_until_closed(slow, lambda: slow.sendall(b"X: y\r\n")) < 6 * soon, (
            "as before: dripping is no sign"
        )


def test_a_body_that_drips_in_is_not_waited_for(served: Any, soon: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_WITHIN", 0.5)
    with opened(served) as slow:
        head = f"POST /api/login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:{served.port}\r\n"
        head = head.replace("Host: localhost", f"Host: localhost:{served.port}")
        slow.sendall(f'{head}Content-Length: 1000\r\n\r\n{{"token": "'.encode())
        assert slow.recv(65536).startswith(b"HTTP/1.1 408")
        seconds_until_closed(slow, lambda: slow.sendall(b"x"))


def test_one_address_does_not_have_all_connections(served: Any) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(MOST + 20):
            with contextlib.suppress(ConnectionError):
                held.enter_context(opened(served, "127.0.0.2"))
        served.wait_for(lambda: len(served._server.server_state.connections) == MOST_OF_ADDRESS)
        with served.client() as http:
            assert http.http.get("/login").status_code == 200
