"""Image search in the shape of Bing's version 7, which the book "Deep Learning for Coders" gathers its bears with.

Microsoft closed its own (api.bing.microsoft.com) in August 2025. Gateways that answer in the same shape remain: the
root of one goes into AZURE_SEARCH_ENDPOINT, its key into AZURE_SEARCH_KEY.

It finds whatever lies on the web and says neither who made a picture nor under which licence. All it has is a filter
by what a licence allows, so a hit's licence is what that filter promised: `FREE` for "ModifyCommercially", `PDM` for
"Public". Without the filter nothing is known, and nobody may assume anything: `UNKNOWN`.
"""

from collections.abc import Collection, Iterator

from model.errors import SettingsError, SourceError, UnknownSubject
from model.gathering.licences import Licence
from model.gathering.rows import Row, line, rows_at, web_address, whole
from model.gathering.source import Hit, Source, Web

_PAGE_SIZE = 150  # the most that it gives at once; gateways count requests
_CLOSED = (
    "Microsoft closed its own Bing image search in August 2025; gateways that are compatible with its version 7 remain"
)


class Bing(Source):
    """Whatever search engines find; needs an endpoint and a key."""

    name = "bing"

    def __init__(self, http: Web, endpoint: str | None, key: str | None) -> None:
        """Raises `SettingsError` where one of the two is missing."""
        for setting, value in (("AZURE_SEARCH_KEY", key), ("AZURE_SEARCH_ENDPOINT", endpoint)):
            if not value:
                raise SettingsError(
                    f"{setting} is not set: put it into the environment or into .env to search with {self.name}, or "
                    f"gather from the other sources, which need no key ({_CLOSED})"
                )
        self._http = http
        self._endpoint = endpoint
        self._key = key or ""

    def __repr__(self) -> str:
        return f"<Bing at {self._endpoint}>"  # without the key

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """See `Source.search`."""
        filtered, licence = _filter_for(licences)
        params: dict[str, str | int] = {"q": query, "count": _PAGE_SIZE, **filtered}
        offset = 0
        seen: set[str] = set()
        while True:
            rows, following = self._page({**params, "offset": offset})
            hits = [self._hit(row, licence) for row in rows]
            fresh = {hit.key: hit for hit in hits if hit and hit.key not in seen}
            yield from fresh.values()
            seen.update(fresh)
            if not fresh or following <= offset:
                return  # after its last page it goes on with pictures that came before
            offset = following

    def _page(self, params: dict[str, str | int]) -> tuple[list[Row], int]:
        """Rows, and the offset of those that follow."""
        try:
            answer = self._http.get_json(
                f"{self._endpoint}/v7.0/images/search", params=params, headers={"Ocp-Apim-Subscription-Key": self._key}
            )
            return rows_at(answer, "value", source=self.name), whole(answer.get("nextOffset")) or 0
        except SourceError as error:
            if error.status in (401, 403):
                raise SourceError(
                    f"{self.name}: {self._endpoint} refuses the key in AZURE_SEARCH_KEY (HTTP {error.status}): copy it "
                    f"again from the gateway ({_CLOSED})",
                    status=error.status,
                ) from None
            # A gateway may repeat what it was sent.
            raise SourceError(str(error).replace(self._key, "(the key)"), status=error.status) from None

    def _hit(self, row: Row, licence: Licence) -> Hit | None:
        url = web_address(row.get("contentUrl"))
        if url is None:
            return None
        return Hit(
            source=self.name,
            key=line(row.get("imageId")) or url,
            url=url,
            page=web_address(row.get("hostPageUrl")) or url,
            licence=licence,
            title=line(row.get("name")),
            width=whole(row.get("width")),
            height=whole(row.get("height")),
        )


def _filter_for(licences: Collection[Licence]) -> tuple[dict[str, str], Licence]:
    """The filter that lets through what is wanted and nothing else, and what is known of what it lets through."""
    if Licence.UNKNOWN in licences:
        return {}, Licence.UNKNOWN
    if Licence.FREE in licences:
        return {"license": "ModifyCommercially"}, Licence.FREE
    if Licence.PDM in licences:
        return {"license": "Public"}, Licence.PDM
    raise UnknownSubject(
        "bing tells no licence of a picture, only whether it may be reused: gather from it with --licence free, pdm or "
        "unknown among the licences, or from the other sources"
    )
