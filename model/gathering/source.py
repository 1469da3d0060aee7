"""What a source of pictures is: it takes a search word and offers pictures, each with where it came from."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from model.gathering.licences import Licence


@dataclass(frozen=True)
class Hit:
    """A picture that a source offers; nothing of it was fetched yet.

    `key` is the source's own name of the picture, `page` where a person finds it. `author` and `title` are plain text
    on one line, None where the source does not say. `licence_url` is the licence's own page if the source names one.
    `width` and `height` are of what lies at `url`, in pixels, by the source's word.
    """

    source: str
    key: str
    url: str
    page: str
    licence: Licence
    licence_url: str | None = None
    author: str | None = None
    title: str | None = None
    width: int | None = None
    height: int | None = None


class Web(Protocol):
    """What sources need of HTTP: `model.gathering.http.Http`, or what stands in for it."""

    def get_json(
        self, url: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON at `url`. Raises `SourceError`."""


class Source(ABC):
    """A place where pictures can be searched for."""

    name: str

    @abstractmethod
    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """Hits for `query`, the source's best first; the next page is asked for when the last one is used up.

        A source that can filters by `licences` itself; who takes the hits must look again. Raises `SourceError` when
        the source refuses or cannot be reached after all retries; hits that came before it stay good. Raises
        `UnknownSubject`, which is one, when nothing failed and the source can have no such thing.
        """
