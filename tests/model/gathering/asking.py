"""What tests of sources share: a library of pictures, a client that waits for nobody, and answers to tamper with."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from model.errors import SourceError
from model.gathering.bing import Bing
from model.gathering.gbif import Gbif
from model.gathering.http import Http
from model.gathering.inaturalist import INaturalist
from model.gathering.manners import Manners
from model.gathering.openverse import Openverse
from model.gathering.source import Source, Web
from model.gathering.wikimedia import Wikimedia
from tests.gathering_stand_in import Library, Photo, Rights, StandIn

HASTE = Manners(connections=4, pause_seconds=0.0, attempts=3, first_backoff_seconds=0.01)
ANAS = Rights("by", "Ana Example")
SOURCES = ("openverse", "wikimedia", "inaturalist", "gbif", "bing")
# Where each is searched; iNaturalist and GBIF look a name up first.
SEARCHES = {
    "openverse": "/openverse/v1/images/",
    "wikimedia": "/wikimedia/w/api.php",
    "inaturalist": "/inaturalist/v1/observations",
    "gbif": "/gbif/v1/occurrence/search",
    "bing": "/bing/v7.0/images/search",
}
PAGE_SIZES = {"openverse": 20, "wikimedia": 50, "inaturalist": 30, "gbif": 100, "bing": 150}


def library(count: int, word: str = "bear", rights: Rights = ANAS) -> Library:
    """`count` pictures that every source offers."""
    return Library([Photo(word, f"{number:04}.jpg", b"no picture", rights) for number in range(count)])


def hasty() -> Http:
    """The real client, without pauses, that may ask loopback."""
    return Http(private_addresses=True, api=HASTE, pictures=HASTE)


def source_at(stand_in: StandIn, name: str, http: Web) -> Source:
    """The source of that name, at the stand-in."""
    root = f"{stand_in.url}/{name}"
    plain: dict[str, Callable[[Web, str], Source]] = {
        "openverse": Openverse,
        "wikimedia": Wikimedia,
        "inaturalist": INaturalist,
        "gbif": Gbif,
    }
    return Bing(http, root, stand_in.key) if name == "bing" else plain[name](http, root)


@contextmanager
def asked(stand_in: StandIn, name: str) -> Iterator[Source]:
    with hasty() as http:
        yield source_at(stand_in, name, http)


class Recorded:
    """Answers by path, without a server; whoever asks more than `most` times gets an error."""

    def __init__(self, answers: Mapping[str, Any], most: int = 60) -> None:
        self._answers = answers
        self._most = most
        self.count = 0

    def get_json(
        self, url: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        self.count += 1
        if self.count > self._most:
            raise SourceError("enough")
        path = url.partition("?")[0].partition("//")[2].partition("/")[2]
        return self._answers["/" + path]
