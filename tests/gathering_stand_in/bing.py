"""Image search in the shape of Bing's version 7, as gateways that are compatible with it answer.

Shape: the "JSON response" of Microsoft's image search quickstarts (MicrosoftDocs/azure-docs, cognitive-services), and
`currentOffset`, `nextOffset` of recorded answers. It says no author and no licence. A wrong key is 401 with an error
object. Rows of two pages may overlap; `nextOffset` says where to go on.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from tests.gathering_stand_in.answers import Answer, Query, whole
from tests.gathering_stand_in.library import Library, Photo

# What Bing's filter lets through, by Creative Commons code.
_CLASSES = {
    "public": {"cc0", "pdm"},
    "share": {"cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd"},
    "sharecommercially": {"cc0", "pdm", "by", "by-sa", "by-nd"},
    "modify": {"cc0", "pdm", "by", "by-sa", "by-nc", "by-nc-sa"},
    "modifycommercially": {"cc0", "pdm", "by", "by-sa"},
}


def images(library: Library, query: Query, key: str | None, right_key: str, url_of: Callable[[Photo], str]) -> Answer:
    if key != right_key:
        message = "Access denied due to invalid subscription key. Make sure to provide a valid key."
        return Answer({"error": {"code": "401", "message": message}}, 401)
    text = query.get("q", "")
    if not text:
        error = {"code": "InvalidRequest", "subCode": "ParameterMissing", "message": "Required parameter is missing."}
        return Answer({"_type": "ErrorResponse", "errors": [error | {"parameter": "q"}]}, 400)
    size, offset = min(whole(query, "count", 35), 150), whole(query, "offset", 0)
    found = library.found("bing", text, _CLASSES.get(query.get("license", "").casefold()))
    rows = [_row(photo, url_of(photo)) for photo in found[offset:][:size]]
    return Answer(
        {
            "_type": "Images",
            "instrumentation": {"_type": "ResponseInstrumentation"},
            "readLink": f"images/search?q={quote_plus(text)}",
            "webSearchUrl": f"https://www.bing.com/images/search?q={quote_plus(text)}&FORM=OIIARP",
            "queryContext": {"originalQuery": text},
            "totalEstimatedMatches": len(found) + 500,  # an estimate, and never a good one
            "nextOffset": offset + len(rows),
            "currentOffset": offset,
            "value": rows,
        }
    )


def _row(photo: Photo, url: str) -> dict[str, Any]:
    return {
        "webSearchUrl": "https://www.bing.com/images/search?view=detailv2&FORM=OIIRPO",
        "name": f"{photo.word} - {photo.name}",
        "thumbnailUrl": "https://tse4.mm.bing.net/th?id=OIP.example&pid=Api",
        "datePublished": "2014-10-23T14:21:00.0000000Z",
        "contentUrl": url,
        "hostPageUrl": f"https://www.example.org/{quote_plus(photo.word)}/{photo.number}",
        "contentSize": "394455 B",
        "encodingFormat": "jpeg",
        "hostPageDisplayUrl": "www.example.org/...",
        "width": photo.size[0],
        "height": photo.size[1],
        "thumbnail": {"width": 300, "height": 225},
        "imageInsightsToken": f"ccid_example*mid_{photo.number:X}",
        "imageId": f"{photo.number:040X}",
        "accentColor": "B16A1A",
    }
