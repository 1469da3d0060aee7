"""Wikimedia Commons, through the action API that every MediaWiki has. https://commons.wikimedia.org/w/api.php

Large files come as thumbnails of a standard width (others are refused: Common_thumbnail_sizes on mediawiki.org), which
is kinder to the servers. `maxlag` lets them ask us to wait while their databases lag behind (Manual:Maxlag_parameter).
"""

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from model.errors import SourceError
from model.gathering.licences import Licence, licence_of
from model.gathering.rows import Row, identifier, line, row_at, rows_at, web_address, whole
from model.gathering.source import Hit, Source, Web

_PAGE_SIZE = 50  # the most that anonymous clients get
_WIDTH = 960  # pixels: one of the standard widths, and more than any backbone looks at
_REQUESTS = 400  # a search ends at 10,000 files; some pages of it come in two answers
_METADATA = ("Artist", "Attribution", "License", "LicenseShortName", "LicenseUrl", "NonFree", "UsageTerms")
_AS_THEY_ARE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_MAXLAG = 5  # seconds, as recommended
_PATIENCE = 4  # requests until a lagging server counts as down
_LONGEST_PAUSE = 30.0  # seconds
_WAIT_FOR = frozenset({"maxlag", "ratelimited", "readonly", "cirrussearch-too-busy-error"})


class Wikimedia(Source):
    """Files of a wiki, best match first. Commons cannot filter by licence in a search, but takes free ones only."""

    name = "wikimedia"

    def __init__(
        self,
        http: Web,
        base_url: str = "https://commons.wikimedia.org",
        *,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._pause = pause

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """See `Source.search`."""
        params: dict[str, str | int] = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "maxlag": _MAXLAG,
            "generator": "search",
            "gsrsearch": f"{query} filetype:bitmap",
            "gsrnamespace": 6,  # files
            "gsrlimit": _PAGE_SIZE,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|extmetadata",
            "iiurlwidth": _WIDTH,
            "iiextmetadatafilter": "|".join(_METADATA),
        }
        onward: dict[str, str | int] = {}
        for _ in range(_REQUESTS):
            answer = self._answer({**params, **onward})
            if "query" in answer:  # absent where nothing was found
                yield from self._hits(rows_at(answer, "query", "pages", source=self.name))
            following = _onward(answer)
            if not following or following == onward:
                return
            onward = following

    def _answer(self, params: dict[str, str | int]) -> Row:
        """Errors come with status 200, and some of them mean: later."""
        for attempt in range(1, _PATIENCE + 1):
            answer = row_at(self._http.get_json(f"{self._base_url}/w/api.php", params=params), source=self.name)
            error = answer.get("error")
            if not error:
                return answer
            told = row_at(error, source=self.name)
            code = line(told.get("code")) or "an error without a code"
            if code not in _WAIT_FOR:
                raise SourceError(
                    f"{self.name} refuses the search: {code}: {line(told.get('info')) or 'no more is said'}"
                )
            if attempt < _PATIENCE:
                self._pause(_seconds(told.get("lag"), otherwise=2.0**attempt))
        raise SourceError(f"{self.name} is too busy ({code}, {_PATIENCE} times): try again in some minutes")

    def _hits(self, rows: list[Row]) -> Iterator[Hit]:
        """In the order of the search; the API has them in that of their ids."""
        rows = sorted(rows, key=lambda row: whole(row.get("index")) or 0)
        return filter(None, map(self._hit, rows))

    def _hit(self, row: Row) -> Hit | None:
        infos = row.get("imageinfo")
        info = infos[0] if isinstance(infos, list) and infos else None
        key = identifier(row.get("pageid"))
        if not isinstance(info, dict) or key is None:
            return None  # a file that was deleted meanwhile, or that the next answer tells more of
        size = whole(info.get("width")), whole(info.get("height"))
        url = web_address(info.get("url"))
        smaller = web_address(info.get("thumburl"))
        smaller_size = whole(info.get("thumbwidth")), whole(info.get("thumbheight"))
        if smaller and ((size[0] or 0) > (smaller_size[0] or 0) or line(info.get("mime")) not in _AS_THEY_ARE):
            url, size = smaller, smaller_size
        if url is None:
            return None
        told = _metadata(info.get("extmetadata"))
        return Hit(
            source=self.name,
            key=key,
            url=url,
            page=web_address(info.get("descriptionurl")) or url,
            licence=_licence(told),
            licence_url=web_address(told.get("LicenseUrl")),
            author=line(told.get("Artist")) or line(told.get("Attribution")),
            title=(line(row.get("title")) or "").removeprefix("File:") or None,
            width=size[0],
            height=size[1],
        )


def _onward(answer: Row) -> dict[str, str | int]:
    """What to add to the request for the next answer; {} where this one was the last."""
    given = answer.get("continue")
    return {k: v for k, v in given.items() if isinstance(v, str | int)} if isinstance(given, dict) else {}


def _seconds(lag: Any, *, otherwise: float) -> float:
    seconds = float(lag) if isinstance(lag, int | float) and lag > 0 else otherwise
    return min(seconds, _LONGEST_PAUSE)


def _metadata(given: Any) -> dict[str, str]:
    """Names and values of `extmetadata`, those that are texts."""
    told = given if isinstance(given, dict) else {}  # an empty one comes as a list
    values = {key: entry.get("value") for key, entry in told.items() if isinstance(entry, dict)}
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _licence(told: dict[str, str]) -> Licence:
    """By the first of its names that says something."""
    if told.get("NonFree", "").casefold() in ("true", "1"):
        return Licence.UNKNOWN
    said = [licence_of(line(told.get(field))) for field in ("LicenseShortName", "License", "LicenseUrl", "UsageTerms")]
    clear = [licence for licence in said if licence not in (Licence.UNKNOWN, Licence.OTHER)]
    return clear[0] if clear else Licence.OTHER if Licence.OTHER in said else Licence.UNKNOWN
