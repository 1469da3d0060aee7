"""Requests over HTTP: httpx would have sent the same, every failure has its error, and none tells the token."""

import asyncio
import gc
import gzip
import io
import logging
import os
import shutil
import socket
import ssl
import struct
import subprocess
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, InputMediaPhoto
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.transport import AiohttpRequest

pytestmark = pytest.mark.anyio

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"
SECRET = TOKEN.partition(":")[2]
OK = b'{"ok": true, "result": true}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n" + OK

Answer = Callable[["Request", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool | None]]


@dataclass(frozen=True)
class Request:
    """What arrived, over which connection (counted from 1)."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


def bytes_of(content: bytes, *, then_close: bool = False) -> Answer:
    """Answers with these bytes."""

    async def answer(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(content)
        await writer.drain()
        return then_close

    return answer


async def silence(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    await reader.read()  # until the client has gone
    return True


async def reset(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no farewell
    writer.transport.abort()
    return True


class Server:
    """Speaks HTTP on a loopback port as each test wants it: one answer a request, the last one for all that follow."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[Answer] = [bytes_of(WHOLE)]
        self.reads = True
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.cut: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot{TOKEN}/sendMessage"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self.cut.append(writer)
        connection = self.connections
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    request = await self._read(reader, connection)
                    self.requests.append(request)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                    if await answer(request, reader, writer):
                        break
        finally:
            self.open -= 1
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, connection: int) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
        body = b""
        if not self.reads:
            await asyncio.sleep(3600)
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(line, headers, body, connection)


@asynccontextmanager
async def served(serve: Callable[..., Any], **more: Any) -> AsyncIterator[int]:
    """A port where `serve` is called for each connection."""
    tasks: set[asyncio.Task[Any]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers.append(writer)
        with suppress(asyncio.CancelledError):
            await serve(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **more)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # also of those that wait to be read to their end, which nobody does any more
            writer.transport.abort()
        await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with served(server.serve) as server.port:
        yield server


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No proxies and certificates but a test's own."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
async def client(quiet_environment: pytest.MonkeyPatch) -> AsyncIterator[AiohttpRequest]:
    async with AiohttpRequest(read_timeout=2) as client:
        yield client


async def failure_of(client: BaseRequest, url: str, method: str = "POST", **more: Any) -> NetworkError:
    """The error of a request, which must tell no secret: not in its words, its causes nor its traceback."""
    with pytest.raises(NetworkError) as caught:
        await client.do_request(url, method, **more)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or str(error.__context__) == ""
    # Without pytest's own frames; local variables are not printed, but the lines of the source are.
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error) + str(error)
    return error


@pytest.fixture(autouse=True)
async def nothing_told(anyio_backend: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """No log line tells the token, even if all are wanted; no task or future ends with an error that nobody saw."""
    unseen: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(f"{context}"))
    loop.set_debug(True)
    gc.freeze()  # so that the collection below has only this test's objects to look at
    with caplog.at_level(logging.DEBUG):
        yield
        gc.collect()
        await asyncio.sleep(0)
    gc.unfreeze()
    loop.set_debug(False)
    # A server tells if a client breaks off the greeting of TLS, as it must where it does not trust it.
    assert not [told for told in unseen if "Error on transport creation for incoming connection" not in told]
    for record in caplog.records:
        if not record.name.startswith(("httpx", "httpcore", "telegram")):
            assert SECRET not in record.getMessage()


async def test_a_call_goes_out_as_a_form(server: Server, client: AiohttpRequest) -> None:
    bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{server.port}/bot", request=client)
    await bot.send_chat_action(-1001, "typing", message_thread_id=7)
    (request,) = server.requests
    assert request.line == f"POST /bot{TOKEN}/sendChatAction HTTP/1.1"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["user-agent"] == BaseRequest.USER_AGENT
    assert parse_qs(request.body.decode()) == {"chat_id": ["-1001"], "action": ["typing"], "message_thread_id": ["7"]}


async def test_a_call_without_parameters_has_no_body(server: Server, client: AiohttpRequest) -> None:
    assert await client.do_request(server.url, "POST", RequestData()) == (200, OK)
    assert await client.do_request(server.url, "GET") == (200, OK)
    post, get = server.requests
    assert (post.headers["content-length"], post.body) == ("0", b"")
    assert "content-length" not in get.headers


def at_its_end(content: bytes) -> IO[bytes]:
    file = io.BytesIO(content)
    file.seek(0, os.SEEK_END)
    return file


BUTTON = InlineKeyboardButton("Wrong", callback_data="w:1")
LARGE = bytes(range(256)) * 1000


