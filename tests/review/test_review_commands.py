"""`bearbot review` and `bearbot db` as people and scripts use them."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import bearbot
from model.serving import Prediction
from review.database import Database

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, arguments)
    assert result.exit_code == code, result.output
    return result


def rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*arguments).stdout.splitlines()]


@pytest.fixture
async def waiting(house: Any, predict: Predict) -> list[int]:
    """Two doubted photos and one that is not a bear; ids in the order of the queue."""
    first = await house.receive(1, predict("black", 0.7))
    second = await house.receive(2, predict("grizzly", 0.6))
    foreign = await house.receive(3, predict("teddy", 0.9, in_domain=False))
    return [foreign.item_id, second.item_id, first.item_id]


async def test_list_for_scripts(waiting: list[int]) -> None:
    found = rows("review", "list", "--json")
    assert [row["id"] for row in found] == waiting
    assert found[0] | {"photo": None, "waiting_seconds": None} == {
        "id": waiting[0],
        "submission": 3,
        "status": "open",
        "reasons": ["out_of_domain", "low_confidence"],
        "suggested_label": "teddy",
        "confidence": 0.9,
        "probabilities": pytest.approx({"black": 0.05, "grizzly": 0.05, "teddy": 0.9}),
        "out_of_domain_score": 9.0,
        "model_version": "v1",
        "photo": None,
        "submitted_at": "2026-11-24T12:00:00+00:00",
        "waiting_seconds": None,
        "final_label": None,
        "settled_at": None,
        "reviewer": None,
        "held_by": None,
        "held_until": None,
    }
    assert Path(found[0]["photo"]).is_file()


async def test_label_settles_and_list_all_remembers(waiting: list[int]) -> None:
    item = waiting[1]
    assert "is settled: grizzly, said mo" in run("review", "label", str(item), "GRIZZLY", "--as", "mo").stdout
    assert [row["id"] for row in rows("review", "list", "--json")] == [waiting[0], waiting[2]]
    (settled,) = [row for row in rows("review", "list", "--json", "--all") if row["status"] == "settled"]
    assert (settled["id"], settled["final_label"], settled["reviewer"]) == (item, "grizzly", "mo")
    (printed,) = rows("review", "label", str(waiting[0]), "none", "--as", "mo", "--json")
    assert (printed["final_label"], printed["status"]) == ("none", "settled")
    assert "mo said 'grizzly'" in run("review", "label", str(item), "black", "--as", "rita", code=1).stderr


async def test_what_is_wrong_is_one_line_with_a_guess(waiting: list[int]) -> None:
    result = run("review", "label", str(waiting[0]), "grizly", code=1)
    assert result.stderr.startswith("error: unknown label 'grizly': did you mean 'grizzly'?")
    assert len(result.stderr.splitlines()) == 1
    assert "no item 99" in run("review", "label", "99", "black", code=1).stderr
    assert "no item 99" in run("review", "show", "99", code=1).stderr
    assert "expected a reviewer's name" in run("review", "label", str(waiting[0]), "black", "--as", " ", code=1).stderr
    run("review", "label", "seven", "black", code=2)


async def test_next_claims_and_tells_how_to_go_on(waiting: list[int]) -> None:
    shown = run("review", "next", "--as", "mo").stdout
    assert f"bearbot review label {waiting[0]} LABEL --as mo" in shown
    assert "black, grizzly, teddy, none or cant_tell" in shown
    (other,) = rows("review", "next", "--as", "rita", "--json")
    assert (other["id"], other["held_by"]) == (waiting[1], "rita")
    assert "mo is looking at item" in run("review", "label", str(waiting[0]), "black", "--as", "rita", code=1).stderr
    assert "with mo" in run("review", "list").stdout


async def test_skip_undo_show_and_stats(waiting: list[int]) -> None:
    run("review", "skip", str(waiting[0]), "--as", "mo")
    (after,) = rows("review", "next", "--as", "mo", "--json")
    assert after["id"] == waiting[1]
    run("review", "label", str(waiting[1]), "black", "--as", "mo")
    assert f"item {waiting[1]} is taken back" in run("review", "undo", "--as", "mo").stdout
    assert "nothing" not in run("review", "list").stdout
    assert "out of domain, low confidence" in run("review", "show", str(waiting[0])).stdout
    assert "waiting            3" in run("review", "stats").stdout
    (figures,) = rows("review", "stats", "--json")
    assert figures["open_items"] == 3
    assert "rita has no verdict" in run("review", "undo", "--as", "rita", code=1).stderr


async def test_cant_tell_leaves_it_open(waiting: list[int]) -> None:
    assert "stays open" in run("review", "label", str(waiting[0]), "can't tell", "--as", "mo").stdout
    assert len(rows("review", "list", "--json")) == 3


@pytest.mark.usefixtures("home")
def test_an_empty_queue_says_so_and_prints_nothing_for_scripts() -> None:
    for arguments in (["next"], ["list"], ["next", "--json"]):
        result = run("review", *arguments)
        assert result.stdout == ""
        assert "nothing waits for review" in result.stderr
    assert run("review", "list", "--json").stdout == ""


def test_before_the_first_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "none"))
    listed = run("review", "list", "--json")
    assert listed.stdout == ""
    assert "there is no database" in listed.stderr
    for arguments in (["next"], ["show", "1"], ["label", "1", "black"], ["stats"]):
        result = run("review", *arguments, code=1)
        assert result.stderr.startswith("error: there is no database at")
        assert "bearbot run" in result.stderr
    assert not (tmp_path / "none").exists(), "asking makes no home folder"


def test_the_database_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    assert "there is no database" in run("db", "check", code=1).stderr
    assert "there is no database" in run("db", "backup", code=1).stderr
    assert "there is no backup" in run("db", "restore", code=1).stderr
    assert "(it was at none)" in run("db", "upgrade").stdout
    assert "is up to date" in run("db", "upgrade").stdout
    assert "is sound and up to date" in run("db", "check").stdout
    (checked,) = rows("db", "check", "--json")
    assert checked == {"database": str(tmp_path / "review.db"), "sound": True, "problems": []}
    copy = Path(run("db", "backup").stdout.strip())
    assert copy.parent == tmp_path / "backups"
    restored = run("db", "restore")
    assert f"is {copy} now" in restored.stdout
    assert "the replaced database is" in restored.stderr
    assert "there is no such file" in run("db", "restore", str(tmp_path / "no.db"), code=1).stderr


def test_a_home_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "file" / "home"))
    result = run("db", "upgrade", code=1)
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1


async def test_a_reader_that_leaves_early_is_no_error(waiting: list[int]) -> None:
    assert waiting
    command = f"{sys.executable} -m bot review list --json --all | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["id"] in waiting
    assert "Traceback" not in done.stderr


class Terminal:
    """`bearbot review next` on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.shown = ""

    def until(self, text: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            try:
                self.shown += os.read(self._ours, 65536).decode()
            except (BlockingIOError, OSError):
                time.sleep(0.02)

    def type(self, keys: str) -> None:
        self.shown = ""
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        self._process.send_signal(2)

    def ends(self) -> int:
        return self._process.wait(20)


async def test_reviewing_on_a_terminal(waiting: list[int], database: Database) -> None:
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    assert f"item        {waiting[0]}" in terminal.shown
    terminal.type("n\n")
    terminal.until("What is it?")
    assert f"item        {waiting[1]}" in terminal.shown
    terminal.type("9\n")
    terminal.until("unknown label '9'")
    terminal.type("2\n")
    terminal.until("What is it?")
    assert f"item        {waiting[2]}" in terminal.shown
    assert [row["final_label"] for row in rows("review", "list", "--json", "--all") if row["final_label"]] == [
        "none",
        "grizzly",
    ]
    assert [row["held_by"] for row in rows("review", "list", "--json")] == ["mo"]
    terminal.interrupt()
    assert terminal.ends() != 0
    assert [row["held_by"] for row in rows("review", "list", "--json")] == [None], "Ctrl-C gives the item back"


async def test_quitting_gives_the_item_back(waiting: list[int]) -> None:
    assert waiting
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    terminal.type("q\n")
    terminal.until("0 looked at")
    assert terminal.ends() == 0
    assert {row["held_by"] for row in rows("review", "list", "--json")} == {None}
