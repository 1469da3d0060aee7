"""`bearbot data clean`: the ranking for scripts, decisions by name, the cleaned copy, and the page as it is run."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from model.cleaning import Action, CleaningManifest, Decision
from model.gathering.ledger import LEDGER, Ledger, Row
from model.gathering.licences import Licence
from model.gathering.source import Hit
from model.suspicion import Ranking
from review.cleaning.summary import changes
from review.cli.clean import clean
from review.web.entrance import CSRF_HEADER
from tests.review.cleaning.conftest import jpeg, ranking_of

LABELS = ("black", "grizzly", "teddy")
FREE = Path(__file__).parents[3] / "shared" / "data" / "free"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "bears"
    for place, label in enumerate(LABELS):
        (root / label).mkdir(parents=True)
        for number in range(1, 4):
            (root / label / f"{number}.jpg").write_bytes(jpeg(10 * place + number))
    return root


@pytest.fixture
def ranking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ranking:
    """What `rank` finds: no model is loaded."""
    made = {"black/1.jpg": ("grizzly", 0.9), "teddy/2.jpg": (None, 0.8), "grizzly/1.jpg": ("grizzly", 0.1)}
    found = ranking_of(folder, made, [(folder / "teddy" / "3.jpg", "the file is damaged")])
    monkeypatch.setattr("review.cli.clean.ranking_of", lambda _: found)
    return found


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(clean, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def decided(folder: Path) -> dict[str, str]:
    standing = CleaningManifest(folder).standing()
    return {path: one.label or one.action.value for path, one in standing.items()}


def test_the_ranking_for_scripts(folder: Path, ranking: Ranking) -> None:
    result = run(folder, "--json")
    assert rows(result) == [
        {"path": f"{folder}/black/1.jpg", "label": "black", "suggested": "grizzly", "suspicion": 0.9},
        {"path": f"{folder}/teddy/2.jpg", "label": "teddy", "suggested": None, "suspicion": 0.8},
        {"path": f"{folder}/grizzly/1.jpg", "label": "grizzly", "suggested": "grizzly", "suspicion": 0.1},
    ]
    assert result.stderr == f"left out: {folder}/teddy/3.jpg: the file is damaged\n"
    run(folder, "--keep", folder / "black" / "1.jpg")
    assert [row["suspicion"] for row in rows(run(folder, "--json"))] == [0.8, 0.1]
    assert [row["suspicion"] for row in rows(run(folder, "--json", "--all"))] == [0.9, 0.8, 0.1]
    (folder / "black" / "1.jpg").write_bytes(jpeg(77))
    replaced = ranking_of(folder, {"black/1.jpg": ("teddy", 0.7)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review.cli.clean.ranking_of", lambda _: replaced)
        assert len(rows(run(folder, "--json"))) == 1, "the decision was about other bytes"


def test_decisions_by_name_are_one_batch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    said = run(
        "bears", "--keep", "bears/black/1.jpg", "--remove", "teddy/1.jpg", "--relabel", folder / "black/2.jpg", "teddy"
    ).stderr
    assert said == "1 kept, 1 relabelled, 1 removed; `bearbot data clean bears --undo` takes it back\n"
    assert decided(folder) == {"black/1.jpg": "keep", "teddy/1.jpg": "remove", "black/2.jpg": "teddy"}
    assert [line.split() for line in run("bears", "--decisions").stdout.splitlines()] == [
        ["keep", "black/1.jpg"],
        ["remove", "teddy/1.jpg"],
        ["relabel", "teddy", "black/2.jpg"],
    ]
    assert rows(run("bears", "--decisions", "--json")) == [
        {"path": "bears/black/1.jpg", "action": "keep", "label": None},
        {"path": "bears/teddy/1.jpg", "action": "remove", "label": None},
        {"path": "bears/black/2.jpg", "action": "relabel", "label": "teddy"},
    ]
    run("bears", "--relabel", "grizzly/1.jpg", "grizzly")
    assert decided(folder)["grizzly/1.jpg"] == "keep"
    assert run("bears", "--undo").stderr == "taken back: 1 kept\n"
    assert run("bears", "--undo").stderr == "taken back: 1 kept, 1 relabelled, 1 removed\n"
    assert "nothing to take back" in run("bears", "--undo", code=1).stderr
    assert run("bears", "--decisions").stderr == "nothing is decided about photos in bears\n"


def test_a_file_whose_name_is_no_text(folder: Path) -> None:
    name = "black/caf\udce9.jpg"
    (folder / name).write_bytes(jpeg(50))
    run(folder, "--remove", folder / name)
    assert "caf?.jpg" in run(folder, "--decisions").stdout
    assert rows(run(folder, "--decisions", "--json"))[0]["path"] == f"{folder}/{name}"


def test_what_a_session_changed() -> None:
    one, other = (Decision(path, "0" * 64, Action.KEEP) for path in ("black/1.jpg", "black/2.jpg"))
    gone = Decision("black/1.jpg", "0" * 64, Action.REMOVE)
    assert changes({}, {one.path: one}) == "1 kept"
    assert changes({one.path: one, other.path: other}, {one.path: gone}) == "1 removed, 1 taken back"
    assert changes({one.path: one}, {one.path: one}) == ""


def test_a_new_label_is_a_new_folder(folder: Path) -> None:
    said = run(folder, "--relabel", "black/1.jpg", "grizly", code=1).stderr
    assert "unknown label 'grizly': did you mean 'grizzly'?" in said
    assert f"mkdir {folder}/grizly" in said
    (folder / "polar").mkdir()
    run(folder, "--relabel", "black/1.jpg", "polar")
    assert decided(folder) == {"black/1.jpg": "polar"}


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("black/9.jpg", "no such file, neither here nor in"),
        ("../outside.jpg", "expected a photo in"),
        ("ATTRIBUTION.md", "expected a photo in"),
        ("top.jpg", "expected a photo in"),
        ("black", "no such file"),
    ],
)
def test_one_bad_name_and_nothing_is_recorded(folder: Path, path: str, sentence: str) -> None:
    for name in ("top.jpg", "../outside.jpg", "ATTRIBUTION.md"):
        (folder / name).write_bytes(jpeg(5))
    said = run(folder, "--keep", "black/1.jpg", "--remove", path, code=1).stderr
    assert said.startswith("error: ")
    assert sentence in said
    assert said.count("\n") == 1
    assert decided(folder) == {}


def test_wrong_usage(folder: Path) -> None:
    assert "do not go together" in run(folder, "--undo", "--keep", "black/1.jpg", code=2).stderr
    assert "do not go together" in run(folder, "--decisions", "--port", "0", code=2).stderr
    assert "--json goes alone, or with --decisions" in run(folder, "--json", "--undo", code=2).stderr
    assert "--all goes with --json" in run(folder, "--all", code=2).stderr
    assert "--all goes with --json" in run(folder, "--json", "--decisions", "--all", code=2).stderr
    assert "named twice" in run(folder, "--keep", "black/1.jpg", "--remove", folder / "black/1.jpg", code=1).stderr
    assert "does not exist" in run(folder / "nowhere", code=2).stderr
    assert "from 0 to 65535" in run(folder, "--port", "70000", code=2).stderr


def test_a_damaged_manifest_is_one_line(folder: Path) -> None:
    (folder / "cleaning.jsonl").write_text("nonsense\n")
    for more in (["--decisions"], ["--undo"], ["--keep", "black/1.jpg"], ["--copy-to", folder.parent / "new"], []):
        said = run(folder, *more, code=1).stderr.splitlines()[-1]
        assert "cleaning.jsonl, line 1: expected a JSON object" in said


def test_the_cleaned_set_as_a_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "black" / "broken.jpg").write_bytes(b"no picture")
    (folder / "black" / "notes.txt").write_text("no photo")
    run(folder, "--relabel", "black/1.jpg", "teddy", "--remove", "grizzly/3.jpg", "--keep", "teddy/1.jpg")
    target = tmp_path / "new" / "clean"
    result = run(folder, "--copy-to", target)
    assert f"left out: {folder}/black/broken.jpg" in result.stderr
    assert f"left out: {folder}/grizzly/3.jpg: removed while cleaning" in result.stderr
    assert result.stderr.endswith(f"wrote 8 photos to {target}\n")
    there = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert there == [
        "black/2.jpg",
        "black/3.jpg",
        "grizzly/1.jpg",
        "grizzly/2.jpg",
        "teddy/1-2.jpg",
        "teddy/1.jpg",
        "teddy/2.jpg",
        "teddy/3.jpg",
    ]
    assert {(target / "teddy" / name).read_bytes() for name in ("1.jpg", "1-2.jpg")} == {jpeg(1), jpeg(21)}
    assert (folder / "black" / "1.jpg").is_file()
    assert list(target.parent.iterdir()) == [target], "nothing half-written is left"
    for wrong in (target, folder / "inside", folder / "black" / "1.jpg"):
        assert run(folder, "--copy-to", wrong, code=1).stderr.startswith("error: ")
    (tmp_path / "empty").mkdir()
    run(folder, "--copy-to", tmp_path / "empty")


def test_a_copy_tells_whose_photos_they_are(folder: Path, tmp_path: Path) -> None:
    found = {}
    for name in ("black/1.jpg", "grizzly/3.jpg"):
        data = (folder / name).read_bytes()
        hit = Hit(
            source="openverse",
            key=name,
            url="https://example.org/1.jpg",
            page="https://example.org/1",
            licence=Licence.BY,
            author=f"Author of {name}",
        )
        found[name] = Row(
            hit=hit,
            query="bear",
            label=name.split("/")[0],
            at="2026-12-01T00:00:00+00:00",
            file=name,
            sha256=hashlib.sha256(data).hexdigest(),
            fingerprint=1,
        )
    with Ledger(folder) as ledger:
        for row in found.values():
            ledger.append(row)
    (folder / "ATTRIBUTION.md").write_text("Thanks to all.\n")
    run(folder, "--relabel", "black/1.jpg", "teddy", "--remove", "grizzly/3.jpg")
    target = tmp_path / "clean"
    run(folder, "--copy-to", target)
    said = (target / "ATTRIBUTION.md").read_text()
    assert "Thanks to all." in said
    assert "Author of black/1.jpg" in said
    assert "teddy/1" in said
    assert "Author of grizzly/3.jpg" not in said, "it is not in the copy"
    assert (target / LEDGER).read_bytes() == (folder / LEDGER).read_bytes()


LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/login#(\S+)")


@contextlib.contextmanager
def cleaning(folder: Path, home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", "from review.cli.clean import clean; clean()", str(folder), "--port", "0", *arguments],
        env={**os.environ, "BEARBOT_HOME": str(home), "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_real_photos_from_the_ranking_to_the_summary(tmp_path: Path) -> None:
    """A teddy among the black bears is found, relabelled on the page, and told at the end."""
    if not FREE.is_dir():
        pytest.skip("needs the free photos of ../shared")
    root = tmp_path / "bears"
    for label in LABELS:
        (root / label).mkdir(parents=True)
        for photo in sorted((FREE / label).iterdir()):
            (root / label / photo.name).write_bytes(photo.read_bytes())
    wrong = sorted((root / "teddy").iterdir())[0]
    wrong.rename(root / "black" / wrong.name)
    with cleaning(root, tmp_path / "home") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = LINK.search(process.stdout.readline())
        assert found, process.stderr.read()
        with httpx.Client(base_url=found[1], headers={"Origin": found[1]}, timeout=20) as http:
            assert http.post("/api/login", json={"token": found[2]}).status_code == 200
            http.headers[CSRF_HEADER] = http.get("/api/session").json()["csrf"]
            first = http.get("/api/photos?group=suspects&count=5").json()["photos"][0]
            assert (first["name"], first["filed"], first["suggested"]) == (wrong.name, "black", "teddy")
            body = {"group": "suspects", "action": "accept", "items": [{"id": first["id"], "seen": None}]}
            assert http.post("/api/decide", json=body).json()["decided"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read().endswith(
            f"ended; 1 relabelled. No file was moved or deleted: `bearbot model train {root}` goes by it\n"
        )
    assert decided(root) == {f"black/{wrong.name}": "teddy"}


def test_the_command_that_takes_it_back_can_be_copied(folder: Path) -> None:
    spaced = folder.rename(folder.with_name("my bears"))
    assert f"`bearbot data clean '{spaced}' --undo`" in run(spaced, "--keep", "black/1.jpg").stderr
