"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:  # imported only where a server is given: the tests of the model need no database
    from tests.postgres import Server

# On a developer's machine properties are tried on new examples each time; in CI always on the same, since whether a
# change may land must not depend on luck. Nor on how busy the machine is: no example is timed.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the bot does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the environment nor a .env of whoever runs the tests has a say in them."""
    for name in list(os.environ):
        if name.startswith(("BOT_", "REVIEW_", "MODEL_", "DATA_", "AZURE_")) or name == "BEARBOT_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server | None"]:
    """The PostgreSQL that BEARBOT_TEST_DATABASE_URL names (`make test-postgres`); None: tests use SQLite files."""
    url = os.environ.get("BEARBOT_TEST_DATABASE_URL")
    if not url:
        yield None
        return
    from tests.postgres import Server

    with Server.prepared(url, tmp_path_factory.mktemp("server")) as prepared:
        yield prepared


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, made once; tests copy the file."""
    from review.database import Database
    from review.schema import upgrade

    folder = tmp_path_factory.mktemp("template")
    database = Database(f"sqlite:///{folder / 'review.db'}")
    upgrade(database, folder / "backups", keep=1)
    database.dispose()
    return folder / "review.db"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """With BEARBOT_TEST_NO_SKIPS=1, as in CI, a skipped test is a failure: nothing may be missing there."""
    report: pytest.TestReport = yield
    if os.environ.get("BEARBOT_TEST_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
