"""`bearbot data check` as people and scripts call it: what it prints, where, and its exit status."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageFilter

from model.check_command import check
from model.cleaning import Action, CleaningManifest
from model.gathering.ledger import LEDGER, Row
from model.gathering.licences import Licence
from model.gathering.source import Hit
from model.inspection import Finding

Check = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(check, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, demo_photos: dict[str, bytes]) -> Path:
    """Four photos of two labels, nothing wrong."""
    for label, name in (
        ("black", "black_dod.jpg"),
        ("black", "black_hillebrand.jpg"),
        ("teddy", "teddy_earlgray.jpg"),
        ("teddy", "teddy_polimerek.jpg"),
    ):
        (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / label / name).write_bytes(demo_photos[name])
    return tmp_path / "photos"


def summary(result: Result) -> dict[str, object]:
    found = json.loads(result.stdout.splitlines()[-1])["summary"]
    assert isinstance(found, dict)
    return found


def test_a_good_folder_is_called_good(run: Check, folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.glob("*/*")}
    result = run("photos")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("photos: 4 photos, ")
    assert result.stdout.endswith("Nothing is wrong, and nothing is worth a second look.\n")
    assert "black       2      0             0\n" in result.stdout
    assert "formats       4 JPEG\n" in result.stdout
    assert "licences" not in result.stdout
    assert result.stderr == "wrote photos-contact-sheet.png\n"
    with Image.open(tmp_path / "photos-contact-sheet.png") as sheet:
        assert sheet.format == "PNG"
    assert {path: path.read_bytes() for path in folder.glob("*/*")} == before


def test_what_is_wrong_is_named_and_the_status_says_so(run: Check, folder: Path) -> None:
    (folder / "teddy" / "cut.jpg").write_bytes((folder / "teddy" / "teddy_earlgray.jpg").read_bytes()[:5000])
    (folder / "teddy" / "twin.jpg").write_bytes((folder / "black" / "black_dod.jpg").read_bytes())
    result = run("photos", "--no-sheet")
    assert result.exit_code == 1
    assert "Wrong: 2 files\n" in result.stdout
    assert "teddy/cut.jpg: the picture is damaged or cut off" in result.stdout
    assert "teddy/twin.jpg: the same file as black/black_dod.jpg\n" in result.stdout
    assert "teddy       3      2             0\n" in result.stdout
    assert result.stderr == ""


def test_what_is_worth_a_look_leaves_the_status_good(run: Check, folder: Path) -> None:
    with Image.open(folder / "teddy" / "teddy_earlgray.jpg") as photo:
        photo.filter(ImageFilter.GaussianBlur(0.02 * max(photo.size))).save(folder / "teddy" / "soft.jpg")
    result = run("photos", "--no-sheet")
    assert result.exit_code == 0
    assert "teddy/soft.jpg: looks the same as " in result.stdout or "teddy/teddy_earlgray.jpg: looks" in result.stdout
    assert "teddy/soft.jpg: its sharpest edges are soft" in result.stdout
    assert result.stdout.endswith("\n\nNothing is wrong.\n")


def test_json_is_one_row_a_problem_and_a_summary(run: Check, folder: Path) -> None:
    (folder / "black" / "page.jpg").write_bytes(b"<html>")
    (folder / "black" / "notes.txt").write_bytes(b"")
    result = run("photos", "--json", "--no-sheet")
    assert result.exit_code == 1
    assert result.stderr == ""
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows[:-1] == [
        {
            "path": "photos/black/notes.txt",
            "label": "black",
            "finding": "not_read",
            "severity": "warning",
            "why": "its name does not end like a picture's",
            "other": None,
        },
        {
            "path": "photos/black/page.jpg",
            "label": "black",
            "finding": "broken",
            "severity": "error",
            "why": "the file is no picture of a known format",
            "other": None,
        },
    ]
    told = summary(result)
    assert {key: told[key] for key in ("folder", "photos", "labels", "errors", "warnings", "findings")} == {
        "folder": "photos",
        "photos": 4,
        "labels": {"black": 2, "teddy": 2},
        "errors": 1,
        "warnings": 1,
        "findings": {"not_read": 1, "broken": 1},
    }
    assert told["formats"] == {"JPEG": 4}
    assert told["bytes"] == sum(path.stat().st_size for path in folder.glob("*/*_*.jpg"))
    assert told["licences"] is None


def test_decisions_of_cleaning_are_told(run: Check, folder: Path) -> None:
    manifest = CleaningManifest(folder)
    decisions = [
        manifest.decision(folder / "black" / "black_dod.jpg", Action.REMOVE),
        manifest.decision(folder / "black" / "black_hillebrand.jpg", Action.RELABEL, "grizzly"),
    ]
    manifest.record(decisions, by="somebody")
    result = run("photos", "--no-sheet")
    assert "decided       1 removed, 1 relabelled by `bearbot data clean`\n" in result.stdout
    assert "No photo of black.\n" in result.stdout
    assert summary(run("photos", "--json", "--no-sheet"))["labels"] == {"black": 0, "grizzly": 1, "teddy": 2}


def test_test_photos_are_wrong(run: Check, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "one.jpg").write_bytes((folder / "black" / "black_dod.jpg").read_bytes())
    result = run("photos", "--no-sheet", "--against", "tests")
    assert result.exit_code == 1
    assert "black/black_dod.jpg: the same file as the test photo tests/one.jpg\n" in result.stdout
    assert run("photos", "--no-sheet").exit_code == 0


def test_licences_of_gathered_photos_are_counted(run: Check, folder: Path) -> None:
    from hashlib import sha256

    lines = ["torn or damaged"]
    for number, (name, licence) in enumerate((("black_dod.jpg", Licence.BY), ("black_hillebrand.jpg", Licence.BY))):
        hit = Hit("openverse", str(number), "https://example.org/a.jpg", "https://example.org/a", licence)
        data = (folder / "black" / name).read_bytes()
        row = Row(hit, "bear", "black", "2026-12-01T00:00:00+00:00", f"black/{name}", sha256(data).hexdigest(), 1)
        lines.append(json.dumps(row.to_json()))
    (folder / LEDGER).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert summary(run("photos", "--json", "--no-sheet"))["licences"] == {"by": 2, "": 2}
    assert "licences      2 by, 2 not gathered\n" in run("photos", "--no-sheet").stdout


def test_a_label_that_outweighs_another_is_told(run: Check, folder: Path) -> None:
    for number in range(4):
        Image.effect_mandelbrot((200, 200), (-2 + number / 4, -1, 1, 1), 60).convert("RGB").save(
            folder / "black" / f"{number}.png"
        )
    assert "3.0 times as many photos of black as of teddy" in run("photos", "--no-sheet").stdout


def test_long_lists_are_cut_for_people_alone(run: Check, folder: Path) -> None:
    for number in range(14):
        (folder / "black" / f"{number:02}.jpg").write_bytes(b"")
    told = run("photos", "--no-sheet").stdout
    assert told.count("the file is empty (0 bytes)") == 10
    assert "and 4 more, which --json names\n" in told
    assert run("photos", "--no-sheet", "--json").stdout.count("the file is empty (0 bytes)") == 14


def test_help_names_every_finding() -> None:
    words = set(re.findall(r"\w+", CliRunner().invoke(check, ["--help"]).stdout))
    assert {finding.value for finding in Finding} <= words


def test_names_of_any_bytes_are_printed(run: Check, folder: Path) -> None:
    (folder / "black" / os.fsdecode(b"new\nline \x1b[31m \xff.jpg")).write_bytes(b"")
    assert "black/new\\nline \\x1b[31m \\udcff.jpg: the file is empty (0 bytes)\n" in run("photos").stdout
    (row, _) = map(json.loads, run("photos", "--json", "--no-sheet").stdout.splitlines())
    assert row["path"] == os.fsdecode(b"photos/black/new\nline \x1b[31m \xff.jpg")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["nowhere"], 2, "does not exist"),
        (["photos/black/black_dod.jpg"], 2, "is a file"),
        (["photos", "--sheet", "sheet.jpg"], 2, "expected a name that ends in .png, got 'sheet.jpg'"),
        (["photos", "--sheet", "nowhere/sheet.png"], 2, "there is no folder nowhere to write it into"),
        (["photos", "--sheet", "a.png", "--no-sheet"], 2, "choose one"),
        (["photos/black"], 1, "found no photo; expected photos/black/LABEL/*.jpg"),
        (["photos", "--against", "photos/black"], 1, "expected test photos of another folder"),
        (["photos", "--colour"], 2, "No such option"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    run: Check, folder: Path, arguments: list[str], status: int, told: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == status
    assert told in result.stderr
    assert result.stdout == ""


def test_the_sheet_goes_where_it_is_told(run: Check, folder: Path, tmp_path: Path) -> None:
    assert run("photos", "--sheet", "here.PNG").exit_code == 0
    assert (tmp_path / "here.PNG").exists()
    assert run("photos/.").exit_code == 0
    assert (tmp_path / "photos-contact-sheet.png").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["black", "teddy"]
