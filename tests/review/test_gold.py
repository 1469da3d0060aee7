"""Gold items: they look like any other, come once to each reviewer, and what is said of them changes nothing else."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from bot.cli import bearbot
from model.serving import Prediction
from review import erasure, gold, items, judging, queue
from review.claimable import Among
from review.database import Database
from review.errors import AlreadySettled, LeaseLost
from review.people import reviewer_named
from review.queue import Claim
from review.tables import GoldCheck, ItemStatus, Reviewer, ReviewItem, Verdict, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LEASE = timedelta(minutes=5)
LABEL, NONE, SKIP = VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.SKIP


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", "gold", *arguments])
    assert result.exit_code == code, result.output
    return result


def review(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", *arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
async def known(house: Any, predict: Predict, at: Any, database: Database) -> int:
    """An item that ann settled as black, by which others are measured; another one waits."""
    item: int = (await house.receive(1, predict("black", 0.5))).item_id
    await house.receive(2, predict("grizzly", 0.6))
    at.say("ann", item, LABEL, "black")
    with database.write() as session:
        gold.add(session, item, at.now)
    return item


def claim(at: Any, name: str, rate: float = 1.0, **more: Any) -> Claim | None:
    with at.database.write() as session:
        reviewer = reviewer_named(session, name, at.now)
        return queue.claim_next(session, reviewer, lease=LEASE, now=at.now, gold_rate=rate, **more)


async def test_a_check_looks_like_any_other_item_and_its_verdict_changes_nothing(known: int, at: Any) -> None:
    before, told = at.view(known), at.told()
    taken = claim(at, "mo")
    assert taken is not None
    assert taken.item_id == known
    with at.database.read() as session:
        seen = items.view(session, known, as_open=True)
        other = items.view(session, known + 1, as_open=True)
    assert (seen.status, seen.final_label, seen.settled_by, seen.settled_at) == (ItemStatus.OPEN, None, None, None)
    assert seen.submitted_at == other.submitted_at
    assert at.say("mo", known, LABEL, "teddy", token=taken.token) == "teddy", "as it would be of any other"
    assert (at.view(known), at.told()) == (before, told)
    with at.database.read() as session:
        verdict = session.scalars(select(Verdict).order_by(Verdict.id.desc())).first()
        assert verdict is not None
        assert (verdict.checks_gold, verdict.label) == (True, "teddy")
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 0)]


async def test_it_comes_once_and_only_to_who_knows_nothing_of_it(known: int, at: Any) -> None:
    taken, by_ann = claim(at, "mo"), claim(at, "ann")
    assert by_ann is not None
    assert taken is not None
    assert (by_ann.item_id, taken.item_id) == (known + 1, known)
    at.say("mo", known, SKIP, token=taken.token)
    assert claim(at, "mo") is None, "what ann holds is all there is"
    with at.database.write() as session:
        queue.release(session, known + 1, by_ann.token)
    real = claim(at, "mo")
    assert real is not None
    assert real.item_id == known + 1


async def test_it_comes_with_the_chance_that_is_asked_for_and_not_when_nothing_waits(known: int, at: Any) -> None:
    real = claim(at, "mo", 0.0)
    assert real is not None
    assert real.item_id == known + 1
    assert claim(at, "rita") is None, "nobody is kept busy with what is known"


async def test_it_is_chosen_from_what_is_asked_for(known: int, at: Any) -> None:
    taken = claim(at, "mo", among=Among(suggested_label="grizzly"))
    assert taken is not None
    assert taken.item_id == known + 1
    with at.database.write() as session:
        rita = reviewer_named(session, "rita", at.now)
        assert queue.claim_batch(session, rita, count=5, lease=LEASE, now=at.now, gold_rate=1.0) == []


async def test_a_batch_holds_it_in_place_of_another(known: int, at: Any) -> None:
    with at.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        claims = queue.claim_batch(session, mo, count=5, lease=LEASE, now=at.now, gold_rate=1.0)
        assert [one.item_id for one in claims] == [known]
        assert queue.held(session, mo, at.now) == claims[0]
    again = claim(at, "mo")
    assert again is not None
    assert again.item_id == known, "what one holds comes first"


async def test_of_a_batch_the_last_makes_room_for_it(known: int, at: Any, house: Any, predict: Predict) -> None:
    late = (await house.receive(3, predict("grizzly", 0.7))).item_id
    with at.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        claims = queue.claim_batch(session, mo, count=2, lease=LEASE, now=at.now, gold_rate=1.0)
        assert [one.item_id for one in claims] == [known, known + 1]
        more = queue.claim_batch(session, mo, count=2, lease=LEASE, now=at.now, gold_rate=1.0)
        assert [one.item_id for one in more] == [late]


async def test_its_lease_is_renewed_given_back_and_runs_out(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.now += LEASE - timedelta(seconds=1)
    with at.database.write() as session:
        renewed = queue.renew(session, known, taken.token, lease=LEASE, now=at.now)
    at.now += LEASE - timedelta(seconds=1)
    assert renewed.expires_at > at.now
    at.now += timedelta(seconds=1)
    with pytest.raises(LeaseLost, match="no longer yours"):
        at.say("mo", known, LABEL, "black", token=taken.token)
    with at.database.write() as session, pytest.raises(LeaseLost):
        queue.renew(session, known, taken.token, lease=LEASE, now=at.now)
    again = claim(at, "mo")
    assert again is not None
    assert again.item_id == known, "it was not answered"
    with at.database.write() as session:
        queue.release(session, known, again.token)
        assert session.scalar(select(func.count()).select_from(GoldCheck)) == 0


async def test_undo_brings_it_back_into_the_same_hands(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, LABEL, "teddy", token=taken.token)
    assert at.undo("mo") == known
    again = at.take("mo", known)
    assert at.say("mo", known, LABEL, "black", token=again.token) == "black"
    with pytest.raises(AlreadySettled):
        at.take("mo", known)
    with at.database.read() as session:
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 1)]


async def test_without_its_token_who_has_it_in_hand_answers_the_check(known: int, at: Any) -> None:
    claim(at, "mo")
    assert at.say("mo", known, LABEL, "teddy") == "teddy"
    assert at.view(known).final_label == "black"
    with pytest.raises(AlreadySettled, match="ann said 'black'"):
        at.say("rita", known, LABEL, "teddy")


async def test_what_is_open_again_or_deleted_is_gold_no_more(known: int, at: Any, database: Database) -> None:
    with database.write() as session:
        judging.reopen(session, known, reviewer_named(session, "ann", at.now), note="a cub?", now=at.now)
        assert gold.listed(session) == []
    at.say("ann", known, LABEL, "black")
    with database.write() as session:
        gold.add(session, known, at.now)
        submission = session.get_one(ReviewItem, known).submission_id
        erasure.erase_submissions(session, [submission])
        assert session.get_one(ReviewItem, known).gold_at is None
    taken = claim(at, "mo")
    assert taken is not None
    assert taken.item_id == known + 1


async def test_who_was_measured_may_still_judge_it_once_it_is_open(known: int, at: Any, database: Database) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, LABEL, "teddy", token=taken.token)
    assert at.undo("ann") == known
    assert at.view(known).status is ItemStatus.OPEN
    real = claim(at, "mo")
    assert real is not None
    assert real.item_id == known
    assert at.say("mo", known, LABEL, "teddy", token=real.token) == "teddy"
    assert at.view(known).final_label == "teddy"


async def test_what_was_taken_back_or_let_go_of_comes_again_even_if_nothing_else_waits(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, LABEL, "teddy", token=taken.token)
    at.undo("mo")
    assert claim(at, "rita", 0.0) is not None, "all that waits is with rita"
    again = claim(at, "mo")
    assert again is not None
    assert again.item_id == known
    at.now += LEASE
    assert claim(at, "mo", 0.0, besides=[known + 1]) is None, "no rate, no checks"
    late = claim(at, "mo")
    assert late is not None
    assert late.item_id == known
    assert at.say("mo", known, LABEL, "black", token=late.token) == "black"


async def test_it_is_refused_in_the_words_in_which_any_other_is(known: int, at: Any) -> None:
    first = claim(at, "mo")
    assert first is not None
    at.now += LEASE
    late = f"item {known} is no longer yours: the time was up, or you claimed it once more; claim again"
    for token in (first.token, "of a check that was given back"):
        with pytest.raises(LeaseLost) as refused:
            at.say("mo", known, LABEL, "teddy", token=token)
        assert str(refused.value) == late
    other = known + 1
    real = at.take("rita", other)
    at.now += LEASE
    with pytest.raises(LeaseLost) as refused:
        at.say("rita", other, LABEL, "teddy", token=real.token)
    assert str(refused.value) == late.replace(f"item {known}", f"item {other}")
    assert at.say("mo", known, LABEL, "teddy") == "teddy", "without a token it is open to who had it, like others"
    for token in (None, first.token):
        with pytest.raises(AlreadySettled, match="mo said 'teddy'"):
            at.say("mo", known, LABEL, "black", token=token)
    with pytest.raises(AlreadySettled, match="mo said 'teddy'"):
        at.take("mo", known)


async def test_what_was_skipped_is_still_open_for_all_its_reviewer_knows(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, SKIP, token=taken.token)
    with at.database.read() as session:
        seen = gold.shown(session, known, session.scalars(select(Reviewer).where(Reviewer.name == "mo")).one())
    assert (seen.status, seen.final_label) == (ItemStatus.OPEN, None)
    assert at.say("mo", known, LABEL, "teddy", token=at.take("mo", known).token) == "teddy"


async def test_it_comes_in_the_place_of_what_is_judged_alike(known: int, at: Any, database: Database) -> None:
    with database.write() as session:
        session.get_one(ReviewItem, known + 1).verdicts_needed = 2
    real = claim(at, "mo")
    assert real is not None
    assert real.item_id == known + 1, "among blind ones it would show what they hide"
    with database.write() as session:
        session.get_one(ReviewItem, known).verdicts_needed = 2
        queue.release(session, known + 1, real.token)
    check = claim(at, "mo")
    assert check is not None
    assert check.item_id == known
    with database.read() as session:
        assert items.view(session, known, as_open=True).hidden
    assert at.say("mo", known, LABEL, "teddy", token=check.token) is None, "others are to say the same"


async def test_one_that_waited_for_the_same_reason_comes_first(
    house: Any, predict: Predict, at: Any, database: Database
) -> None:
    for number in range(1, 9):
        item = (await house.receive(number, predict("black", 0.5, in_domain=number == 8))).item_id
        at.say("ann", item, LABEL, "black")
        with database.write() as session:
            gold.add(session, item, at.now)
    await house.receive(9, predict("grizzly", 0.6))
    taken = claim(at, "mo")
    assert taken is not None
    assert at.view(taken.item_id).reasons == ("low_confidence",)


async def test_what_is_given_back_with_all_else_is_not_what_stays_in_hand(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    with at.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        queue.release_all(session, mo, besides=[known])
        assert queue.held(session, mo, at.now) == taken
        queue.release_all(session, mo)
        assert queue.held(session, mo, at.now) is None


async def test_next_and_label_tell_nothing_of_it(
    known: int, at: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:  # what is known is unlike what the model says
        session.get_one(ReviewItem, known).final_label = "teddy"
    monkeypatch.setenv("REVIEW_GOLD_RATE", "1")
    before, told = at.view(known), at.told()
    given = review("next", "--as", "mo", "--json").stdout
    row, real = json.loads(given), json.loads(review("next", "--as", "rita", "--json").stdout)
    assert (row["id"], real["id"]) == (known, known), "both are measured"
    review("label", str(known), "grizzly", "--as", "rita")
    real = json.loads(review("next", "--as", "rita", "--json").stdout)
    assert real["id"] == known + 1
    unlike = {name for name in row if row[name] != real[name]}
    its_own = {"id", "submission", "photo", "suggested_label", "confidence", "probabilities", "priority", "uncertainty"}
    clocks = {"held_by", "held_until", "waiting_seconds"}
    assert unlike <= its_own | clocks
    assert row["held_by"] == "mo"
    assert row["held_until"] is not None
    assert "ann" not in given
    shown = review("next", "--as", "mo").stdout
    assert "verdict" not in shown
    assert "held by     mo until" in shown
    said = review("label", str(known), "black", "--as", "mo", "--json").stdout
    final = {"status": "settled", "final_label": "black", "reviewer": "mo", "free_name": None, "held_by": None}
    assert {name: json.loads(said)[name] for name in final} == final
    assert review("label", str(known), "black", "--as", "mo", code=1).stderr.endswith("is settled: mo said 'black'\n")
    assert review("undo", "--as", "mo").stdout == f"your 'black' on item {known} is taken back\n"
    again = review("label", str(known), "none", "--name", "polar bear", "--as", "mo").stdout
    assert again == f"item {known} is settled: none, said mo\n"
    assert (at.view(known), at.told()) == (before, told)
    row = json.loads(run("list", "--json").stdout)
    assert (row["checks"], row["right"]) == (2, 0)


async def test_a_blind_one_answers_to_a_word_said_twice_as_any_other(
    known: int, at: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = known + 1
    with database.write() as session:
        for item in session.scalars(select(ReviewItem)):
            item.verdicts_needed = 2
    monkeypatch.setenv("REVIEW_GOLD_RATE", "1")
    assert json.loads(review("next", "--as", "mo", "--json").stdout)["id"] == known
    for said in ("stays open: more reviewers must say the same", "stays open: you have already said grizzly"):
        for item in (known, real):
            assert said in review("label", str(item), "grizzly", "--as", "mo").stdout
    rows = [json.loads(review("label", str(item), "grizzly", "--as", "mo", "--json").stdout) for item in (known, real)]
    assert [(row["status"], row["verdicts_so_far"]) for row in rows] == [("open", 1)] * 2
    with database.read() as session:
        said_by_mo = select(func.count()).select_from(Verdict).join(Reviewer).where(Reviewer.name == "mo")
        assert session.scalar(said_by_mo) == 2


async def test_an_operator_sees_that_an_item_is_gold_and_what_was_said_of_it(known: int, at: Any) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, LABEL, "teddy", token=taken.token)
    shown = review("show", str(known)).stdout
    assert "gold        reviewers are measured by it since 2026-11-24" in shown
    assert "measured    2026-11-24 12:00:00 UTC  mo: teddy" in shown
    row = json.loads(review("show", str(known), "--json").stdout)
    assert (row["gold_since"], row["checks"][0]["label"]) == ("2026-11-24T12:00:00+00:00", "teddy")
    other = json.loads(review("show", str(known + 1), "--json").stdout)
    assert (other["gold_since"], other["checks"]) == (None, [])
    assert "gold" not in review("show", str(known + 1)).stdout


async def test_without_a_rate_nobody_is_given_it(known: int, at: Any) -> None:
    for name in ("mo", "rita"):
        found = review("next", "--as", name, "--json").stdout
        assert (json.loads(found)["id"] if found else None) == (known + 1 if name == "mo" else None)


async def test_the_commands(known: int, at: Any, database: Database) -> None:
    taken = claim(at, "mo")
    assert taken is not None
    at.say("mo", known, LABEL, "black", token=taken.token)
    row = {"item_id": known, "label": "black", "since": "2026-11-24T12:00:00+00:00", "checks": 1, "right": 1}
    assert json.loads(run("list", "--json").stdout) == row
    assert run("list").stdout.splitlines() == [
        "ITEM  LABEL  SINCE       CHECKED  RIGHT",
        f"{known}     black  2026-11-24  1        1",
    ]
    assert run("remove", str(known)).stdout == f"item {known} measures nobody any more\n"
    assert "no gold items" in run("list").stderr
    assert run("add", str(known)).stdout == f"item {known} measures reviewers: it is black\n"
    assert "REVIEW_GOLD_RATE is 0" in run("add", str(known)).stderr
    assert f"item {known + 1} is open: only what is settled" in run("add", str(known), str(known + 1), code=1).stderr
    refused = run("add", str(known + 1), "99", str(known), code=1)
    assert [line.split(":")[1].split(" ")[2] for line in refused.stderr.splitlines()[:2]] == [str(known + 1), "item"]
    assert refused.stdout == f"item {known} measures reviewers: it is black\n", "each by itself"
    assert "is no gold item" in run("remove", str(known + 1), code=1).stderr
    assert "no item 99" in run("add", "99", code=1).stderr
    assert "Missing argument" in run("add", code=2).stderr
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Reviewer)) == 2, "commands make nobody a reviewer"
