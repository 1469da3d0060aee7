"""Connections to the page: whoever opens one and asks for nothing, or takes for ever to ask, keeps nobody else out."""

from asyncio import BaseTransport, TimerHandle
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256  # connections altogether; uvicorn refuses requests above that
MOST_OF_ADDRESS = 128  # many browsers behind one address have six each; one address never has them all
ASKED_WITHIN = 10.0  # seconds: from a connection's beginning to the end of its first request's head
SILENT = 20.0  # seconds: between requests; browsers open another connection


class Connection(H11Protocol):
    """uvicorn's, which waits for the head of a request no longer than that, however it drips in.

    (uvicorn's own time for idle connections begins with the first answer, and any byte ends it.)
    """

    most_of_address = MOST_OF_ADDRESS
    asked_within = ASKED_WITHIN
    silent = SILENT

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._closing: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """It began."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it: a server's are whole
        if self._of_this_address() > self.most_of_address:
            self.transport.close()
        else:
            self._wait(self.asked_within)

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        super().data_received(data)
        if self._at_work():
            self._wait(None)
        elif self._closing is None:
            self._wait(self.asked_within)

    def on_response_complete(self) -> None:
        """An answer went out; with requests that came before it, the next is at work already."""
        super().on_response_complete()
        self._wait(None if self._at_work() else self.silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended."""
        self._wait(None)
        super().connection_lost(exc)

    def _at_work(self) -> bool:
        """Whether a request's head came to its end, and its answer did not."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self, seconds: float | None) -> None:
        """Close it then, in place of what was said before; None: not at all."""
        if self._closing is not None:
            self._closing.cancel()
        self._closing = None if seconds is None else self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _of_this_address(self) -> int:
        if self.client is None:
            return 0
        others = (one for one in self.connections if isinstance(one, Connection) and one.client is not None)
        return sum(one.client is not None and one.client[0] == self.client[0] for one in others)


class ProxiedConnection(Connection):
    """All come from the proxy's address, which may have them all."""

    most_of_address = MOST
