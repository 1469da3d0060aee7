"""Wikimedia Commons: errors that come as good answers, thumbnails, rights in HTML."""

import copy
import json
from typing import Any

import pytest

from model.errors import SourceError
from model.gathering.licences import REUSABLE, Licence
from model.gathering.wikimedia import Wikimedia
from tests.gathering_stand_in import Fault, Library, Photo, Rights, StandIn
from tests.gathering_stand_in.commons import maxlag
from tests.model.gathering.asking import Recorded, hasty, library

_PATH = "/wikimedia/w/api.php"


class Pauses(list[float]):
    """The pauses that were made."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def _lagging(seconds: float, times: int | None) -> Fault:
    return Fault.says(_PATH, json.dumps(maxlag(seconds)).encode(), "application/json", times=times)


def test_it_waits_while_the_databases_lag_behind() -> None:
    pauses = Pauses()
    with StandIn(library(60)) as stand_in, hasty() as http:
        stand_in.faults.add(_lagging(6.5, 1), _lagging(1e9, 1))
        source = Wikimedia(http, f"{stand_in.url}/wikimedia", pause=pauses)
        assert len(list(source.search("bear", REUSABLE))) == 60
        assert {request.query["maxlag"] for request in stand_in.requests} == {"5"}
    assert pauses == [6.5, 30.0]


def test_it_does_not_wait_for_ever() -> None:
    pauses = Pauses()
    with StandIn(library(60)) as stand_in, hasty() as http:
        stand_in.faults.add(_lagging(2, None))
        source = Wikimedia(http, f"{stand_in.url}/wikimedia", pause=pauses)
        with pytest.raises(SourceError, match=r"wikimedia is too busy \(maxlag, 4 times\): try again in some minutes"):
            list(source.search("bear", REUSABLE))
    assert pauses == [2, 2, 2]


def test_other_errors_are_told_at_once() -> None:
    answer = {"error": {"code": "badvalue", "info": "Unrecognized <b>value</b>\nfor it."}}
    web = Recorded({"/w/api.php": answer})
    with pytest.raises(SourceError, match=r"wikimedia refuses the search: badvalue: Unrecognized value for it\."):
        list(Wikimedia(web, "http://h").search("bear", REUSABLE))
    assert web.count == 1


def test_hits_come_in_the_order_of_the_search() -> None:
    with StandIn(library(60)) as stand_in, hasty() as http:
        hits = Wikimedia(http, f"{stand_in.url}/wikimedia").search("bear", REUSABLE)
        assert [hit.title for hit in hits] == [f"bear {number:04}.jpg" for number in range(60)]


@pytest.mark.parametrize(
    ("mime", "width", "fetched"),
    [
        ("image/jpeg", 6000, "https://u/thumb.jpg"),
        ("image/jpeg", 961, "https://u/thumb.jpg"),
        ("image/jpeg", 960, "https://u/x.jpg"),
        ("image/png", 200, "https://u/x.jpg"),
        ("image/tiff", 200, "https://u/thumb.jpg"),  # few programs show it, so Commons makes a JPEG of it
        (None, 200, "https://u/thumb.jpg"),
    ],
)
def test_what_is_fetched_of_large_and_odd_files(mime: str | None, width: int, fetched: str) -> None:
    smaller = {"thumburl": "https://u/thumb.jpg", "thumbwidth": min(width, 960), "thumbheight": 100}
    (hit,) = _hits(_page(mime=mime, width=width, height=100, **smaller))
    assert hit.url == fetched
    assert (hit.width, hit.height) == (min(width, 960), 100)


def test_the_stand_in_makes_thumbnails_as_commons_does() -> None:
    photo = Photo("bear", "1.jpg", b"x", size=(6000, 4000))
    with StandIn(Library([photo])) as stand_in, hasty() as http:
        (hit,) = Wikimedia(http, f"{stand_in.url}/wikimedia").search("bear", REUSABLE)
        assert stand_in.requests[0].query["iiurlwidth"] == "960"
        assert hit.url == f"{stand_in.url_of(photo)}?width=960"
        assert (hit.width, hit.height) == (960, 640)


def _page(**info: Any) -> dict[str, Any]:
    told = {"url": "https://u/x.jpg", "descriptionurl": "https://c/File:X.jpg", "mime": "image/jpeg", **info}
    return {"pageid": 7, "ns": 6, "title": "File:X.jpg", "index": 1, "imageinfo": [told]}


def _hits(*pages: dict[str, Any], **more: Any) -> list[Any]:
    web = Recorded({"/w/api.php": {"query": {"pages": list(pages)}, **more}})
    return list(Wikimedia(web, "http://h").search("bear", REUSABLE))


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ({"LicenseShortName": "CC BY-SA 4.0", "License": "cc-by-sa-4.0"}, Licence.BY_SA),
        ({"License": "cc-by-2.0"}, Licence.BY),
        ({"LicenseShortName": "See below", "License": "cc-zero"}, Licence.CC0),
        ({"LicenseShortName": "GFDL"}, Licence.OTHER),
        ({"LicenseShortName": "<span>Public&nbsp;domain</span>"}, Licence.PDM),
        ({"LicenseUrl": "https://creativecommons.org/licenses/by/3.0"}, Licence.BY),
        ({"LicenseShortName": "CC BY 4.0", "NonFree": "true"}, Licence.UNKNOWN),  # wikis with fair use
        ({}, Licence.UNKNOWN),
    ],
)
def test_rights_are_read_from_whichever_field_has_them(said: dict[str, str], licence: Licence) -> None:
    (hit,) = _hits(_page(extmetadata={name: {"value": value} for name, value in said.items()}))
    assert hit.licence is licence


def test_no_metadata_come_as_an_empty_list() -> None:
    (hit,) = _hits(_page(extmetadata=[]))
    assert (hit.licence, hit.author) == (Licence.UNKNOWN, None)


def test_files_that_are_gone_or_come_in_the_next_answer_are_no_hits() -> None:
    gone = {"pageid": 1, "ns": 6, "title": "File:Gone.jpg", "index": 2, "missing": True}
    assert len(_hits(gone, _page())) == 1


def test_addresses_without_a_scheme_are_https() -> None:
    (hit,) = _hits(_page(url="//upload.wikimedia.org/x.jpg", descriptionurl="//commons.wikimedia.org/wiki/File:X.jpg"))
    assert hit.url == "https://upload.wikimedia.org/x.jpg"
    assert hit.page == "https://commons.wikimedia.org/wiki/File:X.jpg"


def test_metadata_that_come_in_a_second_answer() -> None:
    """Long ones are given out in parts: the same pages again, and what was missing."""
    bare = copy.deepcopy(_page())
    del bare["imageinfo"]
    bare |= {"pageid": 8, "title": "File:Y.jpg"}
    late = _page(url="https://u/y.jpg") | {"pageid": 8, "title": "File:Y.jpg"}
    known = copy.deepcopy(_page())
    del known["imageinfo"]
    answers = [
        {"continue": {"iicontinue": "Y.jpg|2020", "continue": "||"}, "query": {"pages": [_page(), bare]}},
        {"batchcomplete": True, "query": {"pages": [known, late]}},
    ]
    asked: list[dict[str, Any]] = []

    class Twice:
        def get_json(self, url: str, *, params: Any = None, headers: Any = None) -> Any:
            asked.append(dict(params))
            return answers[len(asked) - 1]

    assert [hit.key for hit in Wikimedia(Twice(), "http://h").search("bear", REUSABLE)] == ["7", "8"]
    assert asked[1]["iicontinue"] == "Y.jpg|2020"


def test_it_goes_round_in_no_circle() -> None:
    web = Recorded({"/w/api.php": {"continue": {"gsroffset": 50}, "query": {"pages": [_page()]}}})
    assert len(list(Wikimedia(web, "http://h").search("bear", REUSABLE))) == 2
    assert web.count == 2


def test_the_rights_of_the_stand_in_as_commons_writes_them() -> None:
    photos = [Photo("bear", f"{code}.jpg", b"x", Rights(code, "Ana")) for code in ("cc0", "pdm", "by", "by-sa")]
    with StandIn(Library(photos)) as stand_in, hasty() as http:
        hits = list(Wikimedia(http, f"{stand_in.url}/wikimedia").search("bear", REUSABLE))
    assert [hit.licence.value for hit in hits] == ["cc0", "pdm", "by", "by-sa"]
    assert {hit.author for hit in hits} == {"Ana"}
