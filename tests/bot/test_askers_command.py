"""`bearbot bot askers`: who asks, who is let in or kept out, whose data goes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.cli import bearbot
from review.admission import Redeemed, redeem
from review.clock import utc_now
from review.database import Database
from review.people import asker_for
from review.schema import upgrade
from review.tables import Asker, Submission


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    upgrade(database, tmp_path / "backups", keep=1)
    yield database
    database.dispose()


@pytest.fixture
def run() -> Callable[..., Any]:
    return lambda *arguments, **more: CliRunner().invoke(bearbot, ["bot", "askers", *arguments], **more)


def test_people_are_blocked_listed_and_unblocked(database: Database, run: Callable[..., Any]) -> None:
    assert run("list").stderr == "nobody has asked yet\n"
    assert run("list", "--blocked").stderr == "nobody is blocked\n"
    with database.write() as session:
        asker = asker_for(session, 8, "en", utc_now())
        session.add(Submission(source_key="k", source="telegram", asker_id=asker.id, submitted_at=utc_now()))
    assert run("block", "7").stdout == "7 is blocked (moderators and admins pass all the same)\n"
    assert [line.split() for line in run("list").stdout.splitlines()] == [
        ["ID", "PHOTOS", "KNOWN", "SINCE", "STATE"],
        ["7", "0", f"{utc_now():%Y-%m-%d}", "blocked"],
        ["8", "1", f"{utc_now():%Y-%m-%d}"],
    ]
    (row,) = map(json.loads, run("list", "--blocked", "--json").stdout.splitlines())
    assert (row["id"], row["photos"], row["admitted_at"]) == (7, 0, None)
    assert run("unblock", "7").stdout == "7 is no longer blocked\n"
    again = run("unblock", "7", "--json")
    assert (again.exit_code, json.loads(again.stdout)["error"]) == (1, "was not blocked")
    for wrong in (["block"], ["block", "ada"], ["block", "-7"], ["unblock", "0"], ["invite", "--uses", "0"]):
        assert run(*wrong).exit_code == 2


def test_an_invitation_lets_in_and_is_kept_as_its_sum_alone(database: Database, run: Callable[..., Any]) -> None:
    made = json.loads(run("invite", "--uses", "2", "--bot", "@bear_bot", "--json").stdout)
    assert made["link"] == f"https://t.me/bear_bot?start={made['code']}"
    plain, several = run("invite"), run("invite", "--uses", "3", "--bot", "bear_bot")
    assert re.fullmatch(r"/start [0-9a-f]{32}\n", plain.stdout)
    assert re.fullmatch(
        r"Hand this on: whoever first sends this line to the bot until \d{4}-\d\d-\d\d \d\d:\d\d UTC may use it. "
        r"With --bot NAME you get a link instead.\n",
        plain.stderr,
    )
    assert several.stderr.startswith("Hand this on: each of the first 3 who opens the link")
    with database.write() as session:
        found = [redeem(session, made["code"], person, None, utc_now()) for person in (1, 1, 2, 3)]
    assert found == [Redeemed.ADMITTED, Redeemed.ALREADY, Redeemed.ADMITTED, Redeemed.VOID]
    assert database.file is not None
    assert made["code"].encode() not in database.file.read_bytes()


def test_somebody_is_erased_after_a_question(database: Database, run: Callable[..., Any]) -> None:
    with database.write() as session:
        asker_for(session, 8, "en", utc_now())
    assert run("erase", "8", input="n\n").exit_code == 1
    assert run("erase", "8", input="y\n").stdout == "0 photos and all about 8 are deleted\n"
    with database.read() as session:
        assert session.scalars(select(Asker)).all() == []
    assert run("erase", "8", "--yes", "--json").stdout == '{"id": 8, "photos": 0}\n'


def test_without_a_database_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    for command, status in (("list",), 0), (("block", "7"), 1):
        done = run(*command)
        assert (done.exit_code, "there is no database" in done.stderr) == (status, True)
