"""Wikimedia Commons' search of files, through MediaWiki's action API.

Shape of an answer with `continue`, and that pages come out of order with an `index`: answers of generator=search that
MediaWiki's API help and its clients' fixtures show. Errors come with status 200: Manual:Maxlag_parameter on
mediawiki.org. Thumbnails have standard widths only: Common_thumbnail_sizes on mediawiki.org. HTML in Artist and Credit,
"cc-by-sa-4.0" in License, "CC BY-SA 4.0" in LicenseShortName: CommonsMetadata's extmetadata.
"""

import html
from collections.abc import Callable
from typing import Any

from tests.gathering_stand_in.answers import Answer, Query, whole, window
from tests.gathering_stand_in.library import Library, Photo

_WIDTHS = (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840)


def api(library: Library, query: Query, url_of: Callable[[Photo], str]) -> Answer:
    if query.get("action") != "query" or query.get("generator") != "search":
        return _error("badvalue", 'Unrecognized value for parameter "action".')
    text = query.get("gsrsearch", "")
    if not text:
        return _error("missingparam", 'The "gsrsearch" parameter must be set.')
    size, offset = whole(query, "gsrlimit", 10), whole(query, "gsroffset", 0)
    if size > 50:
        return _error("toomanyvalues", 'The value "gsrlimit" must be between 1 and 50.')
    width = whole(query, "iiurlwidth", 0)
    found = library.found("wikimedia", text)
    if not found:
        return Answer({"batchcomplete": True})  # a search without results has no "query" at all
    rows = [_page(photo, offset + place + 1, url_of(photo), width) for place, photo in enumerate(found[offset:][:size])]
    rows.sort(key=lambda row: int(row["pageid"]))  # in the order of their ids, as the API does; `index` ranks them
    body: dict[str, Any] = {"batchcomplete": True, "query": {"pages": rows}}
    if window(found, offset + size, 1):
        body["continue"] = {"gsroffset": offset + size, "continue": "gsroffset||"}
    return Answer(body)


def maxlag(seconds: float = 6.0) -> dict[str, Any]:
    """The body of the answer to whoever may wait, while the databases lag behind."""
    return {
        "error": {
            "code": "maxlag",
            "info": f"Waiting for 10.64.32.198: {seconds} seconds lagged.",
            "host": "10.64.32.198",
            "lag": seconds,
            "type": "db",
            "docref": "See https://commons.wikimedia.org/w/api.php for API usage.",
        }
    }


def _error(code: str, info: str) -> Answer:
    return Answer({"error": {"code": code, "info": info}, "servedby": "mw-api-ext.example"})


def _page(photo: Photo, index: int, url: str, width: int) -> dict[str, Any]:
    title = f"File:{photo.word} {photo.name}"
    page = f"https://commons.wikimedia.org/wiki/{title.replace(' ', '_')}"
    info: dict[str, Any] = {
        "size": 896128,
        "width": photo.size[0],
        "height": photo.size[1],
        "url": url,
        "descriptionurl": page,
        "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={photo.number}",
        "mime": photo.media_type,
        "extmetadata": _metadata(photo),
    }
    if width:
        step = next((step for step in _WIDTHS if step >= width), _WIDTHS[-1])
        smaller = step < photo.size[0]
        info["thumburl"] = f"{url}?width={step}" if smaller else url
        info["thumbwidth"] = step if smaller else photo.size[0]
        info["thumbheight"] = photo.size[1] * step // photo.size[0] if smaller else photo.size[1]
    return {
        "pageid": photo.number,
        "ns": 6,
        "title": title,
        "index": index,
        "imagerepository": "local",
        "imageinfo": [info],
    }


def _metadata(photo: Photo) -> dict[str, Any]:
    fields = {
        "ObjectName": photo.name,
        "Credit": '<span class="int-own-work" lang="en">Own work</span>',
        "Artist": _artist(photo.rights.author),
        "LicenseShortName": _short_name(photo.rights.licence),
        "License": None if photo.rights.licence is None else _code(photo.rights.licence),
        "LicenseUrl": None if photo.rights.licence == "pdm" else photo.rights.url,
        "UsageTerms": photo.rights.licence and "Creative Commons",
        "Copyrighted": "False" if photo.rights.licence in ("pdm", "cc0") else "True",
        "Restrictions": "",
    }
    return {
        name: {"value": value, "source": "commons-desc-page"} for name, value in fields.items() if value is not None
    }


def _artist(author: str | None) -> str | None:
    if author is None:
        return None
    shown = author if "</" in author else html.escape(author)  # whoever writes markup there gets markup
    return (
        f'<a href="//commons.wikimedia.org/wiki/User:Example" title="User:Example">{shown}</a>\n'
        '<style data-mw-deduplicate="TemplateStyles:r1">.mw-parser-output{color:red}</style>'
    )


def _code(licence: str) -> str:
    return {"cc0": "cc0", "pdm": "pd"}.get(licence, f"cc-{licence}-4.0")


def _short_name(licence: str | None) -> str | None:
    if licence is None:
        return None
    return {"cc0": "CC0", "pdm": "Public domain"}.get(licence, f"CC {licence.upper()} 4.0")
