"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>, with ordered trouble and a record of all."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from bot.sandbox import parameters as reading
from bot.sandbox.errors import ApiError, BadRequest, NotFound, Unauthorized
from bot.sandbox.faults import DOWNLOAD, HTML, Fault, Faults, RequestRecord
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.methods import METHODS
from bot.sandbox.parameters import Parameters
from bot.sandbox.world import World

RECORDS_LIMIT = 10_000
_METHOD_PATH = re.compile(r"/bot([^/]+)/([^/]+)/?")
_FILE_PATH = re.compile(r"/file/bot([^/]+)/(.+)")


class BotApi:
    """Answers one bot's requests. `faults` go wrong on order; `requests` remembers the last ones, without the token."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self.faults = Faults()
        self.requests: deque[RequestRecord] = deque(maxlen=RECORDS_LIMIT)
        self.closing = asyncio.Event()  # set while the server stops: nobody sits out a delay then

    async def call(self, request: Request) -> Response:
        """Answer /bot<token>/<method>."""
        match = _METHOD_PATH.fullmatch(request.scope["path"])
        if match is None:
            return _refused(NotFound())
        token, method = match.groups()
        try:
            given = await reading.read(request)
        except HTTPException as error:  # a malformed multipart body
            return _refused(BadRequest(f"can't parse request body: {error.detail}"))
        except ApiError as error:
            return _refused(error)

        async def run() -> Response:
            if method.lower() not in METHODS:
                raise NotFound()
            result = await METHODS[method.lower()](self._world, given)
            return JSONResponse({"ok": True, "result": result})

        return await self._answer(request, token, method, given, run)

    async def download(self, request: Request) -> Response:
        """Answer /file/bot<token>/<path>."""
        match = _FILE_PATH.fullmatch(request.scope["path"])
        if match is None:
            return _refused(NotFound())
        token, path = match.groups()

        async def run() -> Response:
            stored = self._world.files.at(path)
            if stored is None or len(stored.data) > DOWNLOAD_LIMIT:
                raise NotFound()
            return Response(stored.data, media_type="application/octet-stream")

        return await self._answer(request, token, DOWNLOAD, Parameters({"path": path}, {}), run)

    async def _answer(
        self, request: Request, token: str, method: str, given: Parameters, run: Callable[[], Awaitable[Response]]
    ) -> Response:
        fault = None
        response: Response
        try:
            if token != self._token:
                raise Unauthorized()
            fault = self.faults.take(method, given.values)
            response = await self._run(fault, run)
        except ApiError as error:
            response = _web_page(error) if fault is not None and fault.html else _refused(error)
        if fault is not None and (fault.cut is not None or fault.pace is not None):
            response = _trickling(response, fault, request)
        dropped = fault is not None and fault.drop
        sizes = {name: len(upload.data) for name, upload in given.uploads.items()}
        status = 0 if dropped else response.status_code
        self.requests.append(RequestRecord(method, dict(given.values), sizes, status))
        if dropped:
            await _hang_up(request)
        return response

    async def _run(self, fault: Fault | None, run: Callable[[], Awaitable[Response]]) -> Response:
        if fault is None:
            return await run()
        if fault.delay:
            await self._sleep(fault.delay)
        error = fault.error()
        fails = fault.drop or error is not None
        response = await run() if fault.effect or not fails else Response()
        if error is not None:
            raise error
        return response

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            pass  # the delay is over


def _web_page(error: ApiError) -> Response:
    """What a proxy says when the server behind it does not."""
    return HTMLResponse(HTML, error.code)


def _trickling(whole: Response, fault: Fault, request: Request) -> Response:
    """The same answer, slowly, or only its beginning: the header promises the rest, and the connection ends."""
    body = bytes(whole.body)
    end = len(body) if fault.cut is None else int(len(body) * min(max(fault.cut, 0.0), 1.0))

    async def chunks() -> AsyncIterator[bytes]:
        step = end if fault.pace is None else max(fault.pace // 10, 1)
        for start in range(0, end, step or 1):
            if fault.pace is not None:
                await asyncio.sleep(0.1)
            yield body[start : min(start + step, end)]
        if end < len(body):
            await _hang_up(request, gently=True)

    return StreamingResponse(chunks(), whole.status_code, {**whole.headers, "content-length": str(len(body))})


async def _hang_up(request: Request, *, gently: bool = False) -> None:
    """End the connection without an answer, or after what was written (server.Connection puts itself in the state)."""
    transport: asyncio.Transport = request.state.connection.transport
    if gently:
        transport.close()
    else:
        transport.abort()
    await asyncio.sleep(0)  # the loop tells uvicorn, which then sends nothing


def _refused(error: ApiError) -> JSONResponse:
    answer: dict[str, Any] = error.to_json()
    return JSONResponse(answer, error.code)
