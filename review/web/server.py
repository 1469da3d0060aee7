"""Serves a page until Ctrl-C or SIGTERM."""

import errno
import ipaddress
import os
import signal
import socket
from contextlib import suppress
from math import ceil

import uvicorn
from starlette.types import ASGIApp

from review.errors import ReviewError
from review.web.connections import MOST, SILENT, Connection, ProxiedConnection
from review.web.door import PROXIES

_GRACE_SECONDS = 3  # what is in hand then is cut off


class CannotListen(ReviewError):
    """The address cannot be had."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises `CannotListen`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"--host {host}: no such address here ({error.strerror})") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(MOST)  # here already: two programs may bind a port, but only one gets to listen
    except OSError as error:
        listening.close()
        reason = "another program listens there" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        raise CannotListen(
            f"port {port} on {host} cannot be had ({reason}): choose another with --port, or 0 for a free one"
        ) from error
    return listening


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_for(app: ASGIApp, *, behind_proxy: bool = False) -> uvicorn.Server:
    """A server that tells nobody what it is, and writes no line for each request."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=ProxiedConnection if behind_proxy else Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # who looks at what is nobody's business
            server_header=False,
            proxy_headers=behind_proxy,  # believed from this machine only
            forwarded_allow_ips=",".join(PROXIES),
            limit_concurrency=MOST,
            timeout_keep_alive=ceil(SILENT),
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


def serve(app: ASGIApp, listening: socket.socket, *, behind_proxy: bool = False) -> None:
    """Serve until the process is told to end."""
    # uvicorn ends in order at both signals, and then raises them again: as the one that Python can catch.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # that is how it ends
        server_for(app, behind_proxy=behind_proxy).run(sockets=[listening])
