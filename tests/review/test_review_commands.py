"""`bearbot review` and `bearbot db` as people and scripts use them."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from bot.cli import bearbot
from model.serving import Prediction
from review import queue
from review.cli.items import list_items
from review.clock import utc_now
from review.policy import Reason
from review.tables import POLICY_VERSION, ReviewItem

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
OURS = ("review", "db", "classify", "retrain")


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
    assert found[0] | {"photo": None, "waiting_seconds": None, "priority": None} == {
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
        "free_name": None,
        "deferred_until": None,
        "claimed_labels": [],
        "blind": False,
        "verdicts_needed": 1,
        "verdicts_so_far": None,
        "needs_adjudicator": False,
        "near_duplicates": 0,
        "represented_by": None,
        "priority": None,
        "uncertainty": pytest.approx(0.15),
        "novelty": 1.0,
        "policy_version": POLICY_VERSION,
    }
    assert Path(found[0]["photo"]).is_file()


async def test_a_person_reads_no_certainty(house: Any, predict: Predict) -> None:
    item = (await house.receive(1, predict("black", 1.0, in_domain=False))).item_id
    for shown in (run("review", "list").stdout, run("review", "show", str(item)).stdout):
        assert "black over 99 %" in shown
        assert "100" not in shown


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
    for nonsense in ("seven", "0", "9" * 30):
        run("review", "label", nonsense, "black", code=2)
        run("review", "show", nonsense, code=2)


async def test_next_claims_and_tells_how_to_go_on(waiting: list[int]) -> None:
    shown = run("review", "next", "--as", "mo").stdout
    assert f"bearbot review label {waiting[0]} LABEL --as mo" in shown
    assert "black, grizzly, teddy, none or cant_tell" in shown
    (other,) = rows("review", "next", "--as", "rita", "--json")
    assert (other["id"], other["held_by"]) == (waiting[1], "rita")
    assert "mo is looking at item" in run("review", "label", str(waiting[0]), "black", "--as", "rita", code=1).stderr
    assert "with mo" in run("review", "list").stdout


async def test_next_shows_what_it_claimed_before_and_leaves_a_page_its_items(
    house: Any, waiting: list[int], at: Any
) -> None:
    at.now = utc_now()  # as the commands do
    on_the_page = at.take("mo", waiting[0])
    (first,) = rows("review", "next", "--as", "mo", "--json")
    (again,) = rows("review", "next", "--as", "mo", "--json")
    assert (first["id"], again["id"]) == (waiting[1], waiting[1])
    with house.database.write() as session:
        queue.renew(session, waiting[0], on_the_page.token, lease=timedelta(minutes=5), now=at.now)


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


async def test_what_is_forgotten_is_what_is_said_to_be_missing(waiting: list[int]) -> None:
    item = str(waiting[0])
    assert "Missing argument 'LABEL'" in run("review", "label", item, code=2).stderr
    assert "Missing argument 'LABEL'" in run("review", "label", code=2).stderr
    assert "Missing argument 'ID...'" in run("review", "label", "grizzly", code=2).stderr
    for wrong in ("0", "seven", "9" * 30):
        said = " ".join(run("review", "show", wrong, code=2).stderr.split())
        assert f"expected a whole number from 1 on, got '{wrong}': `bearbot review list` shows" in said


async def test_what_is_to_be_copied_is_quoted(waiting: list[int]) -> None:
    shown = run("review", "next", "--as", "Mo the Bear").stdout
    assert f"bearbot review label {waiting[0]} LABEL --as 'Mo the Bear'" in shown


async def test_undo_says_what_it_took_back(waiting: list[int]) -> None:
    one, two, three = map(str, waiting)
    run("review", "label", one, "grizzly", "--as", "mo")
    run("review", "reopen", one, "--because", "look", "--as", "mo")
    run("review", "label", one, "none", "--as", "mo")
    run("review", "label", two, "cant_tell", "--as", "mo")
    run("review", "skip", two, "--as", "mo")
    run("review", "defer", three, "--as", "mo")
    for said in (
        f"your deferral of item {three} is taken back",
        f"your skip of item {two} is taken back",
        f"your 'cant_tell' on item {two} is taken back",
        f"your 'none' on item {one} is taken back",
        f"your reopening of item {one} is taken back",
        f"your 'grizzly' on item {one} is taken back",
    ):
        assert run("review", "undo", "--as", "mo").stdout == f"{said}\n"


async def test_several_are_labelled_and_what_is_refused_is_named(waiting: list[int]) -> None:
    one, two, three = map(str, waiting)
    run("review", "label", one, "black", "--as", "mo")
    result = run("review", "label", one, two, "999", three, "none", "--name", "polar  bear", "--as", "rita", code=1)
    assert "mo said 'black'" in result.stderr
    assert "no item 999" in result.stderr
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["error", "new reviewer 'rita'", "error"]
    assert [row["id"] for row in rows("review", "list", "--json", "--by", "rita")] == sorted(waiting[1:])
    (named,) = [row for row in rows("review", "list", "--settled", "--json") if row["id"] == waiting[1]]
    assert (named["final_label"], named["free_name"]) == ("none", "polar bear")
    assert "none (polar bear), said rita" in run("review", "list", "--settled").stdout
    assert "--name" in run("review", "label", two, "black", "--name", "dog", code=2).stderr


async def test_what_was_said_is_shown_in_order(waiting: list[int]) -> None:
    item = str(waiting[0])
    run("review", "label", item, "grizzly", "--as", "mo", "--seconds", "2.5")
    run("review", "undo", item, "--as", "mo")
    run("review", "label", item, "black", "--as", "rita")
    assert "is open again" in run("review", "reopen", item, "--because", "it is\nthe other one", "--as", "mo").stdout
    assert "is open already" in run("review", "reopen", item, "--because", "again", "--as", "mo").stdout
    shown = run("review", "show", item).stdout
    assert [line.split("UTC  ")[1].split("  #")[0] for line in shown.splitlines() if "  #" in line] == [
        "mo: grizzly (command)",
        "mo: took verdict 1 back (command)",
        "rita: black (command)",
        "mo: reopened it: it is the other one (command)",
    ]
    assert "#1  [taken back]" in shown
    (row,) = rows("review", "show", item, "--json")
    assert [(one["kind"], one["undone"]) for one in row["verdicts"]] == [
        ("label", True),
        ("undo", False),
        ("label", False),
        ("reopen", False),
    ]
    assert row["verdicts"][0]["seconds"] == 2.5
    for wrong in ([], ["--because", " "], ["--because", "x" * 201]):
        run("review", "reopen", item, *wrong, code=2)


async def test_what_is_put_off_comes_to_nobody_until_it_is_taken_back(waiting: list[int]) -> None:
    item = str(waiting[0])
    assert "is put off until" in run("review", "defer", item, "--for", "2h", "--as", "mo").stdout
    assert rows("review", "next", "--json", "--as", "rita")[0]["id"] == waiting[1]
    assert "put off until" in run("review", "list").stdout
    assert "put off " in run("review", "show", item).stdout
    run("review", "undo", "--as", "mo")
    assert rows("review", "next", "--json", "--as", "ada")[0]["id"] == waiting[0]
    for wrong in ("soon", "0h", "-2h", "2", "999999w"):
        assert "such as 30m" in run("review", "defer", item, "--for", wrong, code=2).stderr


async def test_a_blind_item_shows_nobody_what_others_think(waiting: list[int], house: Any) -> None:
    with house.database.write() as session:
        session.get_one(ReviewItem, waiting[0]).verdicts_needed = 2
    run("review", "label", str(waiting[0]), "black", "--as", "mo")
    (shown,) = rows("review", "show", str(waiting[0]), "--json")
    assert shown["blind"]
    for hidden in ("suggested_label", "confidence", "probabilities", "out_of_domain_score", "claimed_labels"):
        assert shown[hidden] is None
    for telling in ("model_version", "uncertainty", "novelty", "priority"):
        assert shown[telling] is None
    assert shown["reasons"] == [], "that it is a random check would tell that the model was sure"
    assert [(one["reviewer"], one["kind"], one["label"]) for one in shown["verdicts"]] == [("mo", None, None)]
    told = run("review", "show", str(waiting[0])).stdout + run("review", "list").stdout.splitlines()[1]
    assert "teddy" not in told
    assert "black" not in told
    assert "out of domain" not in told
    assert "several     needs 2 verdicts (1 so far)" in told
    assert told.endswith("needs 2 verdicts (1 so far)")
    assert "more reviewers" not in run("review", "label", str(waiting[0]), "black", "--as", "rita").stdout
    assert "black, said rita" in run("review", "show", str(waiting[0])).stdout


async def test_the_same_word_twice_is_one_verdict(waiting: list[int], house: Any) -> None:
    item = str(waiting[0])
    with house.database.write() as session:
        session.get_one(ReviewItem, waiting[0]).verdicts_needed = 2
    run("review", "label", item, "none", "--as", "mo")
    again = run("review", "label", item, "none", "--as", "mo").stdout
    assert again == f"item {item} stays open: you have already said none; others must say so, too\n"
    assert "more reviewers" in run("review", "label", item, "none", "--name", "polar bear", "--as", "mo").stdout
    assert "more reviewers" in run("review", "label", item, "black", "--as", "mo").stdout, "whoever changes their mind"
    (shown,) = rows("review", "show", item, "--json")
    assert (len(shown["verdicts"]), shown["verdicts_so_far"]) == (3, 1)
    run("review", "label", item, "black", "--as", "rita")
    assert "is settled" in run("review", "label", item, "black", "--as", "mo", code=1).stderr


async def test_near_duplicates_are_parted(waiting: list[int], house: Any) -> None:
    with house.database.write() as session:
        session.get_one(ReviewItem, waiting[1]).represented_by_id = waiting[0]
    assert "1 near-duplicate is settled with it" in run("review", "show", str(waiting[0])).stdout
    assert f"seen as item {waiting[0]}" in run("review", "list").stdout
    assert f"item {waiting[1]} will be judged alone" in run("review", "split", str(waiting[1])).stdout
    assert "is in no group" in run("review", "split", str(waiting[1])).stdout
    assert "no item 99" in run("review", "split", "99", code=1).stderr


async def test_list_is_filtered(waiting: list[int]) -> None:
    def listed(*arguments: str) -> list[int]:
        return [row["id"] for row in rows("review", "list", "--json", *arguments)]

    assert listed("--limit", "2") == waiting[:2]
    assert listed("--label", "grizzly") == [waiting[1]]
    assert listed("--reason", "out_of_domain") == [waiting[0]]
    assert listed("--since", "3660d") == sorted(waiting)
    assert listed("--since", "2999-01-01") == []
    assert "no such item" in run("review", "list", "--label", "teddy", "--reason", "audit").stderr
    run("review", "label", str(waiting[2]), "black", "--as", "mo")
    for option, wrong, said in (
        ("--label", "grizly", "unknown label 'grizly': did you mean 'grizzly'?"),
        ("--label", "Grizzly", "unknown label 'Grizzly': did you mean 'grizzly'?"),
        ("--label", "NONE", "unknown label 'NONE': did you mean 'none'?"),
        ("--reason", "outofdomain", "did you mean 'out_of_domain'?"),
        ("--by", "moe", "no reviewer is called 'moe': did you mean 'mo'?"),
        ("--by", "zoe", "no reviewer is called 'zoe'"),
    ):
        assert said in " ".join(run("review", "list", option, wrong, code=2).stderr.split())
    assert listed("--by", "MO") == [waiting[2]]
    run("review", "undo", "--as", "mo")
    assert listed("--reason", "out-of-domain") == [waiting[0]]
    assert "nothing is settled yet" in run("review", "list", "--settled").stderr
    for wrong in (["--all", "--settled"], ["--limit", "0"], ["--reason", "odd"], ["--since", "soon"], ["--al"]):
        run("review", "list", *wrong, code=2)


def test_reasons_to_choose_from_are_all_that_there_are() -> None:
    (option,) = [one for one in list_items.params if one.name == "reason"]
    assert set(option.type.choices) == set(Reason)  # type: ignore[attr-defined] # it is a Choice


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


@pytest.mark.parametrize(
    "command",
    ["next", "show 1", "label 1 black", "stats", "export", "undo"],
)
def test_before_the_first_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "none"))
    result = run("review", *command.split(), code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("error: there is no database at")
    assert "`bearbot run`" in result.stderr
    assert "`bearbot demo --home DIR`" in result.stderr
    assert not (tmp_path / "none").exists(), "asking makes no home folder"


@pytest.mark.parametrize("command", ["list --json", "who", "who list", "gold list"])
def test_before_the_first_photo_lists_are_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "none"))
    result = run("review", *command.split())
    assert result.stdout == ""
    assert "there is no database at" in result.stderr
    assert "`bearbot demo --home DIR`" in result.stderr
    assert not (tmp_path / "none").exists(), "asking makes no home folder"


@pytest.mark.parametrize("command", ["list", "show 1", "stats", "who"])
def test_a_home_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "file"))
    said = run("review", *command.split(), code=1).stderr
    assert said.startswith("error: there can be no database at")
    assert "BEARBOT_HOME" in said


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


@pytest.mark.parametrize("command", [("db", "check"), ("db", "upgrade"), ("review", "list"), ("review", "stats")])
def test_a_home_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("BEARBOT_HOME", "/" + "long" * 100)
    output = run(*command, code=1)
    assert output.stderr.startswith(("error: ", "/long"))
    assert len(output.stderr.splitlines()) == 1


async def test_a_broken_model_keeps_nobody_from_seeing_the_queue(waiting: list[int], home: Path) -> None:
    (home / "models").mkdir(exist_ok=True)
    (home / "models" / "aliases.json").write_text("rubbish")
    assert len(rows("review", "list", "--json")) == 3
    run("review", "show", str(waiting[0]))
    run("review", "skip", str(waiting[0]))
    run("review", "stats")
    result = run("review", "label", str(waiting[0]), "black", code=1)
    assert "aliases.json cannot be read" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_lease_without_end_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    monkeypatch.setenv("REVIEW_LEASE_SECONDS", "9" * 15)
    assert "REVIEW_LEASE_SECONDS" in run("review", "next", code=2).stderr


def test_a_home_of_unusual_name_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "100% what?#a b"
    monkeypatch.setenv("BEARBOT_HOME", str(home))
    run("db", "upgrade")
    assert (home / "review.db").is_file()
    assert Path(run("db", "backup").stdout.strip()).parent == home / "backups"
    run("db", "check")
    run("db", "restore")
    run("review", "next")


@pytest.mark.sqlite
def test_a_damaged_database_is_one_line(home: Path) -> None:
    (home / "review.db").write_bytes(b"rubbish " * 1000)
    for command in (("review", "list"), ("review", "undo"), ("db", "check"), ("db", "upgrade"), ("db", "backup")):
        result = run(*command, code=1)
        assert "damaged or no database" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_an_unknown_database_server_is_refused_without_repeating_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", "mysql://bear:hunter2@db/bears")
    for command in (("review", "list"), ("review", "next"), ("db", "check")):
        result = run(*command, code=2)
        assert "REVIEW_DATABASE_URL" in result.stderr
        assert "postgresql+psycopg://" in result.stderr
        assert "hunter2" not in result.output


def test_a_server_that_is_not_there_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", "postgresql://bear:hunter2@127.0.0.1:1/bears")
    for command in (("review", "list"), ("review", "next"), ("db", "check"), ("db", "upgrade")):
        result = run(*command, code=1)
        assert "the database cannot be used" in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert "hunter2" not in result.output


@pytest.mark.parametrize(
    ("command", "instead"), [("backup", "pg_dump --format=custom"), ("restore", "pg_restore --clean --if-exists")]
)
def test_backups_of_a_server_are_made_by_its_own_tools(
    command: str, instead: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", "postgresql+psycopg://bear:hunter2@db/bears")
    (tmp_path / "some.dump").touch()
    result = run("db", command, *([str(tmp_path / "some.dump")] if command == "restore" else []), code=1)
    assert instead in result.stderr
    assert "postgresql://bear@db/bears" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.usefixtures("home")
def test_who_reviews_is_the_login_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "rosa")
    assert "rosa has no verdict" in run("review", "undo", code=1).stderr

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "--as NAME" in run("review", "undo", code=2).stderr


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        if path or name in OURS:
            yield (*path, name)
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                yield from commands(command, (*path, name))


@pytest.mark.parametrize("command", list(commands(bearbot)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: tuple[str, ...]) -> None:
    shown = run(*command, "--help").stdout
    assert f"Example:\n    bearbot {' '.join(command)}" in shown


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, review.cli.queue, review.cli.database, review.cli.classify, review.cli.retrain\n"
        "print({'sqlalchemy', 'alembic', 'pydantic', 'torch', 'numpy', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


async def test_a_list_left_in_a_pager_holds_nothing_up(house: Any, predict: Predict, home: Path) -> None:
    submission = (await house.receive(1, predict("black", 0.7))).submission_id
    with house.database.write() as session:
        for number in range(300):
            session.execute(
                text("INSERT INTO submissions (source_key, source, submitted_at) VALUES (:key, 't', '2026-11-24')"),
                {"key": f"{number}"},
            )
        session.execute(
            text(
                "INSERT INTO review_items (submission_id, status, reasons, priority, opened_at) "
                "SELECT id, 'open', '[\"audit\"]', 1, '2026-11-24' FROM submissions WHERE id != :first"
            ),
            {"first": submission},
        )
    house.database.dispose()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "review", "list", "--json"], stdout=subprocess.PIPE, text=True
    ) as pager:
        assert pager.stdout is not None
        pager.stdout.read(1)  # it prints, and waits for us to read on
        await house.receive(2, predict("black", 0.7))
        with closing(sqlite3.connect(home / "review.db", timeout=1)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        pager.terminate()
    assert not busy, "the log could not be emptied and would grow for as long as somebody looks at the list"


async def test_a_reader_that_leaves_early_is_no_error(waiting: list[int]) -> None:
    assert waiting
    command = f"{sys.executable} -m bot review list --json --all | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["id"] in waiting
    assert "Traceback" not in done.stderr
