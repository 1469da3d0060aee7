"""Openverse's image search, as an anonymous client meets it.

Shape of an answer and of a row: `api/api/examples/image_responses.py` of WordPress/openverse at commit 145614a.
Twenty rows a page at most, otherwise 401 with this sentence: Ultimate-Multisite/superdav-ai-agent pull request 2555.
At most 240 results, and counts that are cut off there: WordPress/openverse issue 4474.
"""

from collections.abc import Callable
from typing import Any

from tests.gathering_stand_in.answers import Answer, Query, whole, window
from tests.gathering_stand_in.library import Library, Photo

PAGE_SIZE = 20
DEPTH = 240


def images(library: Library, query: Query, url_of: Callable[[Photo], str]) -> Answer:
    size, page = whole(query, "page_size", PAGE_SIZE), whole(query, "page", 1)
    if size > PAGE_SIZE:
        return Answer({"detail": "page_size may not exceed 20 for anonymous requests"}, 401)
    licences = query["license"].split(",") if query.get("license") else None
    for licence in licences or ():
        if licence not in {"by", "by-nc", "by-nc-nd", "by-nc-sa", "by-nd", "by-sa", "cc0", "pdm"}:
            detail = f"Invalid input given for fields. 'license' -> License '{licence}' does not exist."
            return Answer({"error": "InputError", "detail": detail, "fields": ["license"]}, 400)
    # Openverse holds nothing without a licence.
    found = [photo for photo in library.found("openverse", query.get("q", ""), licences) if photo.rights.licence][
        :DEPTH
    ]
    pages = -(-len(found) // size)
    if page > max(1, pages):
        return Answer({"detail": "Invalid page."}, 400)
    rows = [_row(photo, url_of(photo)) for photo in window(found, (page - 1) * size, size)]
    return Answer({"result_count": len(found), "page_count": pages, "page_size": size, "page": page, "results": rows})


def _row(photo: Photo, url: str) -> dict[str, Any]:
    key = f"{photo.number:08x}-0000-4000-8000-{photo.number:012x}"
    version = "1.0" if photo.rights.licence in ("cc0", "pdm") else "4.0"
    return {
        "id": key,
        "title": f"{photo.word} {photo.name}",
        "indexed_on": "2022-08-27T17:39:48Z",
        "foreign_landing_url": f"https://www.flickr.com/photos/example/{photo.number}",
        "url": url,
        "creator": photo.rights.author,
        "creator_url": "https://www.flickr.com/photos/example",
        "license": photo.rights.licence,
        "license_version": version,
        "license_url": photo.rights.url,
        "provider": "flickr",
        "source": "flickr",
        "category": "photograph",
        "filesize": 896128,
        "filetype": "jpg",
        "tags": [{"accuracy": None, "name": photo.word, "unstable__provider": "flickr"}],
        "attribution": f'"{photo.name}" by {photo.rights.author} is licensed under CC.',
        "fields_matched": ["title"],
        "mature": False,
        "height": photo.size[1],
        "width": photo.size[0],
        "thumbnail": f"https://api.openverse.org/v1/images/{key}/thumb/",
        "detail_url": f"https://api.openverse.org/v1/images/{key}/",
        "related_url": f"https://api.openverse.org/v1/images/{key}/related/",
        "unstable__sensitivity": [],
    }
