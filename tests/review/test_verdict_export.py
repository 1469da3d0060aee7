"""Exports: whole or going on, never torn, never doubled, and nobody who sent a photo is in them."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import bearbot
from model.serving import Prediction
from review import judging, roster
from review.database import Database
from review.errors import ReviewError
from review.people import reviewer_for_telegram, reviewer_named
from review.record_file import continued, written_whole
from review.tables import ReviewItem, Verdict, VerdictKind
from review.verdict_export import Format, export
from review.verdict_rows import COLUMNS, What, as_csv_line, from_cell

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", *arguments])
    assert result.exit_code == code, result.output
    return result


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
async def said(house: Any, predict: Predict, database: Database, now: Any) -> list[int]:
    """Five verdicts on three items: a formula, an emoji, an undo."""
    items = [(await house.receive(number, predict("black", 0.7))).item_id for number in (1, 2, 3)]
    with database.write() as session:
        mo = reviewer_named(session, "mo 🐻", now)
        for item, name in zip(items, ("=2+2", 'a "polar", bear'), strict=False):
            judging.settle(session, item, mo, kind=VerdictKind.NONE, free_name=name, now=now)
        judging.settle(session, items[2], mo, kind=VerdictKind.LABEL, label="grizzly", now=now)
        judging.undo(session, mo, now=now)
        judging.reopen(session, items[0], mo, note="why\r\nnot", now=now)
    return items


async def test_rows_have_the_documented_columns_and_no_sender(said: list[int], tmp_path: Path) -> None:
    for what, count in (("verdicts", 5), ("labels", 1), ("items", 3)):
        target = tmp_path / f"{what}.jsonl"
        run("export", str(target), "--what", what)
        rows = read(target)
        assert len(rows) == count
        assert all(tuple(row) == COLUMNS[What(what)] for row in rows)
        assert not {"77", "telegram:77:1"} & set(map(str, rows[0].values()))
        table = run("export", "-", "--what", what, "--format", "csv").stdout_bytes.decode()
        found = list(csv.reader(io.StringIO(table, newline="")))
        assert tuple(found[0]) == COLUMNS[What(what)]
        for cells, row in zip(found[1:], rows, strict=True):
            kept = {name: from_cell(cell) for name, cell in zip(found[0], cells, strict=True)}
            assert {name: value for name, value in kept.items() if isinstance(row[name], str)} == {
                name: value for name, value in row.items() if isinstance(value, str)
            }
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert read(tmp_path / "verdicts.jsonl")[0]["reviewer"] == "mo 🐻"


async def test_a_reviewer_known_by_their_telegram_number_is_not_here(
    house: Any, predict: Predict, database: Database, now: Any, tmp_path: Path
) -> None:
    item = (await house.receive(1, predict("black", 0.7))).item_id
    with database.write() as session:
        who = reviewer_for_telegram(session, 4711, name="", now=now)
        judging.settle(session, item, who, kind=VerdictKind.NONE, now=now)
    for what in ("verdicts", "labels", "items"):
        run("export", str(tmp_path / "rows"), "--what", what)
        assert "4711" not in (tmp_path / "rows").read_text()
        assert "reviewer 1" in (tmp_path / "rows").read_text()


async def test_a_telegram_number_that_was_linked_is_the_person_here(
    house: Any, predict: Predict, database: Database, now: Any, tmp_path: Path
) -> None:
    items = [(await house.receive(number, predict("black", 0.7))).item_id for number in (1, 2)]
    with database.write() as session:
        for item, telegram in zip(items, (4711, 815), strict=True):
            who = reviewer_for_telegram(session, telegram, name="", now=now)
            judging.settle(session, item, who, kind=VerdictKind.NONE, now=now)
    with database.write() as session:
        roster.link_telegram(session, reviewer_named(session, "mo", now), 4711, now=now)
        roster.link_telegram(session, reviewer_for_telegram(session, 815, name="", now=now), 4711815, now=now)
    for what in ("verdicts", "labels", "items"):
        run("export", str(tmp_path / "rows"), "--what", what)
        assert [row["reviewer"] for row in read(tmp_path / "rows")] == ["mo", "reviewer 2"]
        assert not any(number in (tmp_path / "rows").read_text() for number in ("4711", "815"))


async def test_what_the_model_said_of_an_open_blind_item_is_not_here(
    house: Any, predict: Predict, database: Database, tmp_path: Path
) -> None:
    await house.receive(1, predict("black", 0.7))
    await house.receive(2, predict("black", 0.7))
    with database.write() as session:
        session.get_one(ReviewItem, 1).verdicts_needed = 2
    run("export", str(tmp_path / "rows"), "--what", "items")
    of_model = ("suggested_label", "confidence", "probabilities", "out_of_domain_score")
    blind, other = read(tmp_path / "rows")
    assert [blind[name] for name in of_model] == [None] * 4
    assert None not in [other[name] for name in of_model]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_it_goes_on_from_any_byte(said: list[int], tmp_path: Path, form: str, database: Database) -> None:
    target = tmp_path / "rows"
    run("export", str(target), "--format", form)
    whole = target.read_bytes()
    from review.clock import utc_now

    for cut in range(0, len(whole) + 1, 7):
        target.write_bytes(whole[:cut])
        export(database, target, format=Format(form), go_on=True, now=utc_now())
        assert target.read_bytes() == whole, cut
    assert "0 new verdicts" in run("export", str(target), "--format", form, "--append").stderr
    run("skip", str(said[2]), "--as", "rita")
    assert "1 new verdict exported" in run("export", str(target), "--format", form, "--resume").stderr
    assert target.read_bytes().startswith(whole)


async def test_a_file_of_something_else_is_left_alone(said: list[int], tmp_path: Path) -> None:
    assert said
    for content in (b"my only copy", b"a,b\n1,2\n", b'{"version": 1, "id": "x"}\n', b'{"version": 1}\n' * 2):
        for form in ("jsonl", "csv"):
            (tmp_path / "mine").write_bytes(content)
            result = run("export", str(tmp_path / "mine"), "--append", "--format", form, code=1)
            assert "cannot be gone on with" in result.stderr
            assert len(result.stderr.splitlines()) == 1
            assert (tmp_path / "mine").read_bytes() == content
    run("export", str(tmp_path / "labels"), "--what", "labels")
    assert "cannot be gone on with" in run("export", str(tmp_path / "labels"), "--append", code=1).stderr


async def test_a_file_that_cannot_be_gone_on_with_says_what_it_is(said: list[int], tmp_path: Path) -> None:
    assert said
    rows, table, labels = tmp_path / "rows.jsonl", tmp_path / "rows.csv", tmp_path / "labels.csv"
    run("export", str(rows))
    run("export", str(table), "--format", "csv")
    run("export", str(labels), "--format", "csv", "--what", "labels")
    for file, form, what in (
        (rows, "csv", "it is JSON lines, not CSV"),
        (table, "jsonl", "it is CSV, not JSON lines"),
        (labels, "csv", "its columns are others"),
    ):
        before = file.read_bytes()
        told = run("export", str(file), "--append", "--format", form, code=1).stderr
        assert told == f"error: {file} cannot be gone on with: {what}; name another file\n"
        assert file.read_bytes() == before
    here = read(rows)[0]["installation"].encode()
    for file, form in ((rows, "jsonl"), (table, "csv")):
        file.write_bytes(file.read_bytes().replace(here, b"f" * 16))
        told = run("export", str(file), "--append", "--format", form, code=1).stderr
        assert f"it is of the installation {'f' * 16!r}, and this is " in told


async def test_labels_and_items_are_not_gone_on_with(
    said: list[int], database: Database, now: Any, tmp_path: Path
) -> None:
    assert said
    for what in (What.LABELS, What.ITEMS):
        with pytest.raises(ReviewError, match="it is written anew"):
            export(database, tmp_path / "rows", what=what, go_on=True, now=now)


async def test_two_do_not_write_to_one_file(said: list[int], tmp_path: Path) -> None:
    assert said
    with continued(tmp_path / "rows", COLUMNS[What.VERDICTS], installation="f" * 16, is_csv=False):
        assert "another export writes" in run("export", str(tmp_path / "rows"), "--append", code=1).stderr


def test_what_cannot_be_written_whole_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "rows"
    target.write_text("before")

    def fill_the_disk() -> None:
        with written_whole(target) as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fill_the_disk()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.usefixtures("home")
def test_a_place_that_is_none_is_one_line(tmp_path: Path) -> None:
    for more in ((), ("--append",)):
        assert "there is no folder" in run("export", str(tmp_path / "none" / "rows"), *more, code=1).stderr
        assert "is a folder" in run("export", str(tmp_path), *more, code=1).stderr


async def test_a_full_disk_is_one_line(said: list[int]) -> None:
    assert said
    assert "No space left" in run("export", "/dev/full", code=1).stderr
    command = f"{sys.executable} -m bot review export > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv", "label-studio"])
async def test_whoever_reads_the_beginning_alone_makes_nothing_fail(
    said: list[int], database: Database, now: Any, form: str
) -> None:
    with database.write() as session:
        mo = reviewer_named(session, "mo", now)
        session.add_all(
            Verdict(item_id=said[2], reviewer_id=mo.id, kind=VerdictKind.SKIP, created_at=now) for _ in range(2000)
        )
    command = f"set -o pipefail; {sys.executable} -m bot review export --format {form} | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[" if form == "label-studio" else "v" if form == "csv" else "{")
    assert "rror" not in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("--append",),
        ("-", "--append"),
        ("--format", "imagefolder"),
        ("x", "--format", "imagefolder", "--what", "labels"),
        ("x", "--format", "label-studio", "--append"),
        ("x", "--what", "labels", "--append"),
        ("x", "--what", "items", "--resume"),
        ("x", "--link"),
        ("x", "--test-share", "0.2"),
        ("x", "--format", "xml"),
        ("x", "--after", "-1"),
    ],
)
@pytest.mark.usefixtures("home")
def test_wrong_usage(wrong: tuple[str, ...]) -> None:
    run("export", *wrong, code=2)


@pytest.mark.slow
async def test_killed_again_and_again_it_is_whole_in_the_end(
    said: list[int], database: Database, now: Any, tmp_path: Path
) -> None:
    with database.write() as session:
        mo = reviewer_named(session, "mo", now)
        session.add_all(
            Verdict(item_id=said[2], reviewer_id=mo.id, kind=VerdictKind.SKIP, created_at=now) for _ in range(4000)
        )
    target = tmp_path / "rows"
    command = [sys.executable, "-m", "bot", "review", "export", str(target), "--append"]
    killed = 0
    for _ in range(50):
        size = target.stat().st_size if target.exists() else 0
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and (not target.exists() or target.stat().st_size < size + 200_000):
            time.sleep(0.001)
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed += 1
    assert killed
    run("export", str(target), "--append")
    assert [row["id"] for row in read(target)] == list(range(1, 4006))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_text_comes_back_from_a_cell(texts: list[str]) -> None:
    texts = [text.replace("\0", "") or "x" for text in texts]
    (cells,) = csv.reader(io.StringIO(as_csv_line(texts).decode(), newline=""))
    assert [from_cell(cell) for cell in cells] == texts
