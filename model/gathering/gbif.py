"""GBIF: records of living things from thousands of collections and portals. https://techdocs.gbif.org/en/openapi/

/species/match knows scientific names only; common names are looked up with /species/search, whose best hits may be
viruses and parasites that are only named after what was asked for. At most 300 records a page, 100,000 in all.
"""

from collections.abc import Collection, Iterator
from urllib.parse import urlencode

from model.errors import UnknownSubject
from model.gathering.common_names import best_named
from model.gathering.licences import Licence, licence_of
from model.gathering.rows import Row, identifier, line, row_at, rows_at, web_address, whole
from model.gathering.source import Hit, Source, Web

_PAGE_SIZE = 100  # a record takes 8 kB
_RECORDS = 100_000  # more are refused
_LATER = 2_000  # further pictures of records that were seen, kept until all were seen
_BACKBONE = "d7dddbf4-2cf0-4f39-9b2a-bb099caae36c"  # GBIF's own taxonomy, whose keys are numbers
# Of living things in the open: museums' skulls and herbarium sheets are not what people will send to a bot.
_BASES = ("HUMAN_OBSERVATION", "MACHINE_OBSERVATION")
# Records are published under these three only. The licence of a record is mostly, not always, that of its pictures.
_CODES = {Licence.CC0: "CC0_1_0", Licence.BY: "CC_BY_4_0", Licence.BY_NC: "CC_BY_NC_4_0"}


class Gbif(Source):
    """Photos of one taxon, one of each record before a second of any."""

    name = "gbif"

    def __init__(self, http: Web, base_url: str = "https://api.gbif.org") -> None:
        self._http = http
        self._base_url = base_url

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """See `Source.search`; `query` is a scientific or a common name."""
        params = [("taxonKey", self._taxon(query)), ("checklistKey", _BACKBONE), ("mediaType", "StillImage")]
        params += [("basisOfRecord", basis) for basis in _BASES]
        if not {Licence.UNKNOWN, Licence.OTHER}.intersection(licences):
            params += [("license", code) for licence, code in _CODES.items() if licence in licences]
        later: list[Hit] = []
        for offset in range(0, _RECORDS, _PAGE_SIZE):
            # Some names come several times, which a mapping cannot say.
            asked = urlencode([*params, ("limit", _PAGE_SIZE), ("offset", offset)])
            answer = row_at(self._http.get_json(f"{self._base_url}/v1/occurrence/search?{asked}"), source=self.name)
            records = rows_at(answer, "results", source=self.name)
            for record in records:
                hits = self._hits(record)
                hits.sort(key=lambda hit: hit.licence not in licences)
                yield from hits[:1]
                later.extend(hits[1 : 1 + _LATER - len(later)])
            if answer.get("endOfRecords") is not False or not records:
                break
        yield from later

    def _taxon(self, query: str) -> int:
        """The key of what `query` names."""
        url = f"{self._base_url}/v1/species/match"
        match = row_at(self._http.get_json(url, params={"name": query, "strict": "true"}), source=self.name)
        # Records of a species are under its accepted name; under a synonym is only what was published with that.
        key = whole(match.get("acceptedUsageKey")) or whole(match.get("usageKey"))
        # Doubtful names: "papaya" is an exact match of a fossil snail that one author once named so.
        if key and match.get("matchType") == "EXACT" and match.get("status") != "DOUBTFUL":
            return key
        url = f"{self._base_url}/v1/species/search"
        params: dict[str, str | int] = {
            "q": query,
            "qField": "VERNACULAR",
            "datasetKey": _BACKBONE,
            "status": "ACCEPTED",
            "limit": 100,
        }
        taxa = [
            row
            for row in rows_at(self._http.get_json(url, params=params), "results", source=self.name)
            if whole(row.get("nubKey")) or whole(row.get("key"))
        ]
        place = best_named(query, [_common_names(row) for row in taxa])
        if place is None:
            raise UnknownSubject(
                f"{self.name} knows no living thing called {query!r}; it takes scientific names, such as "
                "'Ursus arctos', and many common ones"
            )
        return int(whole(taxa[place].get("nubKey")) or taxa[place]["key"])

    def _hits(self, record: Row) -> list[Hit]:
        media = record.get("media")
        rows = [row for row in media if isinstance(row, dict)] if isinstance(media, list) else []
        return [hit for place, row in enumerate(rows) if (hit := self._hit(row, record, place))]

    def _hit(self, media: Row, record: Row, place: int) -> Hit | None:
        url, key = web_address(media.get("identifier")), identifier(record.get("key"))
        if url is None or key is None or not _is_picture(media):
            return None
        licence = line(media.get("license"))  # where it says none, the record's own licence is about its data
        return Hit(
            source=self.name,
            key=f"{key}/{place}",
            url=url,
            page=web_address(media.get("references")) or f"https://www.gbif.org/occurrence/{key}",
            licence=licence_of(licence),
            licence_url=web_address(licence),
            author=line(media.get("creator")) or line(media.get("rightsHolder")) or line(record.get("rightsHolder")),
            title=line(media.get("title")) or line(record.get("scientificName")),
        )


def _is_picture(media: Row) -> bool:
    """By its word: sounds and films are filed next to pictures, and fields are often left out."""
    kind, form = media.get("type"), media.get("format")
    return kind in (None, "StillImage") and (form is None or (isinstance(form, str) and form.startswith("image/")))


def _common_names(row: Row) -> list[str]:
    given = row.get("vernacularNames")
    names = (
        [entry.get("vernacularName") for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    )
    return [text for value in names if (text := line(value))]
