"""Verdicts on groups, by several, after disagreement and after reopening; each undone as it was given."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from model.serving import Prediction
from review import gold, judging, queue, roster
from review.errors import AlreadySettled, NotYours
from review.people import reviewer_named
from review.tables import GoldCheck, ItemStatus, ReviewItem, Role, Verdict, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LABEL, NONE, SKIP, DEFER = VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.SKIP, VerdictKind.DEFER
OPEN, SETTLED = ItemStatus.OPEN, ItemStatus.SETTLED


async def doubted(house: Any, predict: Predict, count: int) -> list[int]:
    return [(await house.receive(number, predict("black", 0.5))).item_id for number in range(1, count + 1)]


def change(at: Any, item_id: int, **values: Any) -> None:
    with at.database.write() as session:
        session.execute(update(ReviewItem).where(ReviewItem.id == item_id).values(**values))


def row(at: Any, item_id: int) -> ReviewItem:
    with at.database.read() as session:
        found = session.get_one(ReviewItem, item_id)
        session.expunge(found)
        return found


def appoint(at: Any, name: str) -> None:
    with at.database.write() as session:
        reviewer_named(session, name, at.now).role = Role.MODERATOR


def reopen(at: Any, name: str, item_id: int) -> None:
    with at.database.write() as session:
        judging.reopen(session, item_id, reviewer_named(session, name, at.now), note="too dark", now=at.now)


def link(at: Any, name: str, other: str) -> None:
    with at.database.write() as session:
        one, two = (reviewer_named(session, each, at.now) for each in (name, other))
        roster.link(session, one, two, now=at.now)


def put_off(at: Any, name: str, item_id: int, hours: int) -> None:
    with at.database.write() as session:
        later, reviewer = at.now + timedelta(hours=hours), reviewer_named(session, name, at.now)
        judging.settle(session, item_id, reviewer, kind=DEFER, deferred_until=later, now=at.now)


def trust(at: Any, name: str, reliability: float) -> None:
    with at.database.write() as session:
        reviewer_named(session, name, at.now).reliability = reliability


async def test_one_verdict_settles_a_group_and_everybody_hears(house: Any, predict: Predict, at: Any) -> None:
    leader, *members = await doubted(house, predict, 3)
    for member in members:
        change(at, member, represented_by_id=leader)
    assert at.next("mo").item_id == leader
    assert at.next("flo") is None, "what is seen in another's place is not given out"
    at.say("mo", leader, LABEL, "grizzly")
    assert [row(at, item).final_label for item in (leader, *members)] == ["grizzly"] * 3
    assert len(at.told()) == 3
    assert at.undo("mo") == leader
    assert [row(at, item).status for item in (leader, *members)] == [OPEN] * 3
    assert [row(at, item).represented_by_id for item in members] == [leader] * 2
    at.say("mo", leader, NONE)
    assert [row(at, item).final_label for item in (leader, *members)] == ["none"] * 3
    assert {kind for kind, _ in at.told()[3:]} == {"correction"}


async def test_skipping_a_leader_settles_nothing_of_its_group(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader)
    at.say("mo", leader, SKIP)
    with at.database.read() as session:
        assert [verdict.item_id for verdict in session.scalars(select(Verdict))] == [leader]


async def test_a_member_that_somebody_holds_is_looked_at_by_itself(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader)
    claim = at.take("flo", member)
    at.say("mo", leader, LABEL, "grizzly")
    assert row(at, member).status is OPEN
    assert row(at, member).represented_by_id is None
    assert at.say("flo", member, LABEL, "black", token=claim.token) == "black"


async def test_a_member_that_needs_more_is_left_over_and_seen(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader, verdicts_needed=2)
    at.say("mo", leader, LABEL, "grizzly")
    assert (row(at, leader).status, row(at, member).status) == (SETTLED, OPEN)
    assert at.next("mo") is None, "they said it already"
    assert at.next("flo").item_id == member
    assert at.say("flo", member, LABEL, "grizzly") == "grizzly"


async def test_one_of_a_group_can_be_taken_back_alone(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader)
    at.say("mo", leader, LABEL, "grizzly")
    with at.database.write() as session:
        judging.undo(session, reviewer_named(session, "mo", at.now), item_id=member, now=at.now)
    assert (row(at, leader).status, row(at, member).status) == (SETTLED, OPEN)
    assert at.next("mo").item_id == member


async def test_who_disputes_a_member_has_it_seen_alone(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader)
    at.asker_says(at.view(member).submission, "teddy")
    assert row(at, member).represented_by_id is None
    assert at.next("mo").item_id == member, "disputes come first"


async def test_two_must_agree_and_one_undo_opens_it(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=2)
    assert at.say("mo", item, LABEL, "grizzly") is None
    assert at.told() == []
    assert at.next("mo") is None, "nobody is asked twice"
    assert at.say("flo", item, LABEL, "grizzly") == "grizzly"
    assert len(at.told()) == 1
    at.undo("mo")
    assert row(at, item).status is OPEN
    assert at.say("mo", item, LABEL, "grizzly") == "grizzly"


async def test_a_disagreement_is_for_a_moderator_who_said_nothing(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=2)
    appoint(at, "mo")
    at.say("mo", item, LABEL, "grizzly")
    at.say("flo", item, LABEL, "black")
    assert row(at, item).needs_adjudicator
    assert at.next("ann") is None
    assert at.next("mo") is None
    for name in ("ann", "mo"):
        with pytest.raises(NotYours, match="a moderator who said nothing of it yet decides"):
            at.say(name, item, LABEL, "teddy")
    assert at.say("ann", item, SKIP) is None, "who cannot decide may pass it by"
    appoint(at, "eve")
    assert at.next("eve").item_id == item
    assert at.say("eve", item, LABEL, "teddy") == "teddy"
    assert not row(at, item).needs_adjudicator
    at.undo("flo")
    assert row(at, item).final_label == "teddy", "an adjudicator's word stands whatever others take back"
    at.undo("eve")
    assert (row(at, item).status, row(at, item).needs_adjudicator) == (OPEN, False)


async def test_reopening_needs_new_verdicts_from_anybody_and_can_be_undone(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("mo", item, LABEL, "grizzly")
    reopen(at, "flo", item)
    assert row(at, item).status is OPEN
    claim = at.next("mo")
    assert claim.item_id == item, "who spoke before may speak again"
    with at.database.write() as session:
        queue.release(session, item, claim.token)
    at.undo("flo")
    assert (row(at, item).status, row(at, item).final_label) == (SETTLED, "grizzly")
    assert len(at.told()) == 1, "they heard so already"


async def test_what_is_put_off_comes_back_at_its_time(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    with at.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        later = at.now + timedelta(hours=1)
        judging.settle(session, item, mo, kind=DEFER, deferred_until=later, now=at.now)
    assert at.next("mo") is None
    assert at.next("flo") is None
    at.undo("mo")
    assert at.next("flo").item_id == item
    at.say("flo", item, DEFER)
    assert at.next("mo").item_id == item, "put off without a time is passed by only now"


async def test_an_answer_to_a_known_one_is_noted_once_and_changes_nothing(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("mo", item, LABEL, "grizzly")
    with at.database.write() as session:
        flo = reviewer_named(session, "flo", at.now)
        gold.add(session, item, at.now)
        session.add(GoldCheck(item_id=item, reviewer_id=flo.id, token="check", expires_at=at.now + timedelta(hours=1)))
    before = at.told()
    assert at.say("flo", item, LABEL, "teddy", token="check") == "teddy", "as if it settled any other item"
    assert (row(at, item).final_label, at.told()) == ("grizzly", before)
    with pytest.raises(AlreadySettled, match="flo said 'teddy'"):  # as it would read of any other item
        at.say("flo", item, LABEL, "teddy", token="check")
    with at.database.read() as session:
        assert [verdict.label for verdict in session.scalars(select(Verdict).where(Verdict.checks_gold))] == ["teddy"]


async def test_what_stands_again_is_told_to_who_heard_otherwise_since(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("ann", item, LABEL, "black")
    reopen(at, "bob", item)
    at.say("carl", item, LABEL, "teddy")
    at.undo("carl")
    at.undo("bob")
    assert (row(at, item).final_label, row(at, item).told_label) == ("black", "black")
    assert at.told()[1:] == [
        ("correction", {"label": "teddy", "previous_label": "black"}),
        ("correction", {"label": "black", "previous_label": "teddy"}),
    ]


@pytest.mark.parametrize("kind", [SKIP, DEFER, VerdictKind.CANT_TELL])
async def test_what_weighs_less_today_opens_nothing_that_was_settled(
    house: Any, predict: Predict, at: Any, kind: VerdictKind
) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=2)
    at.say("carl", item, kind)
    at.say("ann", item, LABEL, "black")
    at.say("bob", item, LABEL, "black")
    trust(at, "ann", 0.7)
    at.undo("carl")
    assert row(at, item).final_label == "black"
    at.undo("bob")
    assert row(at, item).status is OPEN


async def test_what_weighs_more_today_settles_nothing_by_a_skip(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=2)
    trust(at, "ann", 0.7)
    at.say("ann", item, LABEL, "black")
    at.say("bob", item, LABEL, "black")
    trust(at, "ann", 0.95)
    at.say("carl", item, SKIP)
    assert row(at, item).status is OPEN, "carl did not say that it is black"
    at.undo("carl")
    assert row(at, item).status is OPEN
    assert at.say("dan", item, LABEL, "black") == "black"


async def test_an_old_word_taken_back_opens_nothing_that_was_settled_since(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=2)
    for name in ("carl", "dan"):
        at.say(name, item, LABEL, "teddy")
    reopen(at, "eve", item)
    for name in ("ann", "bob"):
        at.say(name, item, LABEL, "black")
    trust(at, "ann", 0.7)
    at.undo("carl")
    assert row(at, item).final_label == "black"


async def test_whoever_answered_a_reopening_is_heard_though_it_is_taken_back(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("ann", item, LABEL, "black")
    reopen(at, "bob", item)
    at.say("carl", item, LABEL, "teddy")
    assert at.undo("bob") == item
    assert (row(at, item).final_label, row(at, item).needs_adjudicator) == ("teddy", False)
    at.undo("carl")
    assert row(at, item).status is OPEN, "what ann said was answered"
    assert at.next("ann").item_id == item, "who spoke before may speak again"


async def test_who_takes_a_reopening_back_after_its_answer_was_taken_back_has_the_old_word_again(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("ann", item, LABEL, "black")
    reopen(at, "bob", item)
    at.say("bob", item, SKIP)
    at.say("carl", item, LABEL, "teddy")
    at.undo("carl")
    for _ in range(2):
        at.undo("bob")
    assert row(at, item).final_label == "black"


async def test_what_several_put_off_is_put_off_until_the_last_of_them_says(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    for name, hours in (("ann", 1), ("bob", 48)):
        put_off(at, name, item, hours)
    until = at.now + timedelta(hours=48)
    at.undo("ann")
    assert row(at, item).deferred_until == until
    at.say("carl", item, SKIP)
    assert row(at, item).deferred_until == until, "who passes it by calls nobody to it"
    at.undo("bob")
    assert row(at, item).deferred_until is None


async def test_what_was_put_off_and_settled_is_looked_at_at_once_when_it_is_open_again(
    house: Any, predict: Predict, at: Any
) -> None:
    leader, member = await doubted(house, predict, 2)
    change(at, member, represented_by_id=leader)
    for item in (leader, member):
        put_off(at, "ann", item, 48)
    at.say("bob", leader, LABEL, "black")
    assert [row(at, item).deferred_until for item in (leader, member)] == [None, None]


async def test_what_came_to_a_reopened_item_is_seen_when_the_reopening_is_taken_back(
    house: Any, predict: Predict, at: Any
) -> None:
    leader, member = await doubted(house, predict, 2)
    at.say("ann", leader, LABEL, "black")
    reopen(at, "bob", leader)
    change(at, member, represented_by_id=leader)
    at.undo("bob")
    assert (row(at, leader).status, row(at, member).represented_by_id) == (SETTLED, None)
    assert at.next("carl").item_id == member


@pytest.mark.parametrize("needed", [2, 3])
async def test_nobody_disagrees_with_themselves_by_two_names(
    house: Any, predict: Predict, at: Any, needed: int
) -> None:
    (item,) = await doubted(house, predict, 1)
    change(at, item, verdicts_needed=needed)
    appoint(at, "ann")
    at.say("ann", item, LABEL, "black")
    at.say("bob", item, LABEL, "teddy")
    assert row(at, item).needs_adjudicator
    link(at, "ann", "bob")
    assert (row(at, item).status, row(at, item).needs_adjudicator) == (OPEN, False)
    assert at.say("ann", item, LABEL, "black") is None, "it is one word, and theirs to change"
    assert at.say("carl", item, LABEL, "black") == ("black" if needed == 2 else None)


async def test_those_who_agree_once_two_names_are_one_have_settled_it(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    for item in (leader, member):
        change(at, item, verdicts_needed=2)
    at.say("ann", member, LABEL, "black")
    at.say("bob", member, LABEL, "teddy")
    change(at, member, represented_by_id=leader)
    at.say("carl", leader, LABEL, "teddy")
    link(at, "ann", "dan")
    assert row(at, member).needs_adjudicator, "bob and ann are two"
    change(at, member, represented_by_id=None)
    change(at, leader, represented_by_id=member)
    link(at, "ann", "bob")
    assert (row(at, member).status, row(at, member).final_label) == (SETTLED, "teddy")
    assert row(at, leader).represented_by_id is None, "else nobody would see it"
    assert at.told() == [("human_answer", {"label": "teddy", "model_label": "black", "told": "review"})]


async def test_who_decides_a_disagreement_decides_it_of_the_whole_group(house: Any, predict: Predict, at: Any) -> None:
    leader, member = await doubted(house, predict, 2)
    for item in (leader, member):
        change(at, item, verdicts_needed=2)
    change(at, member, represented_by_id=leader)
    appoint(at, "eve")
    for name, label in (("ann", "black"), ("bob", "teddy"), ("eve", "teddy")):
        at.say(name, leader, LABEL, label)
    assert [row(at, item).final_label for item in (leader, member)] == ["teddy", "teddy"]


async def test_who_spoke_before_an_asker_disagreed_may_speak_again(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("ann", item, LABEL, "black")
    at.asker_says(at.view(item).submission, "teddy")
    assert at.next("ann").item_id == item


async def test_after_a_reviewer_and_then_an_asker_had_it_looked_at_again_only_new_words_count(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 1)
    at.say("ann", item, LABEL, "black")
    reopen(at, "bob", item)
    at.say("ann", item, LABEL, "black")
    at.asker_says(at.view(item).submission, "teddy")
    assert at.say("carl", item, LABEL, "teddy") == "teddy"
    assert not row(at, item).needs_adjudicator