@pytest.mark.parametrize(
    "send",
    [
        lambda bot: bot.send_message(1, "ñ € 🐻 & = + %\n<b>", reply_markup=InlineKeyboardMarkup.from_button(BUTTON)),
        lambda bot: bot.send_photo(1, LARGE, caption="ursus ñ"),
        lambda bot: bot.send_document(1, InputFile(b"{}", filename='a "b"\\c\r\nñ 熊.json')),
        lambda bot: bot.send_document(1, InputFile(at_its_end(LARGE), filename="x.zip", read_file_handle=False)),
        lambda bot: bot.send_media_group(1, [InputMediaPhoto(b"one"), InputMediaPhoto(b"two", caption="2")]),
        lambda bot: bot.send_document(1, InputFile(b"", filename="empty.txt")),
    ],
    ids=["text", "photo", "awkward name", "file", "album", "empty file"],
)
async def test_the_same_arrives_as_from_httpx(
    server: Server, client: AiohttpRequest, send: Callable[[Bot], Awaitable[object]]
) -> None:
    server.answers = [
        bytes_of(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 33\r\n\r\n{"ok": false, "description": "x"}')
    ]
    async with HTTPXRequest() as other:
        for request in (client, other):
            bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{server.port}/bot", request=request)
            with pytest.raises(NetworkError, match="x"):
                await send(bot)
    ours, theirs = (without_random_parts(request) for request in server.requests)
    assert ours == theirs


def without_random_parts(request: Request) -> tuple[object, ...]:
    body, kind = request.body, request.headers["content-type"]
    boundary = kind.partition("boundary=")[2]
    if boundary:
        assert body.count(boundary.encode()) > 1
        body, kind = body.replace(boundary.encode(), b"(boundary)"), kind.replace(boundary, "(boundary)")
    parts = body.split(b"attached")  # and 32 random digits, one name for each file of an album
    body = parts[0] + b"".join(part[32:] for part in parts[1:])
    framing = {name: request.headers.get(name) for name in ("content-length", "transfer-encoding")}
    return request.line, kind, framing, body


@pytest.mark.parametrize("status", [400, 401, 409, 429, 500, 502])
async def test_a_refusal_brings_its_body(server: Server, client: AiohttpRequest, status: int) -> None:
    server.answers = [bytes_of(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}" % status)]
    assert await client.do_request(server.url, "POST") == (status, b"{}")


async def test_a_redirect_is_not_followed(server: Server, client: AiohttpRequest) -> None:
    away = f"HTTP/1.1 302 Found\r\nLocation: {server.url}\r\nContent-Length: 0\r\n\r\n"
    server.answers = [bytes_of(away.encode()), bytes_of(WHOLE)]
    assert await client.do_request(server.url, "POST") == (302, b"")
    assert len(server.requests) == 1


async def test_compressed_and_chunked_answers_are_read(server: Server, client: AiohttpRequest) -> None:
    packed = gzip.compress(LARGE)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.answers = [bytes_of(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed))]
    assert await client.do_request(server.url, "GET") == (200, LARGE)
    assert "gzip" in server.requests[0].headers["accept-encoding"]


async def test_a_large_file_comes_whole(server: Server, client: AiohttpRequest) -> None:
    file = os.urandom(20 * 1024 * 1024)
    server.answers = [bytes_of(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(file), file))]
    status, body = await client.do_request(server.url, "GET")
    assert (status, body == file) == (200, True)


ECHO = f"http://127.0.0.1/bot{TOKEN}/sendMessage".encode()  # as proxies and servers quote it in their trouble


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (bytes_of(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ECHO, then_close=True), "the answer was cut off"),
        (
            bytes_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", then_close=True),
            "the answer was cut off",
        ),
        (
            bytes_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
            "the answer was cut off or cannot be decoded",
        ),
        (bytes_of(b"", then_close=True), "ServerDisconnectedError: the server closed the connection without an answer"),
        (bytes_of(b"HTTP/1.1 200 OK\r\nX: " + ECHO, then_close=True), "ServerDisconnectedError"),
        (bytes_of(b"SSH-2.0 " + ECHO + b"\r\n\r\n", then_close=True), "does not speak HTTP"),
        (bytes_of(b"HTTP/1.1 200 OK\r\n" + ECHO + b"\x00: 1\r\n\r\n", then_close=True), "does not speak HTTP"),
        (reset, "Connection reset by peer"),
    ],
    ids=["cut off", "chunk cut off", "not gzip", "no answer", "half a head", "not HTTP", "malformed header", "reset"],
)
async def test_half_an_answer_is_a_failure(server: Server, client: AiohttpRequest, answer: Answer, words: str) -> None:
    server.answers = [answer]
    error = await failure_of(client, server.url)
    assert words in error.message
    assert type(error) is NetworkError


