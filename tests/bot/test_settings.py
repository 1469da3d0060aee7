"""Settings of the bot: a wrong one is named with its value, a secret never is."""

import re
from collections.abc import Callable

import pytest
from telegram.ext import CommandHandler

from bot.runner import Runner
from bot.settings import COMMANDS, Address, BotSettings, LogFormat, LogLevel
from model.errors import SettingsError
from model.settings import ModelSettings
from review.admission import Access
from review.settings import ReviewSettings
from review.tables import ChatAccess, Role

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"


def test_comma_separated_ids_and_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_MODERATORS", "11, 22,")
    monkeypatch.setenv("BOT_ADMINS", "22,33")
    settings = BotSettings.load()
    assert (settings.moderators, settings.admins) == ((11, 22), (22, 33))
    assert [settings.role_of(user, None) for user in (11, 22, 33, 44)] == [Role.MODERATOR, Role.ADMIN, Role.ADMIN, None]
    assert settings.role_of(11, ChatAccess.REVOKED) is None
    assert settings.role_of(22, ChatAccess.REVOKED) is Role.ADMIN, "nobody can lock the operator out"
    assert settings.role_of(44, ChatAccess.GRANTED) is Role.MODERATOR


ALL = {
    settings.key_of(name): (settings, field)
    for settings in (BotSettings, ReviewSettings, ModelSettings)
    for name, field in settings.model_fields.items()
}
# Any text is a path: one that cannot be used is said when it is.
FITTING = {"BEARBOT_HOME", "REVIEW_IMAGE_STORE", "MODEL_HOME"}
WRONG = [(key, "?") for key in sorted(ALL.keys() - FITTING)]
WRONG += [(key, value) for key, (_, field) in ALL.items() if field.annotation is float for value in ("nan", "inf")]
WRONG += [(key, "-1") for key, (_, field) in ALL.items() if field.annotation in (int, int | None, float)]
WRONG += [("BOT_ADMINS", value) for value in ("--5", "7,\u00b2", "1" * 40)]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_every_setting_says_what_it_takes_what_came_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        ALL[key][0].load()
    sentence = str(caught.value)
    secret = "SECRET" in key or "TOKEN" in key
    came = "something else (a secret, so it is not shown)" if secret else repr(value)
    assert re.fullmatch(rf"{key}: expected .+, got {re.escape(came)}: .+", sentence)
    assert not re.search("Input|valid|pars|greater|less|finite|literal", sentence), "that is pydantic speaking"


def test_a_missing_token_is_named() -> None:
    with pytest.raises(SettingsError, match=r"BOT_TOKEN is not set.*\.env"):
        BotSettings.load()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("BOT_MODERATORS", "eve", "BOT_MODERATORS: expected Telegram user ids.*'eve'"),
        ("BOT_BASE_URL", "telegram", "BOT_BASE_URL: expected a server's root.*'telegram'"),
        ("BOT_POLL_TIMEOUT_SECONDS", "soon", "BOT_POLL_TIMEOUT_SECONDS: .*'soon'"),
        (
            "BOT_WEBHOOK_URL",
            "http://bot.example.org/x",
            "BOT_WEBHOOK_URL: expected .*https.*'http://bot.example.org/x'",
        ),
        ("BOT_WEBHOOK_URL", "https://bot.example.org/x?y=1", "BOT_WEBHOOK_URL: expected .*nothing after it"),
        ("BOT_WEBHOOK_URL", "https://bot.example.org/{x}", "BOT_WEBHOOK_URL: expected .*plain letters"),
        ("BOT_WEBHOOK_URL", "https:///x", "BOT_WEBHOOK_URL: expected an address"),
        ("BOT_WEBHOOK_LISTEN", "127.0.0.1", "BOT_WEBHOOK_LISTEN: expected host:port.*'127.0.0.1'"),
        ("BOT_WEBHOOK_LISTEN", "127.0.0.1:x", "BOT_WEBHOOK_LISTEN: expected host:port"),
        ("BOT_METRICS_PORT", "99999", "BOT_METRICS_PORT: .*'99999'"),
        ("BOT_LOG_FORMAT", "xml", "BOT_LOG_FORMAT: .*'xml'"),
        ("BOT_LOG_LEVEL", "loud", "BOT_LOG_LEVEL: .*'loud'"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=said):
        BotSettings.load()


@pytest.mark.parametrize("token", ["hunter2-hunter2", "123456789-AAEhBP0av28jAk9bBhvJ1pr0dLzQ"])
def test_a_malformed_token_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    with pytest.raises(SettingsError) as caught:
        BotSettings.load()
    assert "BOT_TOKEN" in str(caught.value)
    assert token not in str(caught.value)


