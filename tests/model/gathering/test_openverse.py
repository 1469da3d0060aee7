"""Openverse, as clients without a key meet it."""

import pytest

from model.errors import SourceError, UnknownSubject
from model.gathering.licences import REUSABLE, Licence
from model.gathering.openverse import Openverse
from tests.gathering_stand_in import Library, Photo, Rights, StandIn
from tests.model.gathering.asking import Recorded, asked, library


def test_it_asks_for_no_more_than_anonymous_clients_get() -> None:
    with StandIn(library(300)) as stand_in, asked(stand_in, "openverse") as source:
        assert len(list(source.search("bear", REUSABLE))) == 240
        requests = stand_in.asked("/openverse")
        assert [request.query["page"] for request in requests] == [str(page) for page in range(1, 13)]
        assert {request.query["page_size"] for request in requests} == {"20"}


@pytest.mark.parametrize(
    ("licences", "asked_for"),
    [
        (REUSABLE, "by,by-sa,cc0,pdm"),
        ({Licence.BY_NC}, "by-nc"),
        ({Licence.BY, Licence.UNKNOWN, Licence.OTHER}, "by"),
        (set(Licence), None),
    ],
)
def test_the_licences_that_are_asked_for(licences: set[Licence], asked_for: str | None) -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "openverse") as source:
        list(source.search("bear", licences))
        (request,) = stand_in.asked("/openverse")
        assert request.query.get("license") == asked_for


def test_it_is_not_asked_for_what_it_never_has() -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "openverse") as source:
        with pytest.raises(UnknownSubject, match="openverse has only pictures under licences of Creative Commons"):
            list(source.search("bear", {Licence.UNKNOWN, Licence.FREE}))
        assert stand_in.requests == []


def test_all_that_a_row_tells() -> None:
    photo = Photo("bear", "1.jpg", b"x", Rights("cc0", "Ana"), size=(6016, 4016))
    with StandIn(Library([photo])) as stand_in, asked(stand_in, "openverse") as source:
        (hit,) = source.search("bear", REUSABLE)
        assert hit.page == f"https://www.flickr.com/photos/example/{photo.number}"
        assert hit.licence_url == "https://creativecommons.org/publicdomain/zero/1.0/"
        assert (hit.title, hit.width, hit.height) == ("bear 1.jpg", 6016, 4016)


def test_a_refusal_keeps_its_status() -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "openverse") as source:
        source._base_url = f"{stand_in.url}/nowhere"  # type: ignore[attr-defined] # every source has one
        with pytest.raises(SourceError, match="answers 404") as raised:
            list(source.search("bear", REUSABLE))
        assert raised.value.status == 404


def test_a_page_without_rows_is_the_last_whatever_is_counted() -> None:
    web = Recorded({"/v1/images/": {"page_count": 10**9, "results": []}})
    assert list(Openverse(web, "http://h").search("bear", REUSABLE)) == []
    assert web.count == 1


def test_it_does_not_count_on_a_server_to_end() -> None:
    web = Recorded({"/v1/images/": {"page_count": 10**9, "results": [{"id": "a"}]}}, most=10_000)
    assert list(Openverse(web, "http://h").search("bear", REUSABLE)) == []
    assert web.count == 500
