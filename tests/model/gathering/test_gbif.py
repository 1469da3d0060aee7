"""GBIF: names, what is a picture, and whose licence is whose."""

from typing import Any

import pytest

from model.errors import UnknownSubject
from model.gathering.gbif import Gbif
from model.gathering.licences import REUSABLE, Licence
from model.gathering.source import Hit
from tests.gathering_stand_in import StandIn
from tests.model.gathering.asking import Recorded, asked, library

_EXACT = {"usageKey": 2433433, "matchType": "EXACT", "status": "ACCEPTED", "rank": "SPECIES"}
_NONE = {"confidence": 100, "matchType": "NONE", "synonym": False}


def _media(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "StillImage",
        "format": "image/jpeg",
        "identifier": f"https://example.org/{number}.jpg",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "creator": "Ana",
        **more,
    }


def _record(number: int, *media: Any, **more: Any) -> dict[str, Any]:
    licence = "http://creativecommons.org/licenses/by/4.0/legalcode"
    return {"key": number, "license": licence, "media": list(media), "scientificName": "Ursus arctos L.", **more}


def _search(
    *records: Any, match: Any = _EXACT, species: Any = (), query: str = "Ursus arctos", licences: Any = REUSABLE
) -> list[Hit]:
    answers = {
        "/v1/species/match": match,
        "/v1/species/search": {"results": list(species)},
        "/v1/occurrence/search": {"endOfRecords": True, "results": list(records)},
    }
    return list(Gbif(Recorded(answers), "http://h").search(query, licences))


def test_a_scientific_name_needs_no_second_look_up() -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, "gbif") as source:
        assert len(list(source.search("Bear exemplaris", REUSABLE))) == 3
        assert [request.path for request in stand_in.requests] == [
            "/gbif/v1/species/match",
            "/gbif/v1/occurrence/search",
        ]


def test_a_common_name_is_found_behind_what_is_only_named_after_it() -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, "gbif") as source:
        assert len(list(source.search("bear", REUSABLE))) == 3  # and not the bear mosaic virus
        lookup = stand_in.asked("/gbif/v1/species/search")[0].query
        assert (lookup["qField"], lookup["status"]) == ("VERNACULAR", "ACCEPTED")


@pytest.mark.parametrize(
    "match",
    [
        _NONE,
        {**_EXACT, "matchType": "HIGHERRANK"},
        {**_EXACT, "matchType": "FUZZY"},
        {**_EXACT, "status": "DOUBTFUL"},  # "papaya": a fossil snail
        {**_EXACT, "usageKey": None},
        {},
    ],
)
def test_what_is_no_match(match: dict[str, Any]) -> None:
    with pytest.raises(UnknownSubject, match="gbif knows no living thing called 'papaya'; it takes scientific names"):
        _search(_record(1, _media(1)), match=match, query="papaya")


@pytest.mark.parametrize(
    ("match", "key"),
    [
        (_NONE, 2),  # and a common name of the taxon with this key in GBIF's own taxonomy
        (_EXACT, 2433433),
        ({**_EXACT, "usageKey": 3329049, "acceptedUsageKey": 8168319, "status": "SYNONYM"}, 8168319),
    ],
)
def test_the_key_of_the_accepted_name_is_used(match: dict[str, Any], key: int) -> None:
    papaya = {"key": 1, "nubKey": 2, "vernacularNames": [{"vernacularName": "Papaya"}]}
    asked_for: list[str] = []

    class Web(Recorded):
        def get_json(self, url: str, **more: Any) -> Any:
            asked_for.append(url)
            return super().get_json(url, **more)

    answers = {
        "/v1/species/match": match,
        "/v1/species/search": {"results": [papaya]},
        "/v1/occurrence/search": {"results": []},
    }
    assert list(Gbif(Web(answers), "http://h").search("papaya", REUSABLE)) == []
    assert f"taxonKey={key}&checklistKey=d7dddbf4-2cf0-4f39-9b2a-bb099caae36c&" in asked_for[-1]


