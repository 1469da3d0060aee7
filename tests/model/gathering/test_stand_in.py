"""The stand-in behaves as the tests that lean on it believe."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests
from PIL import Image

from model.gathering.licences import REUSABLE, licence_of
from model.gathering.settings import GatheringSettings
from tests.gathering_stand_in import Fault, Library, StandIn
from tests.model.gathering.asking import SOURCES, library

_ROOT = Path(__file__).parents[3]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """40 cats, 20 tea pots and files that are no pictures."""
    folder = tmp_path / "photos"
    for word, count in (("cat", 40), ("tea_pot", 20)):
        (folder / word).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (32, 24), (number * 6, 0, 0)).save(folder / word / f"{number:02}.png")
        (folder / word / "notes.txt").write_text("no picture")
    (folder / "README.md").write_text("not a word's folder")
    return folder


def test_a_folder_is_dealt_out_to_the_sources(photos: Path) -> None:
    dealt = Library.from_folder(photos, things=["tea pot"])
    assert dealt.words() == ["cat", "tea pot"]
    offered = {name: len(dealt.found(name, "a CAT, please")) for name in SOURCES}
    assert offered == {"openverse": 10, "wikimedia": 10, "inaturalist": 10, "gbif": 10, "bing": 40}
    offered = {name: len(dealt.found(name, "tea pot")) for name in SOURCES}
    assert offered == {"openverse": 10, "wikimedia": 10, "inaturalist": 0, "gbif": 0, "bing": 20}
    assert (dealt.taxon("cat"), dealt.taxon("tea pot")) == ("cat", None)
    # Every source has both pictures that may be reused, most of them, and others.
    for name in SOURCES:
        free = [licence_of(photo.rights.licence) in REUSABLE for photo in dealt.found(name, "cat")]
        assert 0.5 < sum(free) / len(free) < 1
    assert {photo.size for photo in dealt.photos} == {(32, 24)}


def test_every_source_may_offer_everything(photos: Path) -> None:
    whole = Library.from_folder(photos, everywhere=True)
    assert {name: len(whole.found(name, "cat")) for name in SOURCES} == dict.fromkeys(SOURCES, 40)


def test_settings_lead_to_it_and_pictures_lie_there(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(Library.from_folder(photos)) as stand_in:
        for name, value in stand_in.settings().items():
            monkeypatch.setenv(name, value)
        settings = GatheringSettings.load()
        assert settings.openverse_url == f"{stand_in.url}/openverse"
        assert settings.private_addresses
        for photo in stand_in.library.photos:
            answer = requests.get(stand_in.url_of(photo), timeout=10)
            assert (answer.content, answer.headers["Content-Type"]) == (photo.data, "image/png")


def _status(url: str) -> tuple[int, bytes]:
    answer = requests.get(url, timeout=10)
    return answer.status_code, answer.content


def test_faults_happen_as_often_as_they_were_ordered() -> None:
    with StandIn(library(1)) as stand_in:
        (photo,) = stand_in.library.photos
        url = stand_in.url_of(photo)
        stand_in.faults.add(
            Fault.broken("/photos", status=502, times=2), Fault.dead("/photos/bear", status=410, times=1)
        )
        assert [_status(url)[0] for _ in range(4)] == [502, 502, 410, 200]
        stand_in.faults.add(Fault.says("/photos", b"<svg/>", "image/jpeg"))
        assert _status(url) == (200, b"<svg/>")
        assert _status(url) == (200, b"<svg/>")
        stand_in.faults.clear()
        assert _status(url) == (200, photo.data)
        assert len(stand_in.asked("/photos")) == 7


def test_it_tells_how_many_came_at_once_and_ends_streams_that_never_end() -> None:
    begun = time.monotonic()
    with StandIn(library(1)) as stand_in:
        stand_in.faults.add(Fault.stream("/photos", start=b"\xff\xd8"))
        address = urlsplit(stand_in.url)
        clients = [http.client.HTTPConnection(address.hostname or "", address.port, timeout=10) for _ in range(3)]
        for client in clients:
            client.request("GET", "/photos/bear/0000.jpg")
        answers = [client.getresponse() for client in clients]
        assert all(answer.read(1_000_000)[:2] == b"\xff\xd8" for answer in answers)
        assert stand_in.most_at_once["photos"] == 3
    for answer in answers:
        answer.close()
    assert time.monotonic() - begun < 10


def test_what_the_real_services_refuse() -> None:
    with StandIn(library(300)) as stand_in:

        def refused(path: str, **query: object) -> int:
            return _status(f"{stand_in.url}{path}?{urlencode(query)}")[0]

        assert refused("/openverse/v1/images/", q="bear", page_size=21) == 401
        assert refused("/openverse/v1/images/", q="bear", page=13) == 400
        assert refused("/openverse/v1/images/", q="bear", license="free") == 400
        assert refused("/openverse/v1/images", q="bear") == 404
        assert refused("/inaturalist/v1/observations", taxon_id=1, per_page=200, page=51) == 403
        assert refused("/gbif/v1/occurrence/search", taxonKey=1, limit=300, offset=99_900) == 400
        assert refused("/bing/v7.0/images/search", q="bear") == 401
        assert refused("/nowhere") == 404
        url = f"{stand_in.url}/wikimedia/w/api.php?action=query&generator=search&gsrsearch={quote('bear')}&gsrlimit=51"
        status, body = _status(url)
        assert (status, json.loads(body)["error"]["code"]) == (200, "toomanyvalues")


def test_as_a_program(photos: Path) -> None:
    command = [sys.executable, "-m", "tests.gathering_stand_in", "--photos", str(photos), "--thing", "tea pot"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}) as program:
        stdout = program.stdout
        assert stdout is not None
        lines = list(iter(lambda: stdout.readline().rstrip("\n"), ""))
        told = dict(line.split("=", 1) for line in lines)
        try:
            with StandIn() as another:
                assert told.keys() == another.settings().keys()
            status, body = _status(f"{told['DATA_OPENVERSE_URL']}/v1/images/?q=cat")
            assert (status, json.loads(body)["page"]) == (200, 1)
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0
