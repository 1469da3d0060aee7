"""What all tests share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# On a developer's machine properties are tried on new examples each time; in CI always on the same, since whether a
# change may land must not depend on luck.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the bot does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the environment nor a .env of whoever runs the tests has a say in them."""
    for name in list(os.environ):
        if name.startswith(("BOT_", "REVIEW_", "MODEL_")) or name == "BEARBOT_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """With BEARBOT_TEST_NO_SKIPS=1, as in CI, a skipped test is a failure: nothing may be missing there."""
    report: pytest.TestReport = yield
    if os.environ.get("BEARBOT_TEST_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