def test_records_of_living_things_in_the_open_are_asked_for() -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, "gbif") as source:
        list(source.search("bear", REUSABLE))
        several = stand_in.requests[-1].several
        assert several["basisOfRecord"] == ["HUMAN_OBSERVATION", "MACHINE_OBSERVATION"]
        assert several["mediaType"] == ["StillImage"]
        assert several["license"] == ["CC0_1_0", "CC_BY_4_0"]
        list(source.search("bear", set(Licence)))
        assert "license" not in stand_in.requests[-1].several


@pytest.mark.parametrize(
    "media",
    [
        {"type": "Sound", "format": "audio/mpeg"},
        {"type": "MovingImage"},
        {"format": "text/html"},
        {"identifier": None},
        {"identifier": "/relative.jpg"},
    ],
)
def test_what_is_no_picture_is_no_hit(media: dict[str, Any]) -> None:
    hits = _search(_record(1, _media(1, **media), _media(2)), _record(2, _media(3, type=None, format=None)))
    assert [hit.url for hit in hits] == ["https://example.org/2.jpg", "https://example.org/3.jpg"]


def test_the_record_does_not_lend_its_licence_to_a_picture_without_one() -> None:
    (hit,) = _search(_record(1, _media(1, license=None)))
    assert (hit.licence, hit.licence_url) == (Licence.UNKNOWN, None)


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("http://creativecommons.org/licenses/by-nc/4.0/", Licence.BY_NC),
        ("© Museum", Licence.UNKNOWN),
        ("CC BY-SA", Licence.BY_SA),
        ("https://example.org/terms", Licence.OTHER),
    ],
)
def test_licences_of_pictures(said: str, licence: Licence) -> None:
    (hit,) = _search(_record(1, _media(1, license=said)))
    assert hit.licence is licence


def test_who_holds_the_rights_where_nobody_is_named_as_creator() -> None:
    (hit,) = _search(_record(1, _media(1, creator=None, rightsHolder="Naturalis"), rightsHolder="Someone"))
    assert hit.author == "Naturalis"
    (hit,) = _search(_record(1, _media(1, creator=None), rightsHolder="Someone"))
    assert hit.author == "Someone"


def test_the_page_of_a_picture_or_else_of_its_record() -> None:
    hits = _search(_record(1, _media(1, references="https://www.inaturalist.org/photos/1"), _media(2)))
    assert [hit.page for hit in hits] == [
        "https://www.inaturalist.org/photos/1",
        "https://www.gbif.org/occurrence/1",
    ]


def test_each_record_comes_once_before_any_comes_twice() -> None:
    hits = _search(_record(1, _media(1), _media(2)), _record(2, _media(3)))
    assert [hit.key for hit in hits] == ["1/0", "2/0", "1/1"]


def test_it_stops_where_records_are_refused() -> None:
    answers = {
        "/v1/species/match": _EXACT,
        "/v1/occurrence/search": {"endOfRecords": False, "results": [_record(1, _media(1))]},
    }
    web = Recorded(answers, most=2_000)
    assert len(list(Gbif(web, "http://h").search("Ursus arctos", REUSABLE))) == 1_000
    assert web.count == 1 + 1_000


def test_a_page_without_records_is_the_last_whatever_is_said() -> None:
    web = Recorded({"/v1/species/match": _EXACT, "/v1/occurrence/search": {"endOfRecords": False, "results": []}})
    assert list(Gbif(web, "http://h").search("Ursus arctos", REUSABLE)) == []
    assert web.count == 2


def test_of_one_record_the_picture_that_may_be_used_comes_first() -> None:
    hits = _search(_record(1, _media(1, license=None), _media(2)), _record(2, _media(3)))
    assert [hit.key for hit in hits] == ["1/1", "2/0", "1/0"]
