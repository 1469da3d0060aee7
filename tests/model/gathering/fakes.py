"""A source and a web of pictures in memory."""

import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model.gathering.download import Download
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.licences import Licence
from model.gathering.source import Hit, Source


def hit(key: str, source: str = "fake", licence: Licence = Licence.BY, **more: object) -> Hit:
    url = f"https://pictures.example/{source}/{key}"
    return Hit(source, key, url, f"https://example.org/{source}/{key}", licence, **more)  # type: ignore[arg-type] # a test's


class FakeSource(Source):
    """Offers `hits`, and then fails with `error`, if any."""

    def __init__(
        self,
        hits: Sequence[Hit],
        *,
        name: str = "fake",
        error: Exception | None = None,
        holds: threading.Event | None = None,
    ) -> None:
        self.name = name
        self.given = 0
        self._hits = hits
        self._error = error
        self._holds = holds

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        if self._holds is not None:
            self._holds.wait(30)
        for one in self._hits:
            self.given += 1
            yield one
        if self._error is not None:
            raise self._error


@dataclass
class FakeWeb:
    """What lies at the addresses of hits: bytes, or why they cannot be had."""

    content: Mapping[str, bytes | DownloadRefused | Exception]
    asked: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, url: str) -> Download:
        with self._lock:
            self.asked.append(url)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            found = self.content.get(url, DownloadRefused(DropReason.DEAD_LINK, "nothing there"))
            if isinstance(found, Exception):
                raise found
            return Download(found, url, "image/jpeg")
        finally:
            with self._lock:
                self._at_once -= 1


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
