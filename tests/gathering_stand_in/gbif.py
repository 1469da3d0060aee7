"""GBIF's name matching and its search of occurrences with pictures, API v1.

Shape of an occurrence and its media: `test/vcr_cassettes/test_search.yaml` of gbif/pygbif (commit 024d21d), cut down.
Answers of /species/match: {"matchType":"EXACT"|"NONE"|"HIGHERRANK"...} as clients' tests record them; it knows
scientific names only. Common names are found by /species/search?qField=VERNACULAR. 300 records a page at most, 100,000
in all: www.gbif.org/developer/occurrence. The filter `license` is of the record; a picture's own may differ.
"""

from collections.abc import Callable
from typing import Any

from tests.gathering_stand_in.answers import Answer, Query, whole
from tests.gathering_stand_in.library import Library, Photo

_BACKBONE = "d7dddbf4-2cf0-4f39-9b2a-bb099caae36c"
_RECORD_LICENCES = {"cc0": "CC0_1_0", "by": "CC_BY_4_0", "by-nc": "CC_BY_NC_4_0"}


def match(library: Library, query: Query) -> Answer:
    name = query.get("name", "").casefold()
    for word in library.words():
        if f"{word} exemplaris".casefold() == name and word.casefold() not in library.things:
            return Answer(_matched(word))
    return Answer({"confidence": 100, "matchType": "NONE", "synonym": False})


def species(library: Library, query: Query) -> Answer:
    word = library.taxon(query.get("q", "")) if query.get("qField") == "VERNACULAR" else None
    rows = [_virus(word), _species(word, query["q"])] if word is not None else []
    return Answer(
        {"offset": 0, "limit": whole(query, "limit", 20), "endOfRecords": True, "count": len(rows), "results": rows}
    )


def occurrences(library: Library, query: Query, asked: list[str] | None, url_of: Callable[[Photo], str]) -> Answer:
    size, offset = min(whole(query, "limit", 20), 300), whole(query, "offset", 0)
    if size + offset > 100_000:
        return Answer({"error": "Max offset of 100001 exceeded"}, 400)
    taxon = whole(query, "taxonKey", 0)
    word = next((word for word in library.words() if usage_key(word) == taxon), None)
    found = [] if word is None else library.found("gbif", word)
    if asked:
        found = [photo for photo in found if _RECORD_LICENCES.get(photo.rights.licence or "", "UNSPECIFIED") in asked]
    rows = [_occurrence(photo, url_of(photo)) for photo in found[offset:][:size]]
    return Answer(
        {
            "offset": offset,
            "limit": size,
            "endOfRecords": offset + size >= len(found),
            "count": len(found),
            "results": rows,
            "facets": [],
        }
    )


def usage_key(word: str) -> int:
    return sum(word.encode()) + 2_000_000


def _matched(word: str) -> dict[str, Any]:
    return {
        "usageKey": usage_key(word),
        "scientificName": f"{word.capitalize()} exemplaris Linnaeus, 1758",
        "canonicalName": f"{word.capitalize()} exemplaris",
        "rank": "SPECIES",
        "status": "ACCEPTED",
        "confidence": 99,
        "matchType": "EXACT",
        "kingdom": "Animalia",
        "synonym": False,
    }


def _species(word: str, called: str) -> dict[str, Any]:
    return {
        "key": usage_key(word),
        "nubKey": usage_key(word),
        "datasetKey": _BACKBONE,
        "scientificName": f"{word.capitalize()} exemplaris Linnaeus, 1758",
        "canonicalName": f"{word.capitalize()} exemplaris",
        "kingdom": "Animalia",
        "rank": "SPECIES",
        "taxonomicStatus": "ACCEPTED",
        "vernacularNames": [
            {"vernacularName": "Beispiel", "language": "deu"},
            {"vernacularName": called.title(), "language": "eng"},
        ],
    }


def _virus(word: str) -> dict[str, Any]:
    """What GBIF likes to rank first: something that is only named after what was asked for."""
    return {
        "key": 999,
        "nubKey": 999,
        "datasetKey": _BACKBONE,
        "scientificName": f"{word.capitalize()} mosaic virus",
        "canonicalName": f"{word.capitalize()} mosaic virus",
        "kingdom": "Viruses",
        "rank": "SPECIES",
        "taxonomicStatus": "ACCEPTED",
        "vernacularNames": [{"vernacularName": f"{word} mosaic virus", "language": "eng"}],
    }


def _occurrence(photo: Photo, url: str) -> dict[str, Any]:
    licence = photo.rights.url
    media: dict[str, Any] = {
        "type": "StillImage",
        "format": photo.media_type,
        "references": f"https://www.inaturalist.org/photos/{photo.number}",
        "created": "2026-01-02T18:31:42.000+00:00",
        "publisher": "iNaturalist",
        "identifier": url,
    }
    if photo.rights.author is not None:
        media |= {"creator": photo.rights.author, "rightsHolder": photo.rights.author}
    if licence is not None:
        media["license"] = licence.replace("https:", "http:")
    return {
        "key": photo.number,
        "datasetKey": "50c9509d-22c7-4a22-a47d-8c48425ef4a7",
        "basisOfRecord": "HUMAN_OBSERVATION",
        "occurrenceStatus": "PRESENT",
        "taxonKey": usage_key(photo.word),
        "scientificName": f"{photo.word.capitalize()} exemplaris Linnaeus, 1758",
        "references": f"https://www.inaturalist.org/observations/{photo.number}",
        "license": f"{media['license']}legalcode" if licence is not None else "unspecified",
        "datasetName": "iNaturalist research-grade observations",
        "recordedBy": photo.rights.author,
        "media": [media],
    }
