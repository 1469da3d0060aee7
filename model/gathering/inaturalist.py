"""iNaturalist: living things whose kind the community agrees on (research grade). https://api.inaturalist.org/v1/docs/

At most 60 requests a minute are asked for, 10,000 a day; results beyond 10,000 are refused.
"""

import re
from collections.abc import Collection, Iterator
from itertools import count

from model.errors import UnknownSubject
from model.gathering.common_names import best_named
from model.gathering.licences import Licence, licence_of
from model.gathering.rows import Row, identifier, line, rows_at, web_address, whole
from model.gathering.source import Hit, Source, Web

_PAGE_SIZE = 30  # an observation with all that was said about it may take 100 kB
_RESULTS = 10_000  # more are refused
_LATER = 2_000  # further pictures of animals that were seen, kept until all were seen
_CODES = {  # what it can filter by
    Licence.CC0: "cc0",
    Licence.BY: "cc-by",
    Licence.BY_SA: "cc-by-sa",
    Licence.BY_ND: "cc-by-nd",
    Licence.BY_NC: "cc-by-nc",
    Licence.BY_NC_SA: "cc-by-nc-sa",
    Licence.BY_NC_ND: "cc-by-nc-nd",
}
# It names no licence's page; all are of this version, but for CC0 (Shared::LicenseModule of inaturalist/inaturalist).
_TERMS = "https://creativecommons.org/licenses/{}/4.0/"
_CC0_TERMS = "https://creativecommons.org/publicdomain/zero/1.0/"
_NAMES = ("matched_term", "preferred_common_name", "name")  # of a taxon
# The address names one of the sizes; "large" has 1024 pixels at its longer side.
_SIZE = re.compile(r"/(?:square|thumb|small|medium)(\.\w+(?:\?.*)?)$")


class INaturalist(Source):
    """Photos of one taxon, those that most people liked first, one of each observation before a second of any.

    A second photo of an observation mostly shows the same animal in the same minute, and teaches a model little.
    """

    name = "inaturalist"

    def __init__(self, http: Web, base_url: str = "https://api.inaturalist.org") -> None:
        self._http = http
        self._base_url = base_url

    def search(self, query: str, licences: Collection[Licence]) -> Iterator[Hit]:
        """See `Source.search`; `query` is a common or a scientific name."""
        params: dict[str, str | int] = {
            "quality_grade": "research",
            "photos": "true",
            "order_by": "votes",
            "order": "desc",
            "per_page": _PAGE_SIZE,
        }
        if Licence.UNKNOWN not in licences:
            codes = [code for licence, code in _CODES.items() if licence in licences]
            if not codes:
                raise UnknownSubject(f"{self.name} has photos under {', '.join(_CODES)} only, and none is asked for")
            params["photo_license"] = ",".join(codes)
        params["taxon_id"] = self._taxon(query)
        later: list[Hit] = []
        for page in count(1):
            answer = self._http.get_json(f"{self._base_url}/v1/observations", params={**params, "page": page})
            observations = rows_at(answer, "results", source=self.name)
            for observation in observations:
                hits = self._hits(observation)
                hits.sort(key=lambda hit: hit.licence not in licences)  # a photo may have another licence than the rest
                yield from hits[:1]
                later.extend(hits[1 : 1 + _LATER - len(later)])
            seen = page * _PAGE_SIZE
            if not observations or seen >= (whole(answer.get("total_results")) or 0) or seen + _PAGE_SIZE > _RESULTS:
                break
        yield from later

    def _taxon(self, query: str) -> int:
        """The id of what `query` names."""
        answer = self._http.get_json(
            f"{self._base_url}/v1/taxa", params={"q": query, "is_active": "true", "per_page": 30}
        )
        taxa = [row for row in rows_at(answer, "results", source=self.name) if whole(row.get("id"))]
        named = [[text for field in _NAMES if (text := line(row.get(field)))] for row in taxa]
        place = best_named(query, named)
        if place is None:
            raise UnknownSubject(
                f"{self.name} knows no living thing called {query!r}; it takes common and scientific names, such as "
                "'brown bear' or 'Ursus arctos'"
            )
        return int(taxa[place]["id"])

    def _hits(self, observation: Row) -> list[Hit]:
        photos = observation.get("photos")
        rows = [row for row in photos if isinstance(row, dict)] if isinstance(photos, list) else []
        return [hit for row in rows if (hit := self._hit(row, observation))]

    def _hit(self, photo: Row, observation: Row) -> Hit | None:
        square, key = web_address(photo.get("url")), identifier(photo.get("id"))
        url, known_size = _SIZE.subn(r"/large\1", square or "")
        # Moderators hide some; and in place of some, or on other hosts, lies what has no large size.
        if not known_size or key is None or photo.get("hidden") is True:
            return None
        licence = licence_of(line(photo.get("license_code")))  # null: all rights are reserved
        terms = _TERMS.format(licence.value) if licence in _CODES else None
        taxon = observation.get("taxon")
        return Hit(
            source=self.name,
            key=key,
            url=url,
            page=web_address(observation.get("uri")) or url,
            licence=licence,
            licence_url=_CC0_TERMS if licence is Licence.CC0 else terms,
            author=_author(photo, observation),
            title=line(taxon.get("preferred_common_name")) or line(taxon.get("name"))
            if isinstance(taxon, dict)
            else None,
        )


def _author(photo: Row, observation: Row) -> str | None:
    """Who is named in the attribution, else who observed: those are not always the same.

    "(c) Ana Example, some rights reserved (CC BY-NC), uploaded by Ben", in the language of whoever uploaded it.
    """
    told = (line(photo.get("attribution")) or "").partition(", uploaded by ")[0]
    named, terms, _ = told.removeprefix("(c) ").rpartition(", ")
    if told.startswith("(c) ") and terms:
        return named
    user = observation.get("user")
    return line(user.get("name")) or line(user.get("login")) if isinstance(user, dict) else None
