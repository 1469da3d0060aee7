"""`bearbot review who`: one identity each, whatever they call themselves where; who was removed is out everywhere."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import bearbot
from model.serving import Prediction
from review import logins
from review.database import Database
from review.people import reviewer_for_telegram
from review.quorum import Quorum
from review.tables import ReviewItem, Role, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", *arguments])
    assert result.exit_code == code, result.output
    return result


def people() -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in run("who", "list", "--json").stdout.splitlines()]
    return {row["name"]: row for row in found}


@pytest.mark.usefixtures("home")
def test_people_are_added_with_roles_and_listed() -> None:
    assert "nobody reviewed yet" in run("who").stderr
    assert run("who", "add", "mo", "--role", "moderator", "--telegram", "5").stdout == "mo may review, as moderator\n"
    added = json.loads(run("who", "add", "rita", "--json").stdout)
    assert added == {
        "name": "rita",
        "role": "reviewer",
        "aliases": [],
        "telegram_user_ids": [],
        "has_login": False,
        "verdicts": 0,
        "last_verdict_at": None,
        "reliability": None,
        "removed_at": None,
    }
    assert run("who").stdout.splitlines() == [
        "NAME  ROLE       VERDICTS  LAST  RELIABLE  ALSO",
        "mo    moderator  0         -     -         Telegram's 5",
        "rita  reviewer   0         -     -         -",
    ]
    run("who", "add", "mo")
    assert people()["mo"]["role"] == "moderator", "added again, nothing of a role said: it stays"
    run("who", "add", "mo", "--role", "reviewer")
    assert people()["mo"]["role"] == "reviewer"


async def test_what_a_telegram_user_said_is_whoever_they_are_linked_to(
    house: Any, predict: Predict, at: Any, database: Database, now: datetime
) -> None:
    first = (await house.receive(1, predict("black", 0.5))).item_id
    second = (await house.receive(2, predict("black", 0.6))).item_id
    with database.write() as session:
        reviewer_for_telegram(session, 5, name="Mo in chat", role=Role.MODERATOR, now=now)
    at.say("Mo in chat", first, VerdictKind.LABEL, "black")
    at.say("mo", second, VerdictKind.LABEL, "black")
    assert run("who", "link", "mo", "--telegram", "5").stdout == "mo is also known as Mo in chat, Telegram's 5\n"
    assert (list(people()), people()["mo"]["verdicts"], people()["mo"]["role"]) == (["mo"], 2, "moderator")
    with database.write() as session:
        assert reviewer_for_telegram(session, 5, name="Mo in chat", now=now).name == "mo"
    assert at.undo("mo") == second
    assert at.undo("Mo in chat") == first, "by either name the words of both are theirs to take back"


async def test_who_is_removed_is_out_everywhere_until_added_again(
    house: Any, predict: Predict, at: Any, database: Database, now: datetime
) -> None:
    settled = (await house.receive(1, predict("black", 0.5))).item_id
    held = (await house.receive(2, predict("black", 0.6))).item_id
    run("who", "add", "mo", "--role", "moderator", "--telegram", "5")
    token = run("who", "login", "mo").stdout.strip()
    at.say("mo", settled, VerdictKind.LABEL, "black")
    at.take("mo", held)
    assert run("who", "remove", "mo").stdout == "mo may review no more; their verdicts stay\n"
    assert (
        "mo may review no more: `bearbot review who add` brings them back" in run("next", "--as", "mo", code=1).stderr
    )
    assert at.take("rita", held), "what they held is back in the queue"
    assert at.view(settled).final_label == "black"
    with database.write() as session:
        assert logins.holder(session, token) is None
    assert "was removed: `bearbot review who add mo`" in run("who", "login", "mo", code=1).stderr
    assert "was removed before" in run("who", "remove", "mo", code=1).stderr
    assert "mo    removed" in run("who").stdout
    run("who", "add", "mo")
    assert (people()["mo"]["removed_at"], people()["mo"]["role"]) == (None, "moderator")


@pytest.mark.usefixtures("home")
def test_two_names_become_one() -> None:
    for name in ("mo", "laptop", "phone"):
        run("who", "add", name)
    run("who", "link", "laptop", "--same-as", "phone")
    assert run("who", "link", "mo", "--same-as", "phone").stdout == "mo is also known as laptop, phone\n"
    assert "these are one reviewer already: mo" in run("who", "link", "phone", "--same-as", "laptop", code=1).stderr
    run("who", "remove", "phone")
    assert "mo may review no more" in run("next", "--as", "laptop", code=1).stderr


async def test_a_new_reviewer_is_said_to_be_one(house: Any, predict: Predict) -> None:
    items = [str((await house.receive(number, predict("black", 0.7))).item_id) for number in (1, 2, 3)]
    assert run("label", items[0], "black", "--as", "Gill").stderr == "new reviewer 'Gill'\n"
    assert run("skip", items[1], "--as", "gill").stderr == ""
    assert "new" not in run("skip", "99", "--as", "gil", code=1).stderr, "what is refused makes nobody"
    assert run("skip", items[1], "--as", "gil").stderr == "new reviewer 'gil'; did you mean 'Gill'?\n"
    assert set(people()) == {"Gill", "gil"}


async def test_nobody_is_two_blind_reviewers_by_writing_their_name_differently(
    house_with: Callable[..., Any], predict: Predict
) -> None:
    item = str((await house_with(quorum=Quorum.parse("low_confidence=2")).receive(1, predict("black", 0.7))).item_id)
    for name in ("ann", "Ann", "ANN "):
        run("label", item, "black", "--as", name)
        (shown,) = run("show", item, "--json").stdout.splitlines()
        assert json.loads(shown)["status"] == "open"
    run("label", item, "black", "--as", "bob")
    assert json.loads(run("show", item, "--json").stdout)["status"] == "settled"


async def test_a_verdict_on_near_duplicates_is_one(house: Any, predict: Predict) -> None:
    first, second = [(await house.receive(number, predict("black", 0.7))).item_id for number in (1, 2)]
    with house.database.write() as session:
        session.get_one(ReviewItem, second).represented_by_id = first
    run("label", str(first), "black", "--as", "mo")
    figures = json.loads(run("stats", "--json").stdout)
    assert (figures["settled_items"], figures["verdicts_by_reviewer"]["mo"], people()["mo"]["verdicts"]) == (2, 1, 1)


@pytest.mark.usefixtures("home")
def test_a_person_may_have_two_telephones() -> None:
    run("who", "add", "mo", "--role", "moderator", "--telegram", "5")
    run("who", "link", "mo", "--telegram", "6")
    assert people()["mo"]["telegram_user_ids"] == [5, 6]
    said = run("who", "add", "rita", "--telegram", "6", code=1).stderr
    assert "Telegram's 6 is mo: if that is rita, `bearbot review who link rita --telegram 6` makes them one" in said
    assert "rita" not in people(), "what is refused leaves nothing behind"


@pytest.mark.usefixtures("home")
def test_a_login_token_is_told_once_and_the_latest_counts(database: Database) -> None:
    run("who", "add", "mo")
    first = run("who", "login", "mo").stdout.strip()
    told = json.loads(run("who", "login", "mo", "--json").stdout)
    with database.read() as session:
        found = logins.holder(session, told["token"])
        assert found is not None
        assert (found.name, logins.holder(session, first)) == ("mo", None)
    assert people()["mo"]["has_login"] is True


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("login", "nobody"), 1, "no reviewer is called 'nobody'"),
        (("remove", "nobody"), 1, "`bearbot review who` lists all"),
        (("add", ""), 1, "expected a reviewer's name of 1 to 64 characters"),
        (("add", "mo", "--role", "king"), 2, "'king' is not one of"),
        (
            ("add", "mo", "--telegram", "0"),
            2,
            "expected a whole number from 1 to 4503599627370496, got '0': @userinfobot",
        ),
        (("link", "mo"), 2, "expected one of --telegram ID and --same-as OTHER"),
        (("link", "mo", "--telegram", "5", "--same-as", "x"), 2, "expected one of"),
        (("--json", "add", "mo"), 2, "--json comes last"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    assert sentence in " ".join(run("who", *arguments, code=code).stderr.split())
