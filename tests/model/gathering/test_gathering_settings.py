"""Settings of gathering: what is refused, what is shown, and which hosts somebody vouches for."""

import pytest

from model.errors import SettingsError
from model.gathering.settings import GatheringSettings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATA_OPENVERSE_URL", "api.openverse.org"),
        ("DATA_GBIF_URL", "ftp://api.gbif.org"),
        ("DATA_GBIF_URL", "http://127.0.0.1:99999"),
        ("DATA_GBIF_URL", "http://[::1"),
        ("DATA_GBIF_URL", "https://api.gbif.org/?q=1"),
        ("DATA_WIKIMEDIA_URL", "https://me:word@commons.wikimedia.org"),
        ("DATA_CONTACT", "me@example.org\r\nX-More: header"),
        ("DATA_CONTACT", "(me)"),
        ("DATA_DOWNLOADS", "0"),
        ("DATA_PRIVATE_ADDRESSES", "perhaps"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=f"^{key}: expected .*, got "):
        GatheringSettings.load()


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SEARCH_KEY", "secret word")
    with pytest.raises(SettingsError, match="AZURE_SEARCH_KEY: expected letters") as caught:
        GatheringSettings.load()
    assert "secret word" not in str(caught.value)
    monkeypatch.setenv("AZURE_SEARCH_KEY", " secret-word ")
    settings = GatheringSettings.load()
    assert "secret-word" not in repr(settings)
    assert settings.azure_search_key is not None
    assert settings.azure_search_key.get_secret_value() == "secret-word"


def test_the_key_goes_nowhere_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SEARCH_KEY", "key")
    for allowed in ("https://gateway.example/bing", "http://127.0.0.1:8080", "http://localhost:8080"):
        monkeypatch.setenv("AZURE_SEARCH_ENDPOINT", allowed)
        assert GatheringSettings.load().azure_search_endpoint == allowed
    monkeypatch.setenv("AZURE_SEARCH_ENDPOINT", "http://gateway.example/bing")
    with pytest.raises(SettingsError, match="AZURE_SEARCH_ENDPOINT: expected an https address"):
        GatheringSettings.load()
    monkeypatch.setenv("DATA_PRIVATE_ADDRESSES", "true")
    assert GatheringSettings.load().azure_search_endpoint == "http://gateway.example/bing"


def test_only_hosts_that_somebody_named_may_be_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GatheringSettings.load().own_hosts() == frozenset()
    monkeypatch.setenv("DATA_OPENVERSE_URL", "http://127.0.0.1:8080/openverse/")
    monkeypatch.setenv("DATA_GBIF_URL", "https://[::1]")
    monkeypatch.setenv("AZURE_SEARCH_ENDPOINT", "https://Gateway.example")
    assert GatheringSettings.load().own_hosts() == {"127.0.0.1:8080", "[::1]:443", "gateway.example:443"}
    assert GatheringSettings.load().openverse_url == "http://127.0.0.1:8080/openverse"
