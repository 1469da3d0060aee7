"""A small HTTP server of our own inside the running event loop: for the webhook and for the metrics."""

import asyncio
import os
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.errors import CannotListen
from bot.settings import Address

_HEADER_SECONDS = 10.0  # in which the head of a request must come
_MOST_CONNECTIONS = 128  # Telegram opens at most 100; more are told to come again (503)


class Listener:
    """Serves `app` at `address` between `start` and `stop`; `setting` is what people would change if it is taken."""

    def __init__(self, app: ASGIApp, address: Address, *, setting: str) -> None:
        self._app = app
        self.address = address
        self._setting = setting
        self._server: asyncio.Server | None = None
        self._state = ServerState()

    async def start(self) -> None:
        """Listen; raises `CannotListen`. `address` then holds the port that was given for port 0."""
        # Only uvicorn's HTTP protocol: its server would take over the signals of the program it is part of.
        config = uvicorn.Config(
            self._app,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
        )
        config.load()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Connection(config, self._state, {}), self.address.host, self.address.port
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CannotListen(f"{self.address} cannot be had ({reason}): choose another {self._setting}") from error
        self.address = Address(self.address.host, self._server.sockets[0].getsockname()[1])

    async def stop(self, seconds: float) -> None:
        """Take no new connection and let requests in hand end for at most `seconds`; the second time does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in list(self._state.connections):
            connection.shutdown()  # at once where nothing is in hand, else after the answer
        if self._state.tasks:
            _, late = await asyncio.wait(set(self._state.tasks), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(self._state.connections):
            transport: asyncio.Transport | None = getattr(connection, "transport", None)
            if transport is not None:
                transport.close()
        await asyncio.sleep(0)  # the loop closes the connections


class _Connection(H11Protocol):
    """uvicorn's connection, closed when nothing sensible comes in time: silent ones would use up the places."""

    def __init__(self, config: uvicorn.Config, state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, state, app_state)
        self._silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._silence = self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._wants_head():
            self._stop_waiting()
        elif self._silence is None:
            self._silence = self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wants_head(self) -> bool:
        """Between requests, or in the middle of a head. What comes after it is the application's to wait for."""
        return self.cycle is None or self.cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._silence = None

    def _close_if_silent(self) -> None:
        self._silence = None
        if self._wants_head():
            self.transport.close()
