"""iNaturalist: names of living things, one photo of each animal first, rights photo by photo."""

from typing import Any

import pytest

from model.errors import UnknownSubject
from model.gathering.inaturalist import INaturalist
from model.gathering.licences import REUSABLE, Licence
from model.gathering.source import Hit
from tests.gathering_stand_in import Library, Photo, StandIn
from tests.model.gathering.asking import Recorded, asked, library

_TAXON = {"id": 41641, "name": "Ursus arctos", "matched_term": "Brown Bear", "preferred_common_name": "Brown Bear"}


def _photo(number: int, licence: str | None = "cc-by", **more: Any) -> dict[str, Any]:
    url = f"https://inaturalist-open-data.s3.amazonaws.com/photos/{number}/square.jpg"
    attribution = f"(c) Ana {number}, some rights reserved (CC BY)"
    return {"id": number, "license_code": licence, "url": url, "attribution": attribution, **more}


def _observation(number: int, *photos: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "uri": f"https://www.inaturalist.org/observations/{number}",
        "user": {"login": "ana", "name": None},
        "taxon": _TAXON,
        "photos": list(photos),
        **more,
    }


def _search(*observations: dict[str, Any], taxa: list[Any] | None = None, query: str = "brown bear") -> list[Hit]:
    answers = {
        "/v1/taxa": {"results": [_TAXON] if taxa is None else taxa},
        "/v1/observations": {"total_results": len(observations), "results": list(observations)},
    }
    return list(INaturalist(Recorded(answers), "http://h").search(query, REUSABLE))


def test_the_taxon_is_looked_up_once_and_research_grade_asked_for() -> None:
    with StandIn(library(40, word="grizzly")) as stand_in, asked(stand_in, "inaturalist") as source:
        assert len(list(source.search("Grizzly Bear", REUSABLE))) == 40
        lookup, first, second = stand_in.requests
        assert lookup.query["q"] == "Grizzly Bear"
        assert {request.query["quality_grade"] for request in (first, second)} == {"research"}
        assert first.query["photo_license"] == "cc0,cc-by,cc-by-sa"
        assert (first.query["page"], second.query["page"]) == ("1", "2")


def test_any_licence_asks_for_no_licence() -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "inaturalist") as source:
        list(source.search("bear", set(Licence)))
        assert "photo_license" not in stand_in.requests[-1].query


def test_licences_that_it_does_not_have_are_not_asked_for() -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "inaturalist") as source:
        with pytest.raises(UnknownSubject, match=r"inaturalist has photos under cc0, by, by-sa, .* only"):
            list(source.search("bear", {Licence.FREE, Licence.PDM}))
        assert stand_in.requests == []


@pytest.mark.parametrize("query", ["brown bear", "Brown Bears", "ursus arctos", "URSUS ARCTOS", "bear"])
def test_names_that_are_known(query: str) -> None:
    assert len(_search(_observation(1, _photo(1)), query=query)) == 1


@pytest.mark.parametrize("query", ["brown", "teapot", "polar bear"])
def test_names_that_only_resemble(query: str) -> None:
    with pytest.raises(UnknownSubject, match=rf"inaturalist knows no living thing called '{query}'; it takes common"):
        _search(_observation(1, _photo(1)), query=query)


def test_taxa_that_are_damaged_are_passed_over() -> None:
    taxa = [{"id": "x", "matched_term": "Brown Bear"}, {"id": 5, "matched_term": 7}, "y", _TAXON]
    assert len(_search(_observation(1, _photo(1)), taxa=taxa)) == 1


def test_each_animal_comes_once_before_any_comes_twice() -> None:
    hits = _search(
        _observation(1, _photo(10), _photo(11), _photo(12)),
        _observation(2, _photo(20)),
        _observation(3, _photo(30), _photo(31)),
    )
    assert [hit.key for hit in hits] == ["10", "20", "30", "11", "12", "31"]


def test_of_one_animal_the_photo_that_may_be_used_comes_first() -> None:
    hits = _search(_observation(1, _photo(10, None), _photo(11, "cc-by-nc"), _photo(12, "cc0")))
    assert [(hit.key, hit.licence) for hit in hits] == [
        ("12", Licence.CC0),
        ("10", Licence.UNKNOWN),
        ("11", Licence.BY_NC),
    ]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://s/photos/1/square.jpg", "https://s/photos/1/large.jpg"),
        (
            "https://static.inaturalist.org/photos/5/square.jpeg?1545715684",
            "https://static.inaturalist.org/photos/5/large.jpeg?1545715684",
        ),
        ("https://s/photos/1/medium.PNG", "https://s/photos/1/large.PNG"),
        ("https://s/square/1/square.jpg", "https://s/square/1/large.jpg"),
    ],
)
def test_the_large_size_is_asked_for(given: str, url: str) -> None:
    (hit,) = _search(_observation(1, _photo(1, url=given)))
    assert hit.url == url


@pytest.mark.parametrize(
    "more",
    [
        {"hidden": True},
        {"url": "https://www.inaturalist.org/assets/copyright-infringement-square.png"},
        {"url": "https://live.staticflickr.com/1/2_s.jpg"},  # has no large size by that name
        {"url": None},
        {"id": None},
    ],
)
def test_photos_that_moderators_hide_or_that_lie_elsewhere_are_no_hits(more: dict[str, Any]) -> None:
    assert _search(_observation(1, _photo(1, **more), _photo(2)))[0].key == "2"


@pytest.mark.parametrize(
    ("attribution", "author"),
    [
        ("(c) Robin Bad, some rights reserved (CC BY-NC)", "Robin Bad"),
        ("(c) fam-esquivel, certains droits réservés (CC BY-NC)", "fam-esquivel"),
        ("(c) Paul, all rights reserved, uploaded by creaturesnapper", "Paul"),
        ("(c) Bell, Tinker, some rights reserved (CC BY)", "Bell, Tinker"),
        ("no rights reserved", "ana"),
        ("Sem direitos reservados", "ana"),
        (None, "ana"),
    ],
)
def test_authors(attribution: str | None, author: str) -> None:
    (hit,) = _search(_observation(1, _photo(1, attribution=attribution)))
    assert hit.author == author


def test_an_observer_without_a_name() -> None:
    (hit,) = _search(_observation(1, _photo(1, attribution=None), user=None))
    assert hit.author is None


def test_it_stops_where_results_are_refused() -> None:
    """With page times per_page beyond 10,000 the answer would be an error."""
    rows = [_observation(number, _photo(number)) for number in range(1, 31)]
    answers = {
        "/v1/taxa": {"results": [_TAXON]},
        "/v1/observations": {"total_results": 1_000_000, "results": rows},
    }
    web = Recorded(answers, most=1_000)
    assert len(list(INaturalist(web, "http://h").search("brown bear", REUSABLE))) == 9_990
    assert web.count == 1 + 333


def test_photos_of_the_stand_in_lie_where_hits_say() -> None:
    photo = Photo("bear", "1.png", b"png bytes")
    with StandIn(Library([photo])) as stand_in, asked(stand_in, "inaturalist") as source:
        (hit,) = source.search("bear", REUSABLE)
        assert hit.url == f"{stand_in.url}/photos/{photo.number}/large.png"
        assert hit.title == "Bear"


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("cc-by-nc", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("cc0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("pd", None),
        (None, None),
    ],
)
def test_the_page_of_the_licence(code: str | None, url: str | None) -> None:
    (hit,) = _search(_observation(1, _photo(1, code)))
    assert hit.licence_url == url
