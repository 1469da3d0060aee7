"""`bearbot bot inbox`: what was set aside is seen without people's words, tried again or given up."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot import inbox
from bot.cli import bearbot
from bot.inbox import Failure
from review.clock import utc_now
from review.database import Database
from review.schema import upgrade
from review.tables import InboxUpdate


def run(*arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(bearbot, ["bot", "inbox", *arguments], **more)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def update(number: int, **message: object) -> dict[str, Any]:
    sender = {"id": 900, "first_name": "Private Name"}
    return {"update_id": number, "message": {"chat": {"id": 900}, "from": sender, "message_id": number, **message}}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A bot with update 1 pending, 2 and 3 set aside, 4 handled; all came three hours ago."""
    now = utc_now()
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    upgrade(database, tmp_path / "backups", keep=1)
    updates = [
        update(1, text="private words"),
        update(2, photo=[{"file_id": "x"}]),
        update(3, text="\x1b[31m private \ud83d"),
        update(4, text="private"),
    ]
    with database.write() as session:
        inbox.store(session, updates, now - timedelta(hours=3))
        for number in (2, 3):
            for _ in range(inbox.MAX_ATTEMPTS):
                inbox.mark_failed(session, number, Failure("KeyError"), now - timedelta(hours=2))
        inbox.mark_handled(session, [4], now)
    database.dispose()
    return database


def stored(database: Database, number: int) -> InboxUpdate:
    with database.read() as session:
        return session.get_one(InboxUpdate, number)


def test_the_list_tells_no_words_of_people(home: Database) -> None:
    listed = run("list")
    assert listed.exit_code == 0
    heading, first, second, third = listed.stdout.splitlines()
    assert heading.split() == ["ID", "STATE", "KIND", "WAITS", "ATTEMPTS", "ERROR"]
    assert first.split() == ["1", "pending", "text", "3", "hours", "0"]
    assert second.split() == ["2", "set_aside", "photo", "3", "hours", "10", "KeyError"]
    assert third.split()[0] == "3"
    machine = run("list", "--json")
    assert [(row["update_id"], row["state"], row["kind"], row["attempts"], row["error"]) for row in rows(machine)] == [
        (1, "pending", "text", 0, None),
        (2, "set_aside", "photo", 10, "KeyError"),
        (3, "set_aside", "text", 10, "KeyError"),
    ]
    assert all(abs(row["age_seconds"] - 3 * 3600) < 60 for row in rows(machine))
    for told in (listed.output, machine.output):
        assert "rivate" not in told
        assert "900" not in told


def test_payloads_are_shown_to_who_asks_and_move_no_cursor(home: Database) -> None:
    shown = run("list", "--payload")
    assert "private words" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert rows(run("list", "--payload", "--json"))[0]["payload"]["message"]["from"]["first_name"] == "Private Name"


def test_retry_puts_one_back_as_if_it_were_new(home: Database) -> None:
    result = run("retry", "2")
    assert (result.exit_code, result.stdout) == (0, "2 is tried again\n")
    again = stored(home, 2)
    assert (again.set_aside_at, again.attempts, again.error) == (None, 0, None)
    with home.read() as session:
        assert [found.update_id for found in inbox.due(session, utc_now(), photos=True, besides=(), limit=9)] == [2]
    assert stored(home, 3).set_aside_at is not None


def test_what_is_retried_after_days_gets_more_than_one_attempt(home: Database) -> None:
    run("retry", "2")
    later = utc_now() + timedelta(days=3)
    with home.write() as session:
        outcomes = [
            inbox.mark_failed(session, 2, Failure("NetworkError", passing=True), later)
            for _ in range(inbox.MAX_ATTEMPTS)
        ]
    assert outcomes == [False] * (inbox.MAX_ATTEMPTS - 1) + [True]


def test_retry_names_what_was_not_set_aside_and_does_the_rest(home: Database) -> None:
    result = run("retry", "1", "2", "99")
    assert result.exit_code == 1
    assert result.stdout == "2 is tried again\n"
    assert result.stderr == "error: 1 was not set aside\nerror: 99 was not set aside\n"
    assert rows(run("retry", "3", "99", "--json")) == [
        {"update_id": 3, "retried": True},
        {"update_id": 99, "retried": False, "error": "was not set aside"},
    ]


def test_retry_all(home: Database) -> None:
    assert run("retry", "--all").stdout == "2 is tried again\n3 is tried again\n"
    nothing = run("retry", "--all")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "nothing was set aside\n")


def test_drop_asks_and_deletes_what_people_sent(home: Database) -> None:
    refused = run("drop", "3", input="n\n")
    assert refused.exit_code == 1
    assert stored(home, 3).set_aside_at is not None
    done = run("drop", "3", input="y\n")
    assert (done.exit_code, done.stdout) == (0, "3 is dropped\n")
    dropped = stored(home, 3)
    assert (dropped.set_aside_at, dropped.payload, dropped.error) == (None, "{}", "dropped by hand")
    assert dropped.handled_at is not None
    again = run("drop", "3", "1", "--yes", "--json")
    assert again.exit_code == 1
    assert [row["dropped"] for row in rows(again)] == [True, False]


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "--all", "2"], ["retry", "x"], ["drop"], ["drop", "-1"]])
def test_wrong_usage(home: Database, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_is_no_number_is_told_in_plain_words() -> None:
    for value in ("x", "-1", str(2**63)):
        result = run("drop", "--", value)
        assert result.exit_code == 2
        said = f"expected a whole number from 0 to {2**63 - 1}, got '{value}': `bearbot bot inbox list` shows them"
        assert said in " ".join(result.stderr.split())
        assert "range" not in result.stderr


def test_before_the_first_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    listed = run("list", "--json")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "nothing was sent yet" in listed.stderr
    for arguments in (["retry", "--all"], ["drop", "1", "--yes"]):
        failed = run(*arguments)
        assert failed.exit_code == 1
        assert failed.stderr.startswith("error: ")
