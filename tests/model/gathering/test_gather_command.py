"""`bearbot data gather` as people and scripts call it, against sources on loopback."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model.gather_command import _SOURCES, gather
from model.gathering.finishing import finishing
from model.gathering.folder import GatheredFolder
from model.gathering.http import Http
from model.gathering.sources import SOURCES
from tests.gathering_stand_in.faults import Fault
from tests.gathering_stand_in.library import Library, Photo, Rights
from tests.gathering_stand_in.server import StandIn
from tests.model.gathering.pictures import saved, scene

Gather = Callable[..., Result]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Thirty pictures of wolves, which every source offers."""
    with StandIn(Library([Photo("wolf", f"{n}.jpg", saved(scene(n)), size=(320, 240)) for n in range(30)])) as server:
        for name, value in server.settings().items():
            if not name.startswith("AZURE"):
                monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gather:
    monkeypatch.chdir(tmp_path)
    # In this process without pauses: those are for test_manners and test_http.
    defaults = Http.__init__.__kwdefaults__
    for name in ("api", "pictures"):
        hasty = replace(defaults[name], pause_seconds=0.0, first_backoff_seconds=0.01)
        monkeypatch.setitem(defaults, name, hasty)
    return lambda *arguments: CliRunner().invoke(gather, [str(argument) for argument in arguments])


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if not path.parent.name.startswith("."))