def test_the_token_is_not_in_the_settings_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", f" {TOKEN}\n")
    settings = BotSettings.load()
    assert settings.token.get_secret_value() == TOKEN
    assert TOKEN not in f"{settings!r}{settings}"


@pytest.mark.parametrize(
    "given",
    [
        "http://127.0.0.1:8081",
        "http://127.0.0.1:8081/",
        "http://127.0.0.1:8081/bot",
        f"http://127.0.0.1:8081/bot{TOKEN}",
        f"http://127.0.0.1:8081/file/bot{TOKEN}/getMe",
    ],
)
def test_the_base_url_is_the_root_however_it_is_written(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_BASE_URL", given)
    assert BotSettings.load().base_url == "http://127.0.0.1:8081"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://bot.example.org", "/"),
        ("https://bot.example.org:8443/telegram/", "/telegram/"),
        ("http://localhost:8081/x", "/x"),
        ("http://127.0.0.2/x", "/x"),
        ("http://[::1]:80/x", "/x"),
    ],
)
def test_a_webhook_listens_at_its_path(monkeypatch: pytest.MonkeyPatch, url: str, path: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_WEBHOOK_URL", url)
    monkeypatch.setenv("BOT_WEBHOOK_SECRET", "x" * 16)
    monkeypatch.setenv("BOT_WEBHOOK_LISTEN", "[::1]:8443")
    settings = BotSettings.load()
    assert settings.webhook_path == path
    assert (settings.webhook_address, str(settings.webhook_address)) == (Address("::1", 8443), "[::1]:8443")


def test_a_webhook_without_its_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_WEBHOOK_URL", "https://bot.example.org/x")
    with pytest.raises(SettingsError, match=r"^BOT_WEBHOOK_SECRET is not set: .*openssl") as caught:
        BotSettings.load()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("secret", ["short", "x" * 257, "with spaces in it, long enough", "umlaut-\xfc-0123456789"])
def test_a_weak_secret_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_WEBHOOK_SECRET", secret)
    with pytest.raises(SettingsError, match="BOT_WEBHOOK_SECRET: expected 16 to 256") as caught:
        BotSettings.load()
    assert secret not in str(caught.value)


def test_words_of_the_log_settings_are_taken_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("BOT_LOG_FORMAT", "Json")
    settings = BotSettings.load()
    assert (settings.log_level, settings.log_format) == (LogLevel.WARNING, LogFormat.JSON)


def test_who_may_ask_and_how_long_is_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    settings = BotSettings.load()
    assert (settings.access, settings.allowed_askers, settings.overdue_hours) == (Access.OPEN, (), 24.0)
    for key, value in (("ACCESS", " Invitation "), ("ALLOWED_ASKERS", "7, 8"), ("OVERDUE_HOURS", "0.5")):
        monkeypatch.setenv(f"BOT_{key}", value)
    settings = BotSettings.load()
    assert (settings.access, settings.allowed_askers, settings.overdue_hours) == (Access.INVITATION, (7, 8), 0.5)
    for key, value in (("ACCESS", "everybody"), ("ALLOWED_ASKERS", "ada"), ("OVERDUE_HOURS", "-1")):
        with monkeypatch.context() as wrong:
            wrong.setenv(f"BOT_{key}", value)
            with pytest.raises(SettingsError, match=f"BOT_{key}.*'{value}'"):
                BotSettings.load()


def test_the_command_of_groups_may_come_with_its_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    assert BotSettings.load().group_command == "bear"
    monkeypatch.setenv("BOT_GROUP_COMMAND", "/tea_pot2")
    assert BotSettings.load().group_command == "tea_pot2"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("Teapot", "1 to 32 of a-z 0-9 _"),
        ("tea pot", "1 to 32"),
        ("t" * 33, "1 to 32"),
        ("/", "1 to 32"),
        ("/help", "has no other meaning, and /help has one"),
        ("my_data", "has no other meaning"),
    ],
)
def test_a_command_that_telegram_or_the_bot_would_mistake_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_GROUP_COMMAND", value)
    with pytest.raises(SettingsError, match=rf"BOT_GROUP_COMMAND: expected a command .*{why}.*, got {value!r}"):
        BotSettings.load()


def test_every_command_of_the_bot_is_taken(make_runner: Callable[..., Runner], anyio_backend: str) -> None:
    handlers = [handler for group in make_runner()._application.handlers.values() for handler in group]
    answered = {command for handler in handlers if isinstance(handler, CommandHandler) for command in handler.commands}
    assert answered == COMMANDS | {"bear"}
