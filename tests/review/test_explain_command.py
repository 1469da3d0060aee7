"""`bearbot explain`: where sheets go, what is refused before the model is loaded, and its rows."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from bot.demo import __file__ as demo_module
from review.cli.explain import explain

PHOTOS = Path(demo_module).parent / "photos"
BEAR, COFFEE = PHOTOS / "black_dod.jpg", PHOTOS / "none_coffee.png"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(explain, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        ([BEAR, COFFEE, "-o", "sheet.png"], "expected a folder for the sheets of 2 photos"),
        ([BEAR, "-o", "sheet.jpg"], "expected a name that ends in .png"),
        ([BEAR, "-o", "taken"], "expected a name that ends in .png, or a folder"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[object], said: str) -> None:
    Path("taken").touch()
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_is_no_photo_is_said_and_ends_with_1() -> None:
    Path("words.jpg").write_text("just words")
    Path("folder").mkdir()
    result = run("words.jpg", "absent.jpg", "folder", "-o", "sheets")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: words.jpg: the file is no picture of a known format",
        "error: absent.jpg: cannot be read: No such file or directory",
        "error: folder: is a folder; name the photos in it, as in folder/*.jpg",
    ]
    assert json.loads(run("--json", "absent.jpg").stdout) == {
        "path": "absent.jpg",
        "error": "cannot be read: No such file or directory",
    }


def test_a_sheet_that_is_there_is_not_overwritten() -> None:
    sheet = Path("black_dod-explained.png")
    sheet.write_text("mine")
    result = run(BEAR)
    assert result.exit_code == 1
    assert f"error: {BEAR}: {sheet} is there already: use --force" in result.stderr
    assert sheet.read_text() == "mine"


@pytest.mark.slow
def test_sheets_and_rows() -> None:
    Path("other").mkdir()
    Path("other/black_dod.jpg").write_bytes(BEAR.read_bytes())
    result = run(BEAR, "other/black_dod.jpg", "absent.jpg", "-o", "made/sheets")
    assert result.exit_code == 1
    assert sorted(path.name for path in Path("made/sheets").iterdir()) == [
        "black_dod-2-explained.png",
        "black_dod-explained.png",
    ]
    assert result.stdout.splitlines()[0] == (
        f"{BEAR}: It sees: black (over 99 % sure). The bot answers such a photo alone. "
        "See made/sheets/black_dod-explained.png"
    )
    numbers = run("--json", COFFEE)
    assert numbers.exit_code == 0
    row = json.loads(numbers.stdout)
    assert (row["route"], row["sheet"]) == ("review", None)
    assert row["out_of_domain_score"] > row["out_of_domain_cut"]
    assert len(row["neighbours"]) == 4
    assert not list(Path().glob("*.png"))
    Path("sheet.png").write_text("old")
    assert json.loads(run("--json", "--force", COFFEE, "-o", "sheet.png").stdout)["sheet"] == "sheet.png"
    with Image.open("sheet.png") as picture:
        assert picture.width == 1200


@pytest.mark.slow
def test_an_operators_broken_gallery_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = tmp_path / "home" / "models" / "gallery"
    gallery.mkdir(parents=True)
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "home"))
    (gallery / "gallery.jsonl").write_text("{}\n")
    result = run(BEAR)
    assert result.exit_code == 1
    assert "gallery.jsonl, line 1: expected a text for each of file, label" in result.stderr
    assert "Traceback" not in result.output
