"""Settings: from the environment, with errors that name key and value, never a secret."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from model.errors import SettingsError
from model.settings import Device, ModelSettings, Settings


def test_the_home_follows_bearbot_home_unless_it_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    assert ModelSettings.load().home == tmp_path / "models"
    monkeypatch.setenv("MODEL_HOME", "~/elsewhere")
    assert ModelSettings.load().home == Path.home() / "elsewhere"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "")
    assert ModelSettings.load().device is Device.AUTO


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MODEL_DEVICE", "gpu"),
        ("MODEL_THREADS", "0"),
        ("MODEL_THREADS", "many"),
        ("MODEL_BATCH_SIZE", "5000"),
        ("MODEL_POLL_SECONDS", "nan"),
        ("MODEL_POLL_SECONDS", "-1"),
    ],
)
def test_a_wrong_setting_names_its_key_and_value(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=key) as caught:
        ModelSettings.load()
    assert repr(value) in str(caught.value)


def test_an_unreadable_env_file_is_a_settings_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_bytes(b"MODEL_DEVICE=\xe9\xff\n")
    with pytest.raises(SettingsError, match=r"\.env"):
        ModelSettings.load()


class Secretive(Settings):
    model_config = SettingsConfigDict(env_prefix="TEST_")

    token: SecretStr = Field(description="needed", min_length=20)
    key: SecretStr | None = Field(default=None, description="optional", min_length=20)
    number: int = Field(default=1, description="a number")

    @model_validator(mode="after")
    def _together(self) -> "Secretive":
        if self.number == 13:
            raise ValueError("13 brings bad luck")
        return self


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"TEST_TOKEN": "hush-hush"}, "TEST_TOKEN"),
        ({"TEST_TOKEN": "x" * 30, "TEST_KEY": "hush-hush"}, "TEST_KEY"),
        ({"TEST_TOKEN": "hush-hush" * 5, "TEST_NUMBER": "13"}, "bad luck"),
        ({"TEST_TOKEN": "hush-hush" * 5, "TEST_NUMBER": "x"}, "TEST_NUMBER"),
    ],
)
def test_no_error_tells_a_secret(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=named) as caught:
        Secretive.load()
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_missing_is_told_with_the_way_out() -> None:
    with pytest.raises(SettingsError, match=r"TEST_TOKEN is not set: put it into the environment or into \.env"):
        Secretive.load()


def test_labels_of_a_project_are_read_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ModelSettings.load().labels == ()
    monkeypatch.setenv("MODEL_LABELS", " teapot, polar bear ,Löwe,")
    assert ModelSettings.load().labels == ("teapot", "polar bear", "Löwe")


@pytest.mark.parametrize(
    ("value", "why"),
    [("cat", "at least two"), ("cat,cat", "repeat"), ("cat,none", "reserved"), ("cat,../dog", "letters"), (",", "two")],
)
def test_labels_that_are_none_are_named(monkeypatch: pytest.MonkeyPatch, value: str, why: str) -> None:
    monkeypatch.setenv("MODEL_LABELS", value)
    with pytest.raises(SettingsError, match=rf"MODEL_LABELS: expected labels such as cat,dog .*{why}.*, got '{value}'"):
        ModelSettings.load()
