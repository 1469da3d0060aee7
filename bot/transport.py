"""HTTP requests to the Bot API server, by aiohttp: its parser is C, and it takes a fifth of httpx's time.

It keeps what python-telegram-bot's own `HTTPXRequest` promises: timeouts, limits, the environment's proxies and
certificates, no redirects, and nothing sent twice that is not safe to repeat. Addresses hold the token; therefore no
error from here quotes one, nor what a server said, nor has a cause that does.
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from model.certificates import trusted_certificates

if TYPE_CHECKING:
    from telegram._utils.types import FieldTuple, ODVInput  # the library publishes no names for these

_KEEP_SECONDS = 5.0  # as long as httpx keeps idle connections; servers close theirs later
_CHUNK_BYTES = 64 * 1024
_BUFFER_BYTES = 512 * 1024  # a photo comes without its reading being paused
_FORM = "application/x-www-form-urlencoded"
_QUOTED = re.compile(r'["\\\x00-\x1a\x1c-\x1f]')  # as browsers and httpx write names in forms

_POOL_IS_FULL = (
    "Pool timeout: all connections to the server are in use; the request was not sent. "
    "It may be sent again, or more connections be allowed."
)


class AiohttpRequest(BaseRequest):
    """One pool of connections to the Bot API server, open from `initialize` to `shutdown`; timeouts in seconds.

    `pool_timeout` is the wait for a free connection, `connect_timeout` the one for a new connection (with its name
    lookup and TLS), `read_timeout` the longest silence while reading, and `write_timeout` the longest time that a
    server takes nothing of an upload; all else fits into the socket's buffer. None waits for ever.
    """

    def __init__(
        self,
        connection_pool_size: int = 256,
        *,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 20.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 1.0,
    ) -> None:
        self._size = connection_pool_size
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(connection_pool_size)
        self._proxies: Mapping[str, str] = {}

    @property
    def read_timeout(self) -> float | None:
        """The longest silence while reading, unless a request names another."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the pool in the running event loop; does nothing if it is open."""
        if self._session is not None:
            return
        self._proxies = {scheme: address for scheme, address in getproxies().items() if address}
        self._free = asyncio.Semaphore(self._size)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # `_free` is the limit: so the wait for a connection has a timeout of its own
                ssl=trusted_certificates(),
                keepalive_timeout=_KEEP_SECONDS,
                resolver=aiohttp.ThreadedResolver(),  # the system's, whatever else is installed
            ),
            headers={"User-Agent": self.USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_BUFFER_BYTES,
        )

    async def shutdown(self) -> None:
        """Close all connections; does nothing if that is done."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        write_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        connect_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
        pool_timeout: "ODVInput[float]" = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; the status and the body of its answer, whatever they say.

        Raises `TimedOut`, or `NetworkError` if no whole answer came; a server may have done what it was asked to.
        """
        session = self._session
        if session is None:
            raise RuntimeError("this AiohttpRequest is not initialized: call initialize() first")
        timeout = aiohttp.ClientTimeout(
            connect=_seconds(connect_timeout, self._connect_timeout),
            sock_read=_seconds(read_timeout, self._read_timeout),
        )
        body = _body(request_data, _seconds(write_timeout, self._write_timeout))
        proxy = self._proxy_for(url) if self._proxies else None
        free = self._free
        await _take(free, _seconds(pool_timeout, self._pool_timeout))
        try:
            async with session.request(
                method, url, data=body, timeout=timeout, proxy=proxy, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as error:
            failure = _failure(error)
        finally:
            free.release()
        raise failure  # out here it has no context: aiohttp's errors quote the address

    def _proxy_for(self, url: str) -> str | None:
        """The proxy that the environment names for this address, by its scheme or for all, unless no_proxy frees it."""
        address = urlsplit(url)
        proxy = self._proxies.get(address.scheme) or self._proxies.get("all")
        if proxy is None or proxy_bypass(address.hostname or ""):
            return None
        scheme, separator, _ = proxy.partition("://")
        if not separator:
            return f"http://{proxy}"
        if scheme.lower() not in ("http", "https"):
            raise NetworkError(
                f"the environment's proxy for {address.scheme} is a {scheme}:// one: name one of http:// or https://, "
                "or put the server into NO_PROXY"
            )
        return proxy


async def _take(free: asyncio.Semaphore, seconds: float | None) -> None:
    """One of the free connections, or `TimedOut`."""
    if not free.locked():
        await free.acquire()
        return
    try:
        async with asyncio.timeout(seconds):
            await free.acquire()
    except TimeoutError:
        raise TimedOut(_POOL_IS_FULL) from None  # it tells nothing more


def _seconds(given: "ODVInput[float]", ours: float | None) -> float | None:
    """`given`, unless nothing was: then `ours`."""
    return given if given is None or isinstance(given, int | float) else ours


class _Upload(aiohttp.Payload):
    """Parameters and files as multipart/form-data; files can be sought, and are read as they are sent.

    Raises `TimeoutError` if the server takes nothing for `timeout` seconds.
    """

    def __init__(self, fields: Mapping[str, str], files: "Mapping[str, FieldTuple]", timeout: float | None) -> None:
        boundary = secrets.token_hex(16)
        super().__init__(None, content_type=f"multipart/form-data; boundary={boundary}")
        self._timeout = timeout
        self._parts: list[bytes | IO[bytes]] = []
        for name, value in fields.items():
            self._parts.append(f"--{boundary}\r\n{_disposition(name)}\r\n\r\n{value}\r\n".encode())
        for name, (file_name, content, media_type) in files.items():
            headers = f"{_disposition(name, file_name)}\r\nContent-Type: {media_type}"
            self._parts += [f"--{boundary}\r\n{headers}\r\n\r\n".encode(), content, b"\r\n"]
        self._parts.append(f"--{boundary}--\r\n".encode())
        self._size = sum(len(part) if isinstance(part, bytes) else part.seek(0, os.SEEK_END) for part in self._parts)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Nothing asks for it: files are no text."""
        raise TypeError("an upload cannot be decoded: send it with write()")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send all of it."""
        for part in self._parts:
            async for chunk in _chunks(part):
                async with asyncio.timeout(self._timeout):
                    await writer.write(chunk)


def _body(data: RequestData | None, write_timeout: float | None) -> aiohttp.Payload | None:
    if data is None:
        return None
    fields = data.json_parameters
    if data.contains_files:
        return _Upload(fields, data.multipart_data, write_timeout)
    return aiohttp.BytesPayload(urlencode(fields).encode(), content_type=_FORM) if fields else None


def _disposition(name: str, file_name: str | None = None) -> str:
    text = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    return f'{text}; filename="{_quoted(file_name)}"' if file_name else text


def _quoted(name: str) -> str:
    return _QUOTED.sub(lambda found: "\\\\" if found[0] == "\\" else f"%{ord(found[0]):02X}", name)


async def _chunks(part: bytes | IO[bytes]) -> AsyncIterator[bytes]:
    if isinstance(part, bytes):
        for start in range(0, len(part), _CHUNK_BYTES):
            yield part[start : start + _CHUNK_BYTES]
        return
    part.seek(0)
    while chunk := await asyncio.to_thread(part.read, _CHUNK_BYTES):
        yield chunk


def _failure(error: aiohttp.ClientError | OSError) -> TelegramError:
    """The library's error for one of aiohttp's, in words that hold nothing of the address or of the answer."""
    if isinstance(error, TimeoutError):
        return TimedOut()
    return NetworkError(f"{type(error).__name__}: {_reason(error)}")


def _reason(error: aiohttp.ClientError | OSError) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        return cause.strerror or type(cause).__name__  # the operating system's, the resolver's or OpenSSL's words
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # its own text may be aiohttp's
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer was cut off or cannot be decoded"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed the connection without an answer"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refused with status {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        return "what answers does not speak HTTP"
    if isinstance(error, aiohttp.InvalidURL):
        return "the server's address is not valid"
    return "the connection broke"
