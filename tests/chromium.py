"""Debian's chromium, without a window, for tests that drive a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright


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
