"""A sandbox that runs, raw requests to it, and pictures to send."""

import io
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser

from bot.sandbox.server import Sandbox
from tests.chromium import chromium

Api = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    # A bare context, since nothing here is TLS: reading the machine's certificates would take 20 ms a test.
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(base_url=sandbox.url, timeout=10, verify=bare) as connected:
        yield connected


class Refused(Exception):
    """What the Bot API answered instead of a result."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(f"{answer['error_code']} {answer['description']}")


@pytest.fixture
def api(sandbox: Sandbox, client: httpx.AsyncClient) -> Api:
    """`await api("sendMessage", chat_id=1, text="x")` gives the result or raises `Refused` with code and words."""

    async def call(method: str, **parameters: Any) -> Any:
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        response = await client.post(f"/bot{sandbox.token}/{method}", data=form)
        answer = response.json()
        assert response.status_code == (200 if answer["ok"] else answer["error_code"])
        if not answer["ok"]:
            raise Refused(answer)
        return answer["result"]

    return call


@pytest.fixture(scope="session")
def refused() -> type[Exception]:
    return Refused


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """`picture()` or `picture((1200, 800), "navy", "PNG")`: an encoded image."""

    def make(size: tuple[int, int] = (400, 300), colour: str = "sienna", kind: str = "JPEG") -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size, colour).save(buffer, kind)
        return buffer.getvalue()

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    with chromium() as running:
        yield running
