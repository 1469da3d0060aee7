"""Pings reach moderators, once, also if the bot is started anew in between."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from bot.catalogue import catalogue_for
from bot.reminders import rule_of
from bot.runner import Runner
from bot.sandbox.server import Sandbox
from bot.settings import BotSettings
from model.errors import SettingsError
from review.pings import QuietHours
from tests.telegram_types import assert_all_valid

pytestmark = pytest.mark.anyio

Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


async def test_a_moderator_is_called_once_to_what_is_urgent(
    sandbox: Sandbox, make_runner: Callable[..., Runner], serve: Serve, photo: Callable[[str], bytes]
) -> None:
    mo = sandbox.moderator
    async with serve(make_runner()):
        await mo.send_text("/start")
        await mo.expect()
        await sandbox.asker.send_photo(photo("none_coffee"))
        await sandbox.asker.expect("A person will look", timeout=60)
        await mo.expect_silence(0.5)  # nobody is called unless the settings want it
    async with serve(make_runner(ping_minutes=30)):
        assert (await mo.expect()).words == catalogue_for("en")("ping", waiting=1, disputed=0)
        assert catalogue_for("en")("ping", waiting=1, disputed=0) == "One photo waits for people. /review"
    async with serve(make_runner(ping_minutes=30)):
        await mo.expect_silence(1.0)
    assert_all_valid(sandbox)


def test_the_settings_of_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "1234567890:AAH-made-up-for-the-local-sandbox-00")
    assert BotSettings.load().ping_minutes == 0
    for name, wrong, expected in (
        ("BOT_QUIET_HOURS", "25-7", "expected two hours such as 22-7"),
        ("BOT_TIMEZONE", "Mars/Olympus", "expected a timezone such as"),
        ("BOT_TIMEZONE", "../../etc/passwd", "expected a timezone such as"),
        ("BOT_PING_MINUTES", "-1", "expected a whole number from 0 to 10080"),
    ):
        monkeypatch.setenv(name, wrong)
        with pytest.raises(SettingsError, match=expected):
            BotSettings.load()
        monkeypatch.delenv(name)
    monkeypatch.setenv("BOT_PING_MINUTES", "30")
    monkeypatch.setenv("BOT_QUIET_HOURS", "22-7")
    monkeypatch.setenv("BOT_TIMEZONE", "Europe/Madrid")
    rule = rule_of(BotSettings.load(), timedelta(minutes=5))
    assert rule is not None
    assert (rule.quiet, str(rule.timezone)) == (QuietHours(22, 7), "Europe/Madrid")
