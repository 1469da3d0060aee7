"""Settings of gathering: where the sources are, and how they are asked."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from model.errors import GatheringError
from model.gathering.addresses import PORTS, authority
from model.gathering.manners import user_agent
from model.settings import Settings, Unfit

_ROOTS = ("openverse_url", "wikimedia_url", "inaturalist_url", "gbif_url", "azure_search_endpoint")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class GatheringSettings(Settings):
    """The sources of pictures, and how they are asked."""

    model_config = SettingsConfigDict(env_prefix="DATA_")

    openverse_url: str = Field(default="https://api.openverse.org", description="root of the Openverse API")
    wikimedia_url: str = Field(
        default="https://commons.wikimedia.org", description="root of Wikimedia Commons, or of another MediaWiki"
    )
    inaturalist_url: str = Field(default="https://api.inaturalist.org", description="root of the iNaturalist API")
    gbif_url: str = Field(default="https://api.gbif.org", description="root of the GBIF API")
    azure_search_endpoint: str | None = Field(
        default=None,
        validation_alias=AliasChoices("AZURE_SEARCH_ENDPOINT", "azure_search_endpoint"),
        description="root of an image search that is compatible with Bing's version 7 (Microsoft closed its own in "
        "August 2025; gateways remain); it is asked when the key is set too",
    )
    azure_search_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("AZURE_SEARCH_KEY", "azure_search_key"),
        description="key of that image search; a secret",
    )
    contact: str | None = Field(
        default=None,
        description="a mail address or a page of yours, told to the sources in the User-Agent, as they ask of programs",
    )
    private_addresses: bool = Field(
        default=False,
        description="fetch pictures from this machine and its private network too: for tests, and for sources in there",
    )
    downloads: int = Field(
        default=8, ge=1, le=64, description="pictures that are fetched at a time, of all hosts together"
    )

    @field_validator(*_ROOTS)
    @classmethod
    def _root_of_a_server(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            good = parts.scheme in PORTS and parts.hostname and parts.port != 0 and not (parts.query or parts.fragment)
        except ValueError:  # a port that is no number, or brackets around no address
            good = False
        if not good or parts.username is not None:
            raise Unfit("a server's root such as https://api.example.org or http://127.0.0.1:8080")
        return value.rstrip("/")

    @field_validator("contact")
    @classmethod
    def _fit_for_a_header(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            user_agent(value.strip())
        except GatheringError:
            raise Unfit("plain ASCII without brackets, such as you@example.org or https://example.org/you") from None
        return value.strip()

    @field_validator("azure_search_key")
    @classmethod
    def _key_for_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        key = value.get_secret_value().strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise Unfit("letters, digits and signs without spaces", "copy it again from the gateway")
        return SecretStr(key)

    @model_validator(mode="after")
    def _key_is_not_sent_in_the_clear(self) -> Self:
        if self.azure_search_endpoint and self.azure_search_key and not self.private_addresses:
            parts = urlsplit(self.azure_search_endpoint)
            if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
                raise ValueError(
                    "AZURE_SEARCH_ENDPOINT: expected an https address, for the key goes there: correct it in the "
                    "environment or in .env (or set DATA_PRIVATE_ADDRESSES=true for a gateway on this network)"
                )
        return self

    def own_hosts(self) -> frozenset[str]:
        """Hosts with their ports of the sources whose addresses somebody set: these may be asked wherever they are."""
        set_here = self.model_fields_set.intersection(_ROOTS)
        roots = [urlsplit(root) for root in (getattr(self, field) for field in set_here) if root is not None]
        return frozenset(authority(root.hostname or "", root.port or PORTS[root.scheme]) for root in roots)
