"""Debian's chromium, without a window, for tests that drive a page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; skips the test where it is not installed.

    Not for longer than a module: while it runs, playwright keeps an event loop in this thread, and asynchronous tests
    cannot have theirs.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield running
        running.close()


def no_violations(page: Page, where: str) -> None:
    """No violation that axe finds. It is put in as the browser's own script: the page lets no other run."""
    found = Axe().run(page).response["violations"]
    assert not found, (
        f"{where}: {json.dumps([[one['id'], [n['html'] for n in one['nodes']]] for one in found], indent=1)}"
    )
