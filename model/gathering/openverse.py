"""Openverse: freely licensed pictures of Flickr, museums and many others. https://api.openverse.org/v1/

Asked without a key: 20 pictures a page, the first 240 of a search, 20 requests a minute and 200 a day (what
`page_size`, `page_count` and answers with 429 told in 2024 to 2026; WordPress/openverse issue 4474).
"""

from collections.abc import Collection, Iterator

from model.errors import UnknownSubject
from model.gathering.licences import Licence, licence_of
from model.gathering.rows import Row, identifier, line, row_at, rows_at, web_address, whole
from model.gathering.source import Hit, Source, Web

_PAGE_SIZE = 20  # more is refused without a key
_PAGES = 500  # it never had more than 10,000 results to show
_LICENCES = frozenset(Licence) - {Licence.FREE, Licence.OTHER, Licence.UNKNOWN}  # it holds pictures of these only


class Openverse(Source):
    """Pictures under Creative Commons licences and of the public domain; it filters by licence itself."""

    name = "openverse"

    def __init__(self, http: Web, base_url: str = "https://api.openverse.org") -> None:
        self._http = http
        self._base_url = base_url

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """See `Source.search`."""
        wanted = _LICENCES.intersection(licences)
        if not wanted:
            raise UnknownSubject(
                f"{self.name} has only pictures under licences of Creative Commons, and none is asked for"
            )
        params: dict[str, str | int] = {"q": query, "page_size": _PAGE_SIZE}
        if wanted != _LICENCES:
            params["license"] = ",".join(sorted(wanted))
        page = pages = 1
        while page <= pages:
            answer = row_at(
                self._http.get_json(f"{self._base_url}/v1/images/", params={**params, "page": page}), source=self.name
            )
            rows = rows_at(answer, "results", source=self.name)
            yield from filter(None, map(self._hit, rows))
            # The count is cut off where clients without a key may not go.
            pages = min(whole(answer.get("page_count")) or 0, _PAGES) if rows else 0
            page += 1

    def _hit(self, row: Row) -> Hit | None:
        url, key = web_address(row.get("url")), identifier(row.get("id"))
        if url is None or key is None:
            return None
        return Hit(
            source=self.name,
            key=key,
            url=url,
            page=web_address(row.get("foreign_landing_url")) or url,
            licence=licence_of(line(row.get("license"))),
            licence_url=web_address(row.get("license_url")),
            author=line(row.get("creator")),
            title=line(row.get("title")),
            width=whole(row.get("width")),
            height=whole(row.get("height")),
        )
