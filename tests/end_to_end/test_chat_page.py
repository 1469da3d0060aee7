"""The whole conversation in a real browser, with the real bot behind it: ask, doubt, review, hear the answer."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import chromium
from tests.end_to_end.installation import Installation, installation_in
from tests.telegram_types import assert_all_valid

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ANSWER_MS = 60_000  # the machine may be busy


class RunningBot:
    """Sandbox and bot, watched from a thread with an event loop of its own: the browser's test is not asynchronous."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._open = AsyncExitStack()
        self.installation: Installation

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(180)

    def __enter__(self) -> "RunningBot":
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self.installation = await self._open.enter_async_context(installation_in(self._home))
        bot = await self._open.enter_async_context(self.installation.bot())
        await bot.until_logged("answers now", seconds=120)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """The bot; at the end all that it asked for is held to other implementations."""
    with RunningBot(tmp_path_factory.mktemp("chat") / "home") as bot:
        yield bot
        assert_all_valid(bot.installation.sandbox)


@pytest.fixture
def tab(running: RunningBot, browser: Browser) -> Iterator[Callable[[int], Page]]:
    """`tab(1001)`: the page as this person sees it, in a tab of its own; any error on it fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    errors: list[str] = []

    def open_as(person: int) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{running.installation.sandbox.url}/#{person}")
        return page

    yield open_as
    context.close()
    assert errors == []


def say(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")


def send_photo(page: Page, data: bytes) -> None:
    page.locator("#picker").set_input_files({"name": "bear.jpg", "mimeType": "image/jpeg", "buffer": data})
    page.get_by_role("button", name="Send", exact=True).click()


def review(page: Page, label: str) -> None:
    """Take the next photo of the queue and answer it with one tap."""
    say(page, "/review")
    card = page.get_by_role("article").filter(has=page.locator(".photo")).last
    expect(card).to_contain_text("Waiting", timeout=ANSWER_MS)
    card.get_by_role("button", name=label, exact=True).click()
    result = page.get_by_role("article").filter(has_text=f"{label}, said Mo")
    expect(result).to_be_visible(timeout=ANSWER_MS)
    expect(result.get_by_role("button", name=label, exact=True)).to_have_count(0)


def test_a_doubtful_photo_is_reviewed_and_its_answer_arrives(
    tab: Callable[[int], Page], photo: Callable[[str], bytes]
) -> None:
    ana, mo = tab(1001), tab(2001)
    ana.get_by_role("button", name="Start").click()
    expect(ana.get_by_role("article")).to_have_count(2, timeout=ANSWER_MS)
    send_photo(ana, photo("grizzly_katmai_132cub"))
    doubt = ana.get_by_role("article").filter(has_text="I am not sure")
    expect(doubt).to_be_visible(timeout=ANSWER_MS)
    expect(doubt.locator(".quote img")).to_be_visible()
    review(mo, "grizzly")
    heard = ana.get_by_role("article").filter(has_text="A person looked at your photo. It shows: grizzly")
    expect(heard).to_be_visible(timeout=ANSWER_MS)
    expect(heard.locator(".quote img")).to_be_visible()


def test_a_wrong_answer_is_disputed_reviewed_and_corrected(
    tab: Callable[[int], Page], photo: Callable[[str], bytes]
) -> None:
    ben, mo = tab(1002), tab(2001)
    send_photo(ben, photo("grizzly_katmai_131"))
    answer = ben.get_by_role("article").filter(has_text="I see: grizzly")
    expect(answer).to_be_visible(timeout=ANSWER_MS)
    answer.get_by_role("button", name="Wrong").click()
    answer.get_by_role("button", name="black", exact=True).click(timeout=ANSWER_MS)
    expect(ben.get_by_text("A person will look at it").first).to_be_visible(timeout=ANSWER_MS)
    review(mo, "black")
    heard = ben.get_by_role("article").filter(has_text="I had said: grizzly. That was wrong, sorry.")
    expect(heard).to_be_visible(timeout=ANSWER_MS)
    expect(heard).to_contain_text("It shows: black")
