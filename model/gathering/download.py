"""One picture from its address, which whoever offers it made up."""

from dataclasses import dataclass

from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.http import Http
from model.gathering.media_types import media_type, resembles
from model.gathering.watch import FetchLimits
from model.images import DEFAULT_LIMITS

__all__ = ["Download", "DownloadRefused", "Downloader"]

PICTURE_LIMITS = FetchLimits(max_bytes=DEFAULT_LIMITS.max_bytes)


@dataclass(frozen=True)
class Download:
    """A picture's bytes as they came; `url` is where redirects ended, `media_type` what the content says it is."""

    data: bytes
    url: str
    media_type: str


class Downloader:
    """Fetches pictures; may be used by many threads at once. `http` is the caller's, who closes it."""

    def __init__(self, http: Http, limits: FetchLimits = PICTURE_LIMITS) -> None:
        self._http = http
        self._limits = limits

    def fetch(self, url: str) -> Download:
        """The picture at `url`, as it came: whether it can be decoded is for `model.images.decode` to say.

        Raises `DownloadRefused` with its reason, and `Stopped`.
        """
        answer = self._http.get_picture(url, self._limits)
        kind = media_type(answer.body)
        if kind is None:
            raise DownloadRefused(DropReason.NOT_A_PICTURE, f"what came is {resembles(answer.body)}")
        return Download(data=answer.body, url=answer.url, media_type=kind)
