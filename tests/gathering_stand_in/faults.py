"""Trouble that a test orders from the stand-in: for the next requests, or for all, to paths that start like this."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Fault:
    """What happens to a request whose path starts with `where`; `times` requests meet it, None: all.

    After `delay` seconds comes `status` with `headers` and `body`, or with `hangs_up` nothing at all. `endless` sends
    `body` again and again until the client leaves; `pause` seconds lie between the bytes that are sent, if any. With
    neither status nor body nor hanging up the request is only late, and then answered as always.
    """

    where: str
    times: int | None = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    hangs_up: bool = False
    endless: bool = False
    pause: float = 0.0

    @classmethod
    def flood(cls, where: str, *, retry_after: str | int | None = 1, times: int | None = 1) -> Self:
        """429, as sources answer whoever asks too often; `retry_after` in seconds or an HTTP date."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        body = b'{"detail": "Request was throttled. Expected available in 1 second."}'
        return cls(where, times, 429, {"Content-Type": "application/json", **headers}, body)

    @classmethod
    def broken(cls, where: str, *, status: int = 500, times: int | None = 2) -> Self:
        """A server error, and after `times` of them all is well."""
        return cls(where, times, status, {"Content-Type": "text/html"}, b"<h1>Server Error</h1>")

    @classmethod
    def dead(cls, where: str, *, status: int = 404, times: int | None = None) -> Self:
        """A dead link: 404, or 410."""
        return cls(where, times, status, {"Content-Type": "text/html"}, b"<h1>Not Found</h1>")

    @classmethod
    def slow(cls, where: str, seconds: float, *, times: int | None = None) -> Self:
        """The right answer, late."""
        return cls(where, times, delay=seconds)

    @classmethod
    def redirect(cls, where: str, to: str, *, status: int = 302, times: int | None = None) -> Self:
        """Sends the client to another address."""
        return cls(where, times, status, {"Location": to})

    @classmethod
    def says(cls, where: str, body: bytes, media_type: str, *, status: int = 200, times: int | None = None) -> Self:
        """Something else than what belongs there: HTML in place of JSON, an SVG that is named .jpg."""
        return cls(where, times, status, {"Content-Type": media_type}, body)

    @classmethod
    def stream(cls, where: str, *, start: bytes = b"", times: int | None = None) -> Self:
        """A stream without an end: `start`, then 64 KiB of zeros after 64 KiB of zeros."""
        return cls(where, times, 200, {"Content-Type": "image/jpeg"}, start, endless=True)

    @classmethod
    def drip(cls, where: str, body: bytes, *, pause: float, times: int | None = None) -> Self:
        """`body`, a byte every `pause` seconds."""
        return cls(where, times, 200, {"Content-Type": "image/jpeg"}, body, pause=pause)

    @classmethod
    def silence(cls, where: str, *, times: int | None = None) -> Self:
        """Hangs up without a word."""
        return cls(where, times, hangs_up=True)


class Faults:
    """The faults that are ordered; the first that fits is met. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[list[Fault | int | None]] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._ordered.extend([fault, fault.times] for fault in faults)

    def clear(self) -> None:
        with self._lock:
            self._ordered.clear()

    def take(self, path: str) -> Fault | None:
        with self._lock:
            for entry in self._ordered:
                fault, left = entry
                assert isinstance(fault, Fault)
                if path.startswith(fault.where) and left != 0:
                    entry[1] = None if left is None else int(left) - 1  # type: ignore[arg-type] # this half is the number
                    return fault
        return None
