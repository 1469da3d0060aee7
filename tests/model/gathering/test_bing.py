"""Bing's version 7, as gateways speak it: the key stays secret, and licences are no better known than they are."""

import json
import logging
from typing import Any

import pytest

from model.errors import SettingsError, SourceError, UnknownSubject
from model.gathering.bing import Bing
from model.gathering.licences import REUSABLE, Licence
from tests.gathering_stand_in import Fault, Library, Photo, Rights, StandIn
from tests.model.gathering.asking import Recorded, asked, hasty, library

_KEY = "secretkey0123456789abc"
_PATH = "/bing/v7.0/images/search"


def test_the_key_goes_into_a_header_and_nowhere_else() -> None:
    with StandIn(library(1), key=_KEY) as stand_in, asked(stand_in, "bing") as source:
        assert len(list(source.search("bear", REUSABLE))) == 1
        request = stand_in.requests[0]
        assert request.headers["ocp-apim-subscription-key"] == _KEY
        assert _KEY not in str(request.query)
        assert _KEY not in repr(source)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with StandIn(library(1), key=_KEY) as stand_in, asked(stand_in, "bing") as source:
        body = json.dumps({"error": {"code": str(status), "message": f"{_KEY} is wrong"}}).encode()
        stand_in.faults.add(Fault.says(_PATH, body, "application/json", status=status))
        with pytest.raises(SourceError, match=rf"refuses the key in AZURE_SEARCH_KEY \(HTTP {status}\)") as raised:
            list(source.search("bear", REUSABLE))
        assert "August 2025" in str(raised.value)
        assert raised.value.status == status
        assert _KEY not in _all_of(raised.value)
        assert _KEY not in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault.says(_PATH, _KEY.encode(), "text/plain"),
        Fault.says(_PATH, json.dumps({_KEY: 1, "error": _KEY}).encode(), "application/json"),
        Fault.says(_PATH, json.dumps(_KEY).encode(), "application/json"),
        Fault.broken(_PATH, times=None),
        Fault.silence(_PATH),
        Fault.redirect(_PATH, f"http://127.0.0.1:9/{_KEY}"),
        Fault.redirect(_PATH, f"ftp://{_KEY}/"),
    ],
)
def test_no_error_repeats_the_key(fault: Fault) -> None:
    with StandIn(library(1), key=_KEY) as stand_in, asked(stand_in, "bing") as source:
        stand_in.faults.add(fault)
        with pytest.raises(SourceError) as raised:
            list(source.search("bear", REUSABLE))
        assert _KEY not in _all_of(raised.value)


def test_an_error_that_repeats_the_key_is_told_without_it() -> None:
    class Careless:
        def get_json(self, url: str, **more: Any) -> Any:
            raise SourceError(f"sent {more['headers']}")

    with pytest.raises(SourceError, match=r"\(the key\)") as raised:
        list(Bing(Careless(), "https://h", _KEY).search("bear", REUSABLE))
    assert _KEY not in _all_of(raised.value)


def _all_of(error: BaseException) -> str:
    """What a traceback would show of the error and of those before it."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        parts.append(f"{seen!r} {seen} {seen.__notes__ if hasattr(seen, '__notes__') else ''}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("licences", "asked_for", "known"),
    [
        (REUSABLE, "ModifyCommercially", Licence.FREE),
        ({Licence.FREE}, "ModifyCommercially", Licence.FREE),
        ({Licence.CC0, Licence.PDM}, "Public", Licence.PDM),
        (set(Licence), None, Licence.UNKNOWN),
        ({Licence.UNKNOWN, Licence.BY}, None, Licence.UNKNOWN),
    ],
)
def test_a_licence_is_known_as_well_as_the_filter_promised(
    licences: set[Licence], asked_for: str | None, known: Licence
) -> None:
    with StandIn(library(1, rights=Rights("cc0", "Ana"))) as stand_in, asked(stand_in, "bing") as source:
        (hit,) = source.search("bear", licences)
        assert stand_in.requests[0].query.get("license") == asked_for
        assert hit.licence is known
        assert known in licences
        assert (hit.author, hit.licence_url) == (None, None)


def test_licences_that_no_filter_can_ask_for_are_refused_with_what_to_do() -> None:
    with StandIn(library(1)) as stand_in, asked(stand_in, "bing") as source:
        with pytest.raises(UnknownSubject, match="bing tells no licence of a picture, only whether it may be reused"):
            list(source.search("bear", {Licence.BY_NC}))
        assert stand_in.requests == []


def test_what_may_not_be_changed_and_sold_is_filtered_out() -> None:
    photos = [Photo("bear", f"{code}.jpg", b"x", Rights(code, None)) for code in ("by", "by-nc", "by-nd", None)]
    with StandIn(Library(photos)) as stand_in, asked(stand_in, "bing") as source:
        (hit,) = source.search("bear", REUSABLE)
        assert hit.url.endswith("/by.jpg")


def _row(number: int) -> dict[str, Any]:
    return {
        "imageId": f"{number:040X}",
        "contentUrl": f"https://example.org/{number}.jpg",
        "hostPageUrl": "https://example.org/",
        "name": "A <b>bear</b>",
    }


class Pages:
    """Answers one after the other, the last one for ever."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = answers
        self.offsets: list[int] = []

    def get_json(self, url: str, *, params: Any = None, headers: Any = None) -> Any:
        self.offsets.append(params["offset"])
        assert len(self.offsets) < 20
        return self.answers[min(len(self.offsets), len(self.answers)) - 1]


@pytest.mark.parametrize(
    ("following", "offsets"),
    [(3, [0, 3]), (0, [0]), (None, [0]), ("3", [0]), (-5, [0]), (True, [0])],
)
def test_it_goes_on_only_where_it_is_told_to(following: object, offsets: list[int]) -> None:
    pages = Pages({"value": [_row(1)], "nextOffset": following}, {"value": [_row(2)], "nextOffset": 3})
    hits = list(Bing(pages, "https://h", _KEY).search("bear", REUSABLE))
    assert pages.offsets == offsets
    assert len(hits) == len(offsets)


def test_overlapping_pages_bring_no_picture_twice_and_it_ends_when_all_were_seen() -> None:
    pages = Pages(
        {"value": [_row(1), _row(2)], "nextOffset": 2},
        {"value": [_row(2), _row(3)], "nextOffset": 4},
        {"value": [_row(1), _row(3)], "nextOffset": 6},  # after its last page Bing begins anew
    )
    hits = list(Bing(pages, "https://h", _KEY).search("bear", REUSABLE))
    assert [hit.url[-5:] for hit in hits] == ["1.jpg", "2.jpg", "3.jpg"]
    assert pages.offsets == [0, 2, 4]
    assert hits[0].title == "A bear"


@pytest.mark.parametrize(
    ("endpoint", "key", "missing"), [(None, _KEY, "ENDPOINT"), ("https://h", None, "KEY"), ("https://h", "", "KEY")]
)
def test_without_its_settings(endpoint: str | None, key: str | None, missing: str) -> None:
    with pytest.raises(SettingsError, match=f"AZURE_SEARCH_{missing} is not set") as raised:
        Bing(Recorded({}), endpoint, key)
    assert _KEY not in str(raised.value)


def test_a_wrong_key_at_the_stand_in() -> None:
    with StandIn(library(1), key="the right key") as stand_in, hasty() as http:
        source = Bing(http, f"{stand_in.url}/bing", _KEY)
        with pytest.raises(SourceError, match="refuses the key"):
            list(source.search("bear", REUSABLE))
