"""All sources, by name."""

from model.gathering.bing import Bing
from model.gathering.gbif import Gbif
from model.gathering.inaturalist import INaturalist
from model.gathering.openverse import Openverse
from model.gathering.settings import GatheringSettings
from model.gathering.source import Source, Web
from model.gathering.wikimedia import Wikimedia

# In the order in which they are tried: those with most to offer for any subject first.
SOURCES = (Openverse.name, Wikimedia.name, INaturalist.name, Gbif.name, Bing.name)


def usual_sources(settings: GatheringSettings) -> tuple[str, ...]:
    """The names of those that can be asked: all that need no key, and Bing where its endpoint and key are set."""
    bing = settings.azure_search_key is not None and settings.azure_search_endpoint is not None
    return tuple(name for name in SOURCES if bing or name != Bing.name)


def source_named(name: str, http: Web, settings: GatheringSettings) -> Source:
    """The source of that name. Raises `SettingsError` where a setting that it needs is missing."""
    match name:
        case Openverse.name:
            return Openverse(http, settings.openverse_url)
        case Wikimedia.name:
            return Wikimedia(http, settings.wikimedia_url)
        case INaturalist.name:
            return INaturalist(http, settings.inaturalist_url)
        case Gbif.name:
            return Gbif(http, settings.gbif_url)
        case Bing.name:
            key = settings.azure_search_key
            return Bing(http, settings.azure_search_endpoint, key.get_secret_value() if key else None)
    raise ValueError(f"expected one of {', '.join(SOURCES)}, got {name!r}")
