"""Starting and stopping: what cannot work says so without the token, and what is in hand is finished."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from bot import logs
from bot.cli import bearbot
from bot.errors import InvalidTokenError, PollingConflict
from bot.polling import Patience
from bot.runner import Runner
from bot.sandbox.faults import Fault
from bot.sandbox.server import TOKEN, Sandbox
from bot.settings import BotSettings
from model.settings import ModelSettings
from review.settings import ReviewSettings

pytestmark = pytest.mark.anyio

Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


async def test_an_unknown_token_ends_it_and_is_not_repeated(sandbox: Sandbox, tmp_path: Path) -> None:
    token = "99999:" + "x" * 35
    runner = Runner(
        BotSettings(token=SecretStr(token), base_url=sandbox.url),
        ReviewSettings(bearbot_home=tmp_path),
        ModelSettings(bearbot_home=tmp_path),
    )
    with pytest.raises(InvalidTokenError, match=re.escape(sandbox.url)) as caught:
        await runner.serve(asyncio.Event())
    assert token not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_server_that_wants_time_at_the_start_gets_it(
    sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Serve
) -> None:
    sandbox.faults.add(Fault(method="getMe", status=429, retry_after=1))
    async with serve(make_runner()):
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect("Send a photo")


def test_a_home_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(logs, "configure_logging", lambda *_, **__: None)  # it would stay for the tests after this
    result = CliRunner().invoke(bearbot, ["run"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


async def test_it_can_be_stopped_while_it_waits_for_the_server(
    sandbox: Sandbox, make_runner: Callable[[], Runner]
) -> None:
    await sandbox.stop()
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, stop.set)
    async with asyncio.timeout(5):
        await make_runner().serve(stop)


async def test_a_second_program_on_the_same_token_ends_with_a_sentence(
    make_runner: Callable[..., Runner],
) -> None:
    stop, patience = asyncio.Event(), Patience(conflict=0.2, conflict_pause=0.05)
    programs = [asyncio.create_task(make_runner(patience).serve(stop)) for _ in range(2)]
    async with asyncio.timeout(30):
        ended, others = await asyncio.wait(programs, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(PollingConflict, match="another program receives this bot's updates"):
            ended.pop().result()
        stop.set()
        await asyncio.gather(*others, return_exceptions=True)


async def test_two_starts_in_a_row_use_one_home(
    sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Serve, tmp_path: Path
) -> None:
    for _ in range(2):
        async with serve(make_runner()):
            await sandbox.asker.send_text("/help")
            await sandbox.asker.expect("Send a photo")
    home = tmp_path / "home"
    assert home.stat().st_mode & 0o077 == 0, "others may look into the home folder"
    assert {path.name for path in home.iterdir()} >= {"review.db", "models"}