def test_a_word_becomes_a_folder_that_can_be_trained_on(stand_in: StandIn, run: Gather, tmp_path: Path) -> None:
    result = run("wolf", "--label", "wolves", "--count", "8", "--source", "openverse")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert "8 of 8 photos of 'wolf' are in photos/wolves\n" in result.stderr
    assert result.stderr.endswith("look at them: bearbot data check photos\n")
    assert len(pictures(tmp_path / "photos")) == 8
    attribution = (tmp_path / "photos" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert attribution.count("| Ana Example | [CC BY](https://creativecommons.org/licenses/by/4.0/) |") == 8


def test_all_sources_that_need_no_key_are_asked_and_none_dominates(stand_in: StandIn, run: Gather) -> None:
    result = run("wolf", "--label", "wolf", "--count", "12", "--json")
    assert result.exit_code == 0, result.output
    sources = [json.loads(line)["source"] for line in result.stdout.splitlines()]
    assert set(sources) == set(SOURCES) - {"bing"}
    assert stand_in.asked("/bing") == []


def test_json_tells_of_every_photo(stand_in: StandIn, run: Gather, tmp_path: Path) -> None:
    stand_in.faults.add(Fault.dead("/photos/wolf/3.jpg"))
    result = run("wolf", "--label", "wolf", "--count", "6", "--source", "openverse", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted(row["outcome"] for row in rows) == ["dropped", *["kept"] * 6]
    for row in rows:
        assert {"source", "key", "url", "page", "licence", "query", "label", "at"} <= set(row)
        if row["outcome"] == "kept":
            assert (tmp_path / row["path"]).is_file()
        else:
            assert (row["reason"], "path" in row) == ("dead_link", False)
    ledger = (tmp_path / "photos" / "gathered.jsonl").read_text(encoding="utf-8").splitlines()
    assert [{**row, "path": None} for row in rows] == [{**json.loads(line), "path": None} for line in ledger]


def test_whatever_hosts_send_the_good_pictures_come_and_the_rest_is_told(
    stand_in: StandIn, run: Gather, tmp_path: Path
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    bomb = b"\x89PNG\r\n\x1a\n"
    for chunk in (
        b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(bytes(1000)),
    ):
        bomb += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    whole = saved(scene(8))
    stand_in.faults.add(
        Fault.dead("/photos/wolf/0.jpg"),
        Fault.redirect("/photos/wolf/1.jpg", "http://169.254.169.254/latest/meta-data"),
        Fault.redirect("/photos/wolf/2.jpg", "file:///etc/passwd"),
        Fault.stream("/photos/wolf/3.jpg", start=saved(scene(3))),
        Fault.says("/photos/wolf/4.jpg", svg, "image/svg+xml"),
        Fault.says("/photos/wolf/5.jpg", b"<!doctype html><h1>Not here</h1>", "image/jpeg"),
        Fault.says("/photos/wolf/6.jpg", bomb, "image/png"),
        Fault.says("/photos/wolf/7.jpg", whole[: len(whole) // 2], "image/jpeg"),
        Fault.redirect("/photos/wolf/8.jpg", f"{stand_in.url}/photos/wolf/8.jpg"),
    )
    result = run("wolf", "--label", "wolf", "--count", "12", "--source", "openverse", "--json")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    reasons = {row["url"].rpartition("/")[2]: row.get("reason") for row in rows}
    assert {name: reason for name, reason in reasons.items() if reason} == {
        "0.jpg": "dead_link",
        "1.jpg": "address",
        "2.jpg": "address",
        "3.jpg": "too_large",
        "4.jpg": "not_a_picture",
        "5.jpg": "not_a_picture",
        "6.jpg": "too_many_pixels",
        "7.jpg": "damaged",
        "8.jpg": "dead_link",
    }
    kept = {path.read_bytes() for path in pictures(tmp_path / "photos")}
    assert kept == {saved(scene(number)) for number in range(9, 21)}
    for reason in set(reasons.values()) - {None}:
        assert reason.replace("_", " ") in result.stderr


def test_fewer_because_there_are_no_more_is_no_failure(stand_in: StandIn, run: Gather) -> None:
    result = run("wolf", "--label", "wolf", "--count", "100", "--source", "openverse")
    assert result.exit_code == 0
    assert "30 of 100 photos of 'wolf'" in result.stderr
    assert "the sources have no more" in result.stderr


def test_a_source_that_knows_no_such_thing_has_not_failed(stand_in: StandIn, run: Gather) -> None:
    stand_in.library.things = frozenset({"wolf"})
    result = run("wolf", "--label", "wolf", "--count", "100", "--source", "openverse", "--source", "gbif")
    assert result.exit_code == 0
    assert "gbif knows no living thing called 'wolf'" in result.stderr


def test_fewer_because_a_source_failed_is_named_and_status_1(stand_in: StandIn, run: Gather) -> None:
    stand_in.faults.add(Fault.says("/gbif", b"{}", "application/json", status=403))
    enough = run("wolf", "--label", "wolf", "--count", "5", "--source", "openverse", "--source", "gbif")
    assert enough.exit_code == 0  # what was asked for came
    result = run("wolf", "--label", "wolf", "--count", "100", "--source", "openverse", "--source", "gbif")
    assert result.exit_code == 1
    assert "failed: gbif: " in result.stderr
    assert "30 of 100 photos of 'wolf' are in photos/wolf, 5 of them from earlier runs" in result.stderr


def test_without_a_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch, run: Gather, tmp_path: Path) -> None:
    for name in ("OPENVERSE", "WIKIMEDIA", "INATURALIST", "GBIF"):
        monkeypatch.setenv(f"DATA_{name}_URL", "https://no-such-host.invalid")
    result = run("wolf", "--label", "wolf")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: no source can be reached (")
    assert "no-such-host.invalid" in result.stderr
    assert pictures(tmp_path / "photos") == []
    assert not (tmp_path / "photos" / "ATTRIBUTION.md").exists()


def test_bing_is_asked_where_its_key_is_set(stand_in: StandIn, run: Gather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SEARCH_KEY", stand_in.key)
    assert "bing is left out" in run("wolf", "--label", "wolf", "--count", "1").stderr
    missing = run("wolf", "--label", "wolf", "--source", "bing")
    assert missing.exit_code == 2
    assert "AZURE_SEARCH" in missing.stderr
    for name, value in stand_in.settings().items():
        monkeypatch.setenv(name, value)
    result = run("wolf", "--label", "wolf", "--count", "10", "--json")
    assert result.exit_code == 0
    assert "bing" in {json.loads(line)["source"] for line in result.stdout.splitlines()}
    assert stand_in.key not in result.output


def test_sources_of_ones_own_are_asked_at_home_but_pictures_are_not_fetched_from_there(
    stand_in: StandIn, run: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_PRIVATE_ADDRESSES", "false")
    result = run("wolf", "--label", "wolf", "--count", "3", "--source", "openverse", "--json")
    reasons = {json.loads(line)["reason"] for line in result.stdout.splitlines()}
    assert reasons == {"address"}
    assert stand_in.asked("/openverse") != []
    assert stand_in.asked("/photos") == []


@pytest.mark.parametrize(
    ("licence", "kept"),
    [("reuse", {"by", "cc0"}), ("any", {"by", "cc0", "by-nc"}), ("cc0", {"cc0"}), ("BY-NC, cc0", {"by-nc", "cc0"})],
)
def test_licences_that_are_asked_for(run: Gather, stand_in: StandIn, licence: str, kept: set[str]) -> None:
    codes = ("by", "cc0", "by-nc", None)
    photos = [
        Photo("fox", f"{code}.jpg", saved(scene(n)), Rights(code), size=(320, 240)) for n, code in enumerate(codes)
    ]
    stand_in.library.add(*photos)
    result = run("fox", "--label", "fox", "--source", "wikimedia", "--licence", licence, "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["licence"] for row in rows if row["outcome"] == "kept"} - {"unknown"} == kept


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("", "--label", "a"), "words to search for"),
        (("a\x1b[31m", "--label", "a"), "words to search for"),
        (("a" * 201, "--label", "a"), "words to search for"),
        (("a",), "--label"),
        (("a", "--label", "../a"), "label '../a'"),
        (("a", "--label", "none"), "reserved"),
        (("a", "--label", "ATTRIBUTION.md"), "a file of the data set"),
        (("a", "--label", "gathered.jsonl"), "a file of the data set"),
        (("a", "--label", "cleaning.jsonl"), "a file of the data set"),
        (("a", "--label", "a", "--count", "0"), "from 1 to 10000"),
        (("a", "--label", "a", "--count", "many"), "from 1 to 10000"),
        (("a", "--label", "a", "--source", "flickr"), "'openverse', 'wikimedia', 'inaturalist', 'gbif', 'bing'"),
        (("a", "--label", "a", "--licence", "gpl"), "cc0, pdm, by, by-sa"),
        (("a", "--label", "a", "--licence", ","), "cc0, pdm, by, by-sa"),
        (("a", "--label", "a", "--against", "nowhere"), "nowhere"),
        (("a", "--label", "a", "--min-side", "1"), "from 8 to 10000"),
    ],
)
def test_wrong_usage_is_told_with_what_is_right(
    run: Gather, tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert named in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_choices_are_the_sources_there_are() -> None:
    assert _SOURCES == SOURCES


def test_a_second_gathering_into_the_folder_waits_for_no_one(run: Gather, tmp_path: Path) -> None:
    with GatheredFolder(tmp_path / "photos"):
        result = run("wolf", "--label", "wolf")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: photos: another `bearbot data gather` is at work there")


def test_folders_of_test_photos_that_protect_nothing_are_pointed_out(
    stand_in: StandIn, run: Gather, tmp_path: Path
) -> None:
    for name in ("empty", "half"):
        (tmp_path / name).mkdir()
    (tmp_path / "half" / "good.jpg").write_bytes(saved(scene(0)))
    (tmp_path / "half" / "bad.jpg").write_bytes(b"no picture")
    arguments = ("--count", "1", "--source", "openverse", "--against", "empty", "--against", "half")
    result = run("wolf", "--label", "wolf", *arguments)
    assert result.exit_code == 0, result.output
    assert "--against empty: there is no photo in it that can be read" in result.stderr
    assert "--against half: 1 of 2 photos cannot be read" in result.stderr


def test_a_damaged_ledger_is_named_and_left_as_it_is(run: Gather, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "gathered.jsonl").write_text("{}\n", encoding="utf-8")
    result = run("wolf", "--label", "wolf")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: photos/gathered.jsonl, line 1: expected")
    assert (tmp_path / "photos" / "gathered.jsonl").read_text(encoding="utf-8") == "{}\n"


def test_a_label_that_the_project_lacks_is_pointed_out(
    stand_in: StandIn, run: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LABELS", "wolf,fox")
    result = run("wolf", "--label", "wolves", "--count", "1", "--source", "openverse")
    assert result.exit_code == 0
    assert "'wolves' is none of this project's labels (MODEL_LABELS: wolf, fox)" in result.stderr
    assert "if it is misspelt, end this with Ctrl-C, delete its folder and begin again" in result.stderr


def test_ctrl_c_waits_for_what_belongs_together() -> None:
    steps: list[str] = []

    def interrupted() -> None:
        with finishing():
            signal.raise_signal(signal.SIGINT)
            steps.append("finished")
        steps.append("went on")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert steps == ["finished"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Program:
    """`bearbot data gather` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = (sys.executable, "-m", "bot", "data", "gather", "wolf", "--label", "wolf", "--into", str(folder))
        self.folder = folder
        self.process = subprocess.Popen(
            (*command, "--source", "openverse", *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def until_kept(self, count: int) -> None:
        until = time.monotonic() + 60
        while len(pictures(self.folder)) < count:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)

    def ended(self) -> tuple[int, str]:
        _, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stderr


def whole_with_rows(folder: Path) -> int:
    """How many pictures there are; each is whole and has its row, and nothing else lies about."""
    with GatheredFolder(folder) as opened:
        rows = {row.file: row.sha256 for row in opened.ledger.kept()}
        assert opened.files() == rows
        found = pictures(folder)
        assert [path.relative_to(folder).as_posix() for path in found] == sorted(filter(None, rows))
    return len(found)


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_and_the_same_command_goes_on(stand_in: StandIn, tmp_path: Path) -> None:
    # Eight are in hand at a time, in no order: the first of the slow ones only when four of the others are there.
    stand_in.faults.add(*(Fault.slow(f"/photos/wolf/{n}.jpg", 60) for n in range(12, 30)))
    program = Program(tmp_path / "photos", "--count", "20")
    program.until_kept(4)
    began = time.monotonic()
    program.process.send_signal(signal.SIGINT)
    status, said = program.ended()
    assert time.monotonic() - began < 2
    assert (status, said.splitlines()[-1]) == (130, "stopped")
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    kept = whole_with_rows(tmp_path / "photos")
    assert f"{kept} of 20 photos" in said
    attribution = (tmp_path / "photos" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert attribution.count("Ana Example") == kept
    stand_in.faults.clear()
    stand_in.requests.clear()
    status, said = Program(tmp_path / "photos", "--count", "20").ended()
    assert status == 0, said
    assert whole_with_rows(tmp_path / "photos") == 20
    assert len(stand_in.asked("/photos")) == 20 - kept


@pytest.mark.slow
def test_kill_9_at_any_time_leaves_whole_files_with_rows_and_the_same_command_goes_on(
    stand_in: StandIn, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    for count in (1, 3, 8, 14):
        program = Program(folder, "--count", "25")
        program.until_kept(count)
        os.kill(program.process.pid, signal.SIGKILL)
        assert program.ended()[0] == -signal.SIGKILL
        for path in pictures(folder):
            assert any(path.read_bytes() == photo.data for photo in stand_in.library.photos)
        assert whole_with_rows(folder) >= count
    status, said = Program(folder, "--count", "25").ended()
    assert status == 0, said
    assert whole_with_rows(folder) == 25


@pytest.mark.slow
def test_what_it_cannot_write_is_named(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "wolf").write_text("no folder", encoding="utf-8")
    status, said = Program(tmp_path / "photos", "--count", "3").ended()
    assert status == 1
    assert said.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in said
