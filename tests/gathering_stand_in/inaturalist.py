"""iNaturalist's taxa and observations, API v1.

Shapes: `test/sample_data/get_taxa.json` and `get_observations_node_page1.json` of pyinat/pyinaturalist (commits 0f54827
and 142070b), cut down to what tells something. `license_code` is null where all rights are reserved. At most 200
observations a page, `id_below` for those before one; `page` times `per_page` beyond 10,000 is refused.
"""

from collections.abc import Callable
from typing import Any

from tests.gathering_stand_in.answers import Answer, Query, whole
from tests.gathering_stand_in.library import Library, Photo


def taxa(library: Library, query: Query) -> Answer:
    word = library.taxon(query.get("q", ""))
    rows = [] if word is None else [_taxon(word, query["q"])]
    return Answer({"total_results": len(rows), "page": 1, "per_page": whole(query, "per_page", 30), "results": rows})


def observations(library: Library, query: Query, url_of: Callable[[Photo], str]) -> Answer:
    size, page = min(whole(query, "per_page", 30), 200), whole(query, "page", 1)
    if size * page > 10_000:
        return Answer(
            {"error": "Result window is too large, page * per_page must be less than 10000", "status": 403}, 403
        )
    taxon = whole(query, "taxon_id", 0)
    word = next((word for word in library.words() if taxon_id(word) == taxon), None)
    licences = (
        [code.removeprefix("cc-") for code in query["photo_license"].split(",")] if "photo_license" in query else None
    )
    found = [] if word is None else library.found("inaturalist", word, licences)
    below = whole(query, "id_below", 1 << 62)
    found = sorted((photo for photo in found if photo.number < below), key=lambda photo: -photo.number)
    rows = [_observation(photo, url_of(photo)) for photo in found[(page - 1) * size :][:size]]
    return Answer({"total_results": len(found), "page": page, "per_page": size, "results": rows})


def taxon_id(word: str) -> int:
    return sum(word.encode()) + 40_000


def _taxon(word: str, called: str) -> dict[str, Any]:
    return {
        "id": taxon_id(word),
        "name": f"{word.capitalize()} exemplaris",
        "rank": "species",
        "rank_level": 10,
        "is_active": True,
        "extinct": False,
        "iconic_taxon_name": "Mammalia",
        "matched_term": called,
        "preferred_common_name": called.title(),
        "observations_count": 336,
        "default_photo": None,
    }


def _observation(photo: Photo, url: str) -> dict[str, Any]:
    licence = photo.rights.licence
    # As in reality: the address names the smallest size, and one learns to ask for another.
    square = url.replace("/large.", "/square.")
    terms = "all rights reserved" if licence is None else f"some rights reserved (CC {licence.upper()})"
    attribution = "no rights reserved" if licence == "cc0" else f"(c) {photo.rights.author}, {terms}"
    return {
        "id": photo.number,
        "uuid": f"{photo.number:032x}",
        "quality_grade": "research",
        "license_code": "cc-by-nc",
        "species_guess": photo.word.title(),
        "captive": False,
        "uri": f"https://www.inaturalist.org/observations/{photo.number}",
        "user": {"id": 2852555, "login": "example", "name": photo.rights.author},
        "taxon": _taxon(photo.word, photo.word),
        "sounds": [],
        "photos": [
            {
                "id": photo.number + 1,
                "license_code": None if licence is None else {"cc0": "cc0", "pdm": "pd"}.get(licence, f"cc-{licence}"),
                "original_dimensions": {"width": photo.size[0], "height": photo.size[1]},
                "url": square,
                "attribution": attribution,
                "flags": [],
            }
        ],
    }
