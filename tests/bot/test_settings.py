"""Settings of the bot: a wrong one is named with its value, a secret never is."""

import pytest

from bot.settings import BotSettings
from model.errors import SettingsError
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


def test_a_missing_token_is_named() -> None:
    with pytest.raises(SettingsError, match=r"BOT_TOKEN is not set.*\.env"):
        BotSettings.load()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("BOT_MODERATORS", "eve", "BOT_MODERATORS: expected Telegram user ids.*'eve'"),
        ("BOT_BASE_URL", "telegram", "BOT_BASE_URL: expected a server's root.*'telegram'"),
        ("BOT_POLL_TIMEOUT_SECONDS", "soon", "BOT_POLL_TIMEOUT_SECONDS: .*'soon'"),
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
