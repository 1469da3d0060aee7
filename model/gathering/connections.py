"""Connections for requests that go only where they may, and that end when their watch says so.

urllib3 makes the connections; what is ours is how the socket comes about and how it waits. The names that a URL gives
are resolved once, the addresses are judged, and the socket is connected to one of just these. TLS still checks the
certificate against the name.
"""

import errno
import os
import queue
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.request import getproxies

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from model.certificates import trusted_certificates
from model.gathering.addresses import AddressGuard
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.watch import Watch

# family, type, protocol, canonical name, and the address that connect() takes: (address, port, ...)
Resolved = tuple[int, int, int, str, tuple[Any, ...]]
Resolve = Callable[[str, int], Sequence[Resolved]]

_RESOLVE_SECONDS = 20.0  # resolvers try their servers several times
_HOSTS_KEPT = 32  # whose idle connections are kept
# There is no such name, or it has no address: asking again gains nothing. (All else may pass.)
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class WatchedAdapter(HTTPAdapter):
    """Sends requests over guarded and watched connections, which it keeps: at most `kept` idle ones a host.

    A request runs wholly in the thread that makes it, body included: `watch` is what that thread's request may take,
    and is to be set before it. Proxies that the environment names play no part: they resolve names by themselves, past
    the guard.
    """

    def __init__(self, guard: AddressGuard, *, kept: int, resolve: Resolve | None = None) -> None:
        self._line = _Line(guard, resolve or _resolve)
        super().__init__(pool_connections=_HOSTS_KEPT, pool_maxsize=kept)

    @property
    def watch(self) -> Watch:
        """The watch over this thread's request."""
        return self._line.watch

    @watch.setter
    def watch(self, watch: Watch) -> None:
        self._line.watch = watch

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Have the pools make our connections."""
        plain, secure, tls_socket = _kinds(self._line)
        context = trusted_certificates()
        context.sslsocket_class = tls_socket
        super().init_poolmanager(connections, maxsize, block, ssl_context=context, **pool_kwargs)

        class Plain(HTTPConnectionPool):
            ConnectionCls = plain

        class Secure(HTTPSConnectionPool):
            ConnectionCls = secure

        self.poolmanager.pool_classes_by_scheme = {"http": Plain, "https": Secure}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to set up: the pools' context holds the certificates, and always verifies."""


def hinting_at_proxy(problem: str) -> str:
    """`problem`, which there would not be for who has to use a proxy, if that can be why."""
    if any(getproxies().get(scheme) for scheme in ("http", "https", "all")):
        return f"{problem} (directly; the environment's proxy is not used for gathering)"
    return problem


class _Line(threading.local):
    """What connections need to know of the request that the current thread makes."""

    watch: Watch

    def __init__(self, guard: AddressGuard, resolve: Resolve) -> None:
        self.guard = guard
        self.resolve = resolve

    def connect(self, host: str, port: int, options: Sequence[tuple[int, int, int | bytes]]) -> "_PlainSocket":
        """A connection to the first of the host's addresses that takes one."""
        found = self._addresses(host.strip("[]"), port)
        self.guard.check_resolved(host, port, (str(address[0]) for *_, address in found))
        failure: OSError = OSError(errno.EADDRNOTAVAIL, "no address")
        for family, kind, protocol, _, address in found:
            connection = _PlainSocket(family, kind, protocol)
            connection.line = self
            try:
                for option in options:
                    connection.setsockopt(*option)
                connection.reach(address)
                self.watch.connected()
                return connection
            except OSError as error:
                connection.close()
                failure = error
            except BaseException:  # also at Ctrl-C: no socket stays open
                connection.close()
                raise
        raise failure

    def _addresses(self, host: str, port: int) -> Sequence[Resolved]:
        """Resolves in a thread of its own: the system's resolver cannot be interrupted."""
        watch, answers = self.watch, queue.SimpleQueue[Sequence[Resolved] | Exception]()

        def ask() -> None:
            try:
                answers.put(self.resolve(host, port))
            except (OSError, UnicodeError, ValueError) as error:  # the latter two for names that are none
                answers.put(error)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        deadline = watch.deadline(_RESOLVE_SECONDS)
        while not watch.expired(deadline):
            try:
                answer = answers.get(timeout=watch.patience(deadline))
            except queue.Empty:
                continue
            if isinstance(answer, socket.gaierror) and answer.errno in _NO_SUCH_NAME:
                raise DownloadRefused(DropReason.DEAD_LINK, hinting_at_proxy(f"there is no host named {host}"))
            if isinstance(answer, OSError):
                raise answer
            if isinstance(answer, Exception):
                raise DownloadRefused(DropReason.ADDRESS, "the address names a host that cannot be")
            return answer
        raise TimeoutError(errno.ETIMEDOUT, "the name was not resolved in time")


class _Waits:
    """The waits of a socket, cut into glances at the watch of the thread that waits."""

    line: _Line

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """All that is read of an answer comes through here, headers too."""
        watch = self.line.watch
        while True:
            self.settimeout(watch.patience())  # type: ignore[attr-defined] # a socket's, see below
            try:
                count: int = super().recv_into(buffer, nbytes or 0, flags)  # type: ignore[misc] # likewise
            except TimeoutError:
                continue
            watch.received(count)
            return count


class _PlainSocket(_Waits, socket.socket):
    def reach(self, address: tuple[Any, ...]) -> None:
        """Connect to `address`. Raises `OSError`."""
        watch = self.line.watch
        self.setblocking(False)
        state = self.connect_ex(address)
        deadline = watch.deadline(watch.limits.connect_seconds)
        writable = select.poll()
        writable.register(self, select.POLLOUT)
        while state == errno.EINPROGRESS:
            if watch.expired(deadline):
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            if writable.poll(watch.patience(deadline) * 1000):
                state = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if state:
            raise OSError(state, os.strerror(state))
        self.settimeout(watch.limits.silence_seconds)  # for sending


class _TlsSocket(_Waits, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        """OpenSSL goes on where it was interrupted."""
        watch = self.line.watch
        while True:
            try:
                self.settimeout(watch.patience())
                super().do_handshake(block)
            except TimeoutError:
                continue
            except BaseException:  # who wraps sockets closes them after the system's errors only
                self.close()
                raise
            self.settimeout(watch.limits.silence_seconds)  # for sending
            return


def _kinds(line: _Line) -> tuple[type[HTTPConnection], type[HTTPSConnection], type[ssl.SSLSocket]]:
    """urllib3 and ssl make connections by class, so `line` has to be the classes'."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _open(self, line)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _open(self, line)

    class Tls(_TlsSocket):
        pass

    Tls.line = line
    return Plain, Secure, Tls


def _open(connection: HTTPConnection, line: _Line) -> socket.socket:
    """In place of urllib3's own way to make sockets, which asks the resolver and connects in one step."""
    opened = line.connect(connection.host, connection.port, connection.socket_options or ())
    sys.audit("http.client.connect", connection, connection.host, connection.port)  # as urllib3 does
    return opened


def _resolve(host: str, port: int) -> Sequence[Resolved]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