async def test_nobody_there(client: AiohttpRequest, free_port: int) -> None:
    error = await failure_of(client, f"http://127.0.0.1:{free_port}/bot{TOKEN}/getMe")
    assert "ClientConnectorError" in error.message
    assert "Connect call failed" in error.message


@pytest.mark.parametrize("url", [f"http://[/bot{TOKEN}/getMe", f"/bot{TOKEN}/getMe", f"ftp://x/bot{TOKEN}/getMe"])
async def test_no_address_at_all(client: AiohttpRequest, url: str) -> None:
    await failure_of(client, url)


async def test_waiting_ends(server: Server, client: AiohttpRequest) -> None:
    server.answers = [silence]
    assert type(await failure_of(client, server.url, read_timeout=0.1)) is TimedOut
    server.answers = [bytes_of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"), silence]
    assert type(await failure_of(client, server.url, "GET", read_timeout=0.1)) is TimedOut


async def test_a_connection_that_does_not_come_about_is_given_up(server: Server, client: AiohttpRequest) -> None:
    # It never answers the greeting of TLS, which belongs to the connecting.
    secure = server.url.replace("http:", "https:")
    assert type(await failure_of(client, secure, connect_timeout=0.1)) is TimedOut


async def test_an_upload_that_nobody_takes_is_given_up(server: Server, client: AiohttpRequest) -> None:
    server.reads = False
    bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{server.port}/bot", request=client)
    with pytest.raises(TimedOut) as caught:
        await bot.send_document(1, InputFile(bytes(20_000_000), filename="x"), write_timeout=0.2, read_timeout=60)
    assert caught.value.__context__ is None


async def test_an_upload_that_breaks_off_is_a_failure(server: Server, client: AiohttpRequest) -> None:
    server.reads = False
    bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{server.port}/bot", request=client)
    sending = asyncio.create_task(bot.send_document(1, InputFile(bytes(20_000_000), filename="x")))
    while not server.cut:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    server.cut[0].transport.abort()
    with pytest.raises(NetworkError) as caught:
        await sending
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_refused_upload_tells_why(server: Server, client: AiohttpRequest) -> None:
    """A server that answers before it has read all, and hangs up."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        while await reader.read(65536):
            pass

    async with served(refuse) as port:
        bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{port}/bot", request=client)
        with pytest.raises(NetworkError, match=r"\(413\)"):
            await bot.send_document(1, InputFile(bytes(20_000_000), filename="x"))


async def test_what_may_have_been_done_is_not_asked_for_twice(server: Server, client: AiohttpRequest) -> None:
    server.answers = [bytes_of(WHOLE), bytes_of(b"", then_close=True), bytes_of(WHOLE)]
    await client.do_request(server.url, "POST")
    await failure_of(client, server.url)  # over the same connection, which breaks when the request has arrived
    assert [request.connection for request in server.requests] == [1, 1]


async def test_connections_are_used_again(server: Server, client: AiohttpRequest) -> None:
    for _ in range(3):
        await client.do_request(server.url, "POST")
    assert server.connections == 1


async def test_a_connection_closed_meanwhile_is_replaced(server: Server, client: AiohttpRequest) -> None:
    server.answers = [bytes_of(WHOLE, then_close=True)]
    for _ in range(3):
        assert await client.do_request(server.url, "POST") == (200, OK)
        await asyncio.sleep(0.05)  # time for the server to hang up
    assert server.connections == len(server.requests) == 3


async def test_there_are_no_more_connections_than_allowed(server: Server, quiet_environment: object) -> None:
    async def slowly(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        writer.write(WHOLE)

    server.answers = [slowly]
    async with AiohttpRequest(2, pool_timeout=None) as client:
        answers = await asyncio.gather(*(client.do_request(server.url, "POST") for _ in range(9)))
    assert answers == [(200, OK)] * 9
    assert server.most_open == server.connections == 2


async def test_the_wait_for_a_connection_ends(server: Server, quiet_environment: object) -> None:
    server.answers = [silence, bytes_of(WHOLE)]
    async with AiohttpRequest(1, pool_timeout=0.05) as client:
        hanging = asyncio.create_task(client.do_request(server.url, "POST", read_timeout=None))
        while not server.requests:
            await asyncio.sleep(0.01)
        error = await failure_of(client, server.url)
        assert isinstance(error, TimedOut)
        assert "the request was not sent" in error.message
        hanging.cancel()  # gives its place back, and its connection up
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert await client.do_request(server.url, "POST") == (200, OK)
    assert server.connections == 2


async def test_it_opens_and_closes_again(server: Server, quiet_environment: object) -> None:
    client = AiohttpRequest(read_timeout=7)
    assert client.read_timeout == 7
    with pytest.raises(RuntimeError, match="initialize"):
        await client.do_request(server.url, "POST")
    await client.shutdown()
    for _ in range(2):
        await client.initialize()
        await client.initialize()
        assert await client.do_request(server.url, "POST") == (200, OK)
        await client.shutdown()
        await client.shutdown()
    with pytest.raises(RuntimeError, match="initialize"):
        await client.do_request(server.url, "POST")


async def test_it_does_not_tell_what_it_asks_for(server: Server, client: AiohttpRequest) -> None:
    await client.do_request(server.url, "POST")
    assert SECRET not in f"{client!r}{client}"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
async def test_the_proxy_of_the_environment_is_asked(
    server: Server, quiet_environment: pytest.MonkeyPatch, name: str
) -> None:
    quiet_environment.setenv(name, f"http://me:pass@127.0.0.1:{server.port}")
    async with AiohttpRequest() as client:
        assert await client.do_request("http://api.test/x", "POST") == (200, OK)
        quiet_environment.setenv("no_proxy", "127.0.0.1,api.test")
        direct = await client.do_request(server.url, "POST")
    assert direct == (200, OK)
    proxied, not_proxied = server.requests
    assert proxied.line == "POST http://api.test/x HTTP/1.1"
    assert proxied.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
    assert not_proxied.line.startswith("POST /bot")
    assert "proxy-authorization" not in not_proxied.headers


async def test_a_proxy_without_a_scheme_speaks_http(server: Server, quiet_environment: pytest.MonkeyPatch) -> None:
    quiet_environment.setenv("http_proxy", f"127.0.0.1:{server.port}")
    async with AiohttpRequest() as client:
        assert await client.do_request("http://api.test/x", "POST") == (200, OK)


async def test_a_proxy_of_another_kind_is_named(server: Server, quiet_environment: pytest.MonkeyPatch) -> None:
    quiet_environment.setenv("ALL_PROXY", f"socks5://me:pass@127.0.0.1:{server.port}")
    async with AiohttpRequest() as client:
        error = await failure_of(client, server.url)
    assert "socks5:// one: name one of http:// or https://" in error.message
    assert "pass" not in error.message
    assert not server.requests


async def test_a_proxy_that_refuses_is_told(server: Server, quiet_environment: pytest.MonkeyPatch) -> None:
    server.answers = [bytes_of(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")]
    quiet_environment.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
    async with AiohttpRequest() as client:
        error = await failure_of(client, f"https://api.test/bot{TOKEN}/getMe")
    assert "the proxy refused with status 407" in error.message
    assert SECRET not in server.requests[0].line


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1 that it has signed itself, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: it makes the certificate for these tests")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(["openssl", *made.split(), *files], check=True, capture_output=True)
    with path.open("a") as both:
        both.write(Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
async def secure(server: Server, certificate: Path) -> AsyncIterator[str]:
    """The address of `server` behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with served(server.serve, ssl=context) as port:
        yield f"https://127.0.0.1:{port}/bot{TOKEN}/getMe"


async def test_a_server_that_proves_nothing_is_not_told_the_token(
    server: Server, secure: str, client: AiohttpRequest
) -> None:
    error = await failure_of(client, secure)
    assert "certificate verify failed" in error.message
    assert not server.requests


async def test_a_server_must_be_who_it_says(
    server: Server, secure: str, certificate: Path, quiet_environment: pytest.MonkeyPatch
) -> None:
    quiet_environment.setenv("SSL_CERT_FILE", str(certificate))
    async with AiohttpRequest() as client:
        error = await failure_of(client, secure.replace("127.0.0.1", "localhost"))
    assert "CertificateError" in error.message
    assert not server.requests


@pytest.mark.parametrize("through_a_proxy", [False, True])
async def test_certificates_that_the_environment_names_are_trusted(
    server: Server, secure: str, certificate: Path, quiet_environment: pytest.MonkeyPatch, through_a_proxy: bool
) -> None:
    quiet_environment.setenv("SSL_CERT_FILE", str(certificate))
    lines: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readuntil(b"\r\n\r\n"))
        _, address, _ = lines[-1].split(b" ", 2)
        host, port = address.decode().split(":")
        there, here = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            await asyncio.gather(_pour(reader, here), _pour(there, writer))
        finally:
            here.close()
            writer.close()

    async with served(tunnel) as port:
        if through_a_proxy:
            quiet_environment.setenv("https_proxy", f"http://me:pass@127.0.0.1:{port}")
        async with AiohttpRequest() as client:
            for _ in range(2):
                assert await client.do_request(secure, "POST") == (200, OK)
    assert server.connections == 1
    assert len(lines) == (1 if through_a_proxy else 0)
    for line in lines:
        assert SECRET.encode() not in line
        assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in line


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()
