"""`bearbot classify` as a script uses it: the contract of its rows, their order and its exit status."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PHOTOS = Path(__file__).parents[2] / "bot" / "demo" / "photos"
KEYS = [
    "path",
    "label",
    "confidence",
    "probabilities",
    "out_of_domain_score",
    "in_domain",
    "route",
    "reasons",
    "model_version",
]


def classify(*paths: Path | str, code: int, json_lines: bool = True) -> tuple[list[dict[str, Any]], str]:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "classify", *(["--json"] if json_lines else []), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()] if json_lines else [], run.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos with bad files between them, one deeper."""
    folder = tmp_path_factory.mktemp("photos")
    whole = (PHOTOS / "teddy_polimerek.jpg").read_bytes()
    (folder / "b_text.jpg").write_text("just words")
    (folder / "c_half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "d_empty.png").write_bytes(b"")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "coffee.png").write_bytes((PHOTOS / "none_coffee.png").read_bytes())
    (folder / "a_teddy.jpg").write_bytes(whole)
    (folder / "e_notes.txt").write_text("every file gets a row")
    (folder / ".hidden.jpg").write_bytes(whole)
    return folder


def test_rows_come_in_order_and_bad_files_cost_nobody_else_their_row(folder: Path) -> None:
    bear, missing = PHOTOS / "grizzly_katmai_131.jpg", folder / "missing.jpg"
    rows, _ = classify(bear, folder, missing, bear, code=1)
    assert [row["path"] for row in rows] == [
        str(bear),
        *(str(folder / name) for name in (".hidden.jpg", "a_teddy.jpg", "b_text.jpg", "c_half.jpg", "d_empty.png")),
        str(folder / "deeper" / "coffee.png"),
        str(folder / "e_notes.txt"),
        str(missing),
        str(bear),
    ]
    bad = [row for row in rows if "error" in row]
    assert [Path(row["path"]).name for row in bad] == [
        "b_text.jpg",
        "c_half.jpg",
        "d_empty.png",
        "e_notes.txt",
        "missing.jpg",
    ]
    assert all(list(row) == ["path", "error"] and row["error"] for row in bad)
    good = [row for row in rows if "error" not in row]
    assert [row["label"] for row in good][:3] == ["grizzly", "teddy", "teddy"]
    for row in good:
        assert list(row) == KEYS
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["confidence"] == max(row["probabilities"].values()) == row["probabilities"][row["label"]]
        assert (row["route"] == "answer") == (row["reasons"] == [])
        assert set(row["reasons"]) <= {"low_confidence", "out_of_domain"}
        assert row["in_domain"] == ("out_of_domain" not in row["reasons"])
    coffee = good[3]
    assert coffee["route"] == "review"
    assert coffee["out_of_domain_score"] > good[0]["out_of_domain_score"]
    assert rows[0] == rows[-1]  # the same photo always gets the same row


def test_all_good_ends_with_0_and_words_are_for_people() -> None:
    rows, _ = classify(PHOTOS / "black_dod.jpg", code=0)
    assert rows[0]["label"] == "black"
    _, text = classify(PHOTOS / "black_dod.jpg", PHOTOS / "none_coffee.png", code=0, json_lines=False)
    answered, doubted = text.splitlines()
    assert answered.startswith(f"{PHOTOS / 'black_dod.jpg'}: black (")
    assert "a person would look: out of domain" in doubted


def test_no_path_is_wrong_usage() -> None:
    classify(code=2)


def skipping(earlier: Path, *paths: Path, output: Path) -> subprocess.CompletedProcess[bytes]:
    """`bearbot classify --json --skip-done EARLIER PATHS >> OUTPUT`"""
    with output.open("ab") as stdout:
        return subprocess.run(
            [sys.executable, "-m", "bot", "classify", "--json", "--skip-done", str(earlier), *map(str, paths)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    whole, _ = classify(folder, code=1)
    lines = [json.dumps(row) + "\n" for row in whole]
    output = tmp_path / "rows.jsonl"
    output.write_text(lines[0] + lines[1] + lines[2] + lines[3][:20])  # killed within a line
    run = skipping(output, folder, output=output)
    assert run.returncode == 1, run.stderr
    rows = output.read_text().splitlines()
    assert rows[3] == lines[3][:20]  # the torn line harms nothing but itself
    assert [json.loads(row)["path"] for row in rows[:3] + rows[4:]] == [row["path"] for row in whole]
    done = output.read_bytes()
    run = skipping(output, folder, output=output)
    assert run.returncode == 0, run.stderr
    assert output.read_bytes() == done


@pytest.mark.slow
def test_what_could_not_be_read_is_tried_again_and_other_outputs_get_no_empty_line(tmp_path: Path) -> None:
    photo = tmp_path / "later.jpg"
    earlier, output = tmp_path / "earlier.jsonl", tmp_path / "output.jsonl"
    earlier.touch()
    assert skipping(earlier, photo, output=earlier).returncode == 1
    assert json.loads(earlier.read_text()) == {"path": str(photo), "error": "cannot be read: No such file or directory"}
    photo.write_bytes((PHOTOS / "teddy_polimerek.jpg").read_bytes())
    with earlier.open("a") as file:
        file.write('{"path": "torn')
    assert skipping(earlier, photo, output=output).returncode == 0
    (row,) = output.read_text().splitlines()
    assert json.loads(row)["label"] == "teddy"


def test_a_name_with_a_newline_stays_on_its_line(tmp_path: Path) -> None:
    (tmp_path / "two\nlines\x1b[2J.jpg").write_text("no photo")
    _, text = classify(tmp_path, code=1, json_lines=False)
    (line,) = text.splitlines()
    assert line.startswith(f"{tmp_path}/two\\nlines\\x1b[2J.jpg: ")


def test_a_missing_file_to_skip_is_wrong_usage(tmp_path: Path) -> None:
    classify("--skip-done", tmp_path / "nowhere.jsonl", tmp_path, code=2)
