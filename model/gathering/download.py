"""One picture from its address."""

from dataclasses import dataclass

from model.gathering.drops import DownloadRefused
from model.gathering.http import Http

__all__ = ["Download", "DownloadRefused", "Downloader"]


@dataclass(frozen=True)
class Download:
    """A picture's bytes as they came; `url` is where redirects ended, `media_type` what the content says it is."""

    data: bytes
    url: str
    media_type: str


class Downloader:
    """Fetches pictures; may be used by many threads at once."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def fetch(self, url: str) -> Download:
        """The picture at `url`. Raises `DownloadRefused` with its reason, and `Stopped`."""
        raise NotImplementedError
