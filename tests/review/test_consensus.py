"""Several reviewers, one truth: how many must agree, who decides when they do not, whose word weighs how much."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SettingsError
from model.serving import Prediction
from review import judging, queue, roster, standing_verdicts
from review.consensus import Consensus, Vote, decide, weight
from review.database import Database
from review.errors import NotYours
from review.people import reviewer_named
from review.policy import Reason
from review.quorum import Quorum
from review.settings import ReviewSettings
from review.tables import ItemStatus, Role, VerdictKind

Predict = Callable[..., Prediction]
LABEL = VerdictKind.LABEL
TWO = Quorum.parse("low_confidence=2")

votes = st.builds(
    Vote,
    reviewer=st.integers(1, 4),
    label=st.sampled_from(["black", "teddy", "none"]),
    weight=st.floats(0, 1),
    adjudicates=st.just(False),
)


def last_words(given_votes: list[Vote]) -> dict[int, Vote]:
    return {vote.reviewer: vote for vote in given_votes}


@given(st.lists(votes, max_size=8), st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_order_in_which_reviewers_come_does_not_matter(given_votes: list[Vote], needed: int, random: Any) -> None:
    shuffled = list(last_words(given_votes).values())
    random.shuffle(shuffled)
    assert decide(given_votes, needed=needed) == decide(shuffled, needed=needed)


@given(st.lists(votes, max_size=8), st.integers(1, 4), votes)
def test_what_is_taken_back_was_never_said(given_votes: list[Vote], needed: int, taken_back: Vote) -> None:
    said = [*given_votes, taken_back]
    said.remove(taken_back)
    assert decide(said, needed=needed).final in {None, *(vote.label for vote in said)}
    assert decide([], needed=needed) == Consensus(None)


@given(st.lists(votes, min_size=1, max_size=8), st.integers(1, 4))
def test_all_must_say_the_same_with_weight_enough(given_votes: list[Vote], needed: int) -> None:
    last = last_words(given_votes).values()
    labels = {vote.label for vote in last}
    found = decide(given_votes, needed=needed)
    assert found.disagreement == (len(labels) > 1)
    enough = needed == 1 or len(last) > needed or sum(vote.weight for vote in last) >= needed - 1e-9
    assert found.final == (labels.pop() if len(labels) == 1 and enough else None)
    lighter = [Vote(vote.reviewer, vote.label, vote.weight / 2) for vote in given_votes]
    assert decide(lighter, needed=needed).final in (None, found.final)


@given(st.lists(votes, max_size=6), st.lists(votes, max_size=3), votes, st.integers(1, 4))
def test_an_adjudicator_ends_it_whatever_was_said(
    before: list[Vote], after: list[Vote], word: Vote, needed: int
) -> None:
    ends = Vote(9, word.label, word.weight, adjudicates=True)
    assert decide([*before, ends, *after], needed=needed) == Consensus(word.label)


@given(st.floats(0, 1), st.floats(0, 1))
def test_who_is_right_more_often_weighs_more(one: float, other: float) -> None:
    less, more = sorted([one, other])
    assert 0 <= weight(less) <= weight(more) <= 1
    assert (weight(None), weight(0.5), weight(0.9)) == (1, 0, 1)


def test_a_quorum_is_the_largest_that_any_reason_asks_for() -> None:
    quorum = Quorum.parse(" audit=2, disputed = 3 ,")
    assert quorum.by_reason == {Reason.AUDIT: 2, Reason.DISPUTED: 3}
    assert [quorum.of(reasons) for reasons in (["audit"], ["audit", "disputed"], ["low_confidence"], [])] == [
        2,
        3,
        1,
        1,
    ]
    assert Quorum.parse("").of(["audit"]) == 1


@pytest.mark.parametrize("text", ["audit", "audit=0", "audit=10", "audits=2", "audit=2;disputed=2", "audit=2,audit=3"])
def test_what_is_no_quorum_is_refused_with_what_is(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REVIEW_VERDICTS_NEEDED", text)
    with pytest.raises(SettingsError) as caught:
        ReviewSettings.load()
    assert str(caught.value).startswith(
        "REVIEW_VERDICTS_NEEDED: expected how many reviewers must agree (1 to 9), by reason, such as "
        "audit=2,disputed=2 (reasons are low_confidence, out_of_domain, audit, disputed, no_model)"
    )
    assert repr(text) in str(caught.value)


def test_the_setting_is_a_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_VERDICTS_NEEDED", "audit=2")
    assert ReviewSettings.load().quorum == Quorum({Reason.AUDIT: 2})


@pytest.mark.anyio
async def test_two_who_agree_blindly_settle_what_needs_two(house_with: Any, predict: Predict, at: Any) -> None:
    item = (await house_with(quorum=TWO).receive(1, predict("black", 0.5))).item_id
    assert (at.view(item).verdicts_needed, at.view(item).blind) == (2, True)
    assert at.say("rita", item, LABEL, "black") is None
    assert at.next("rita") is None, "nobody says it twice"
    assert at.told() == []
    claim = at.next("sam")
    assert claim is not None
    assert at.say("sam", item, LABEL, "black", token=claim.token) == "black"
    assert len(at.told()) == 1


@pytest.mark.anyio
async def test_who_disagrees_leaves_it_to_a_moderator_who_said_nothing_yet(
    house_with: Any, predict: Predict, at: Any, database: Database
) -> None:
    item = (await house_with(quorum=TWO).receive(1, predict("black", 0.5))).item_id
    with database.write() as session:
        for name, role in (("mo", Role.MODERATOR), ("ada", Role.ADMIN), ("rita", Role.REVIEWER)):
            roster.add(session, name, role=role, telegram_user_id=None, now=at.now)
    at.say("mo", item, LABEL, "black")
    assert at.say("rita", item, LABEL, "teddy") is None
    seen = at.view(item)
    assert (seen.status, seen.needs_adjudicator, seen.blind) == (ItemStatus.OPEN, True, False)
    with database.read() as session:
        assert standing_verdicts.disagreement(session, item) == (("mo", "black"), ("rita", "teddy"))
    assert (at.next("sam"), at.next("mo")) == (None, None)
    with pytest.raises(NotYours, match="a moderator who said nothing of it yet decides"):
        at.say("mo", item, LABEL, "teddy")
    claim = at.next("ada")
    assert claim is not None
    assert at.say("ada", item, LABEL, "teddy", token=claim.token) == "teddy"
    assert at.undo("ada") == item
    assert at.view(item).needs_adjudicator
    assert at.undo("rita") == item
    assert not at.view(item).needs_adjudicator, "the other word stands alone again"


@pytest.mark.anyio
async def test_a_dispute_asks_for_as_many_as_its_reason_needs(
    house: Any, predict: Predict, at: Any, database: Database
) -> None:
    answered = await house.receive(1, predict("black", 0.99))
    waiting = await house.receive(2, predict("teddy", 0.5))
    at.quorum = Quorum.parse("disputed=2")
    at.asker_says(answered.submission_id, "teddy", "tap 1")
    at.asker_says(waiting.submission_id, "black", "tap 2")
    with database.write() as session:
        claims = queue.claim_batch(
            session,
            roster.add(session, "mo", role=None, telegram_user_id=None, now=at.now),
            count=5,
            lease=(at.now - at.now),
            now=at.now,
        )
    assert sorted(at.view(claim.item_id).verdicts_needed for claim in claims) == [2, 2]
    at.quorum = Quorum()
    at.say("mo", waiting.item_id, LABEL, "teddy")
    at.say("rita", waiting.item_id, LABEL, "teddy")
    at.asker_says(waiting.submission_id, "none", "tap 3")
    assert at.view(waiting.item_id).verdicts_needed == 2, "what several settled is not settled by fewer"


@pytest.mark.anyio
async def test_one_person_by_two_names_is_not_two(
    house_with: Any, predict: Predict, at: Any, database: Database
) -> None:
    item = (await house_with(quorum=TWO).receive(1, predict("black", 0.5))).item_id
    at.say("phone", item, LABEL, "black")
    with database.write() as session:
        mo, phone = (
            roster.add(session, name, role=None, telegram_user_id=None, now=at.now) for name in ("mo", "phone")
        )
        roster.link(session, mo, phone, now=at.now)
    assert at.next("mo") is None
    assert at.say("mo", item, LABEL, "black") is None, "it is one vote, said again"
    assert at.say("sam", item, LABEL, "black") == "black"


@pytest.mark.anyio
async def test_the_name_that_one_of_two_gave_to_none_of_these_is_kept(
    house_with: Callable[..., Any], predict: Predict, at: Any
) -> None:
    item = (await house_with(quorum=TWO).receive(1, predict("black", 0.7))).item_id
    with at.database.write() as session:
        ann = reviewer_named(session, "ann", at.now)
        judging.settle(session, item, ann, kind=VerdictKind.NONE, free_name="polar bear", now=at.now)
    at.say("bob", item, VerdictKind.NONE)
    assert (at.view(item).final_label, at.view(item).free_name) == ("none", "polar bear")
    with at.database.write() as session:
        judging.reopen(session, item, reviewer_named(session, "carl", at.now), note="look", now=at.now)
    for name in ("ann", "bob"):
        at.say(name, item, VerdictKind.NONE)
    assert (at.view(item).final_label, at.view(item).free_name) == ("none", None), "that was said before"
