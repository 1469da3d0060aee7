"""The queue: one holder at a time, one verdict that settles, nothing changed later, everything undone by adding."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from model.serving import Prediction
from review import gold, judging, queue, standing_verdicts
from review.errors import AlreadySettled, LeaseLost, NotFound, NothingToUndo
from review.outbox import OutboxKind
from review.people import reviewer_named
from review.tables import Channel, ItemStatus, Verdict, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]
LEASE = timedelta(minutes=5)
LABEL, NONE, SKIP, CANT_TELL = VerdictKind.LABEL, VerdictKind.NONE, VerdictKind.SKIP, VerdictKind.CANT_TELL


async def doubted(house: Any, predict: Predict, *confidences: float) -> list[int]:
    """Items for photos 1, 2, ..., each doubted by its confidence; returns their ids."""
    accepted = [await house.receive(number, predict("black", c)) for number, c in enumerate(confidences, start=1)]
    return [found.item_id for found in accepted]


async def test_the_least_sure_comes_first_and_the_oldest_among_equals(house: Any, predict: Predict, at: Any) -> None:
    ids = await doubted(house, predict, 0.8, 0.5, 0.5)
    foreign = (await house.receive(9, predict("teddy", 0.9, in_domain=False))).item_id
    order = []
    for name in ("a", "b", "c", "d"):
        claim = at.next(name)
        assert claim is not None
        order.append(claim.item_id)
    assert order == [foreign, ids[1], ids[2], ids[0]]
    assert at.next("e") is None


async def test_whoever_asks_again_gets_what_they_hold(house: Any, predict: Predict, at: Any) -> None:
    await doubted(house, predict, 0.5, 0.6)
    first, again = at.next("mo"), at.next("mo")
    assert first is not None
    assert again is not None
    assert (again.item_id, again.token != first.token) == (first.item_id, True)


async def test_an_expired_lease_comes_back_and_a_late_answer_is_refused(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    late = at.next("late")
    assert late is not None
    at.now += LEASE - timedelta(seconds=1)
    assert at.next("mo") is None
    at.now += timedelta(seconds=1)
    taken = at.next("mo")
    assert taken is not None
    assert taken.item_id == item
    with pytest.raises(LeaseLost, match=f"item {item} is no longer yours"):
        at.say("late", item, LABEL, "black", token=late.token)
    with pytest.raises(LeaseLost, match="mo is looking at item"):
        at.say("late", item, LABEL, "black")
    assert at.view(item).status is ItemStatus.OPEN
    assert at.say("mo", item, LABEL, "grizzly", token=taken.token) == "grizzly"


async def test_even_if_nobody_else_took_it_an_expired_token_is_refused(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    claim = at.next("mo")
    assert claim is not None
    at.now += LEASE
    with pytest.raises(LeaseLost):
        at.say("mo", item, LABEL, "black", token=claim.token)
    assert at.say("mo", item, LABEL, "black") == "black"  # without the token it is claimed anew


async def test_what_a_colleague_holds_cannot_be_claimed_or_settled(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.take("mo", item)
    for attempt in (lambda: at.take("rita", item), lambda: at.say("rita", item, SKIP)):
        with pytest.raises(LeaseLost, match="mo is looking"):
            attempt()


async def test_a_settled_item_names_who_settled_it(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, NONE)
    for attempt in (lambda: at.take("rita", item), lambda: at.say("rita", item, LABEL, "black")):
        with pytest.raises(AlreadySettled, match="mo said 'none'"):
            attempt()
    seen = at.view(item)
    assert (seen.status, seen.final_label, seen.settled_by) == (ItemStatus.SETTLED, "none", "mo")
    assert at.next("rita") is None


async def test_skipped_and_untold_items_go_to_others_first(house: Any, predict: Predict, at: Any) -> None:
    best, other = await doubted(house, predict, 0.5, 0.6)
    assert at.say("mo", best, SKIP) is None
    after = at.next("mo")
    assert after is not None
    assert after.item_id == other
    for_rita = at.next("rita")
    assert for_rita is not None
    assert for_rita.item_id == best
    at.say("rita", best, CANT_TELL, token=for_rita.token)
    at.say("mo", other, LABEL, "black", token=after.token)
    again = at.next("mo")  # nothing else is left
    assert again is not None
    assert again.item_id == best
    assert at.told() == [(OutboxKind.HUMAN_ANSWER, {"label": "black", "model_label": "black", "told": "review"})]


@pytest.mark.parametrize("kind", [SKIP, CANT_TELL])
async def test_a_skip_that_is_taken_back_puts_the_item_in_its_old_place(
    house: Any, predict: Predict, at: Any, kind: VerdictKind
) -> None:
    best, _ = await doubted(house, predict, 0.5, 0.6)
    at.say("mo", best, kind)
    assert at.undo("mo") == best
    again = at.next("mo")
    assert again is not None
    assert again.item_id == best


async def test_taking_back_a_skip_does_not_reopen_what_a_colleague_settled(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, SKIP)
    at.say("rita", item, LABEL, "black")
    assert at.undo("mo") == item
    seen = at.view(item)
    assert (seen.status, seen.final_label, seen.settled_by) == (ItemStatus.SETTLED, "black", "rita")


async def test_the_token_of_a_colleague_is_no_lease(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    claim = at.take("mo", item)
    with pytest.raises(LeaseLost):
        at.say("rita", item, LABEL, "black", token=claim.token)
    assert at.view(item).held_by == "mo"


async def test_what_was_told_is_remembered_when_delivered_messages_are_gone(
    house: Any, predict: Predict, at: Any
) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, LABEL, "grizzly")
    with at.database.write() as session:
        session.execute(text("DELETE FROM outbox"))
    at.undo("mo")
    at.say("mo", item, LABEL, "black")
    assert at.told() == [(OutboxKind.CORRECTION, {"label": "black", "previous_label": "grizzly"})]


async def test_settling_works_after_the_photo_was_deleted(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    with at.database.write() as session:
        session.execute(text("DELETE FROM images"))
    assert at.view(item).image_sha256 is None
    assert at.say("mo", item, LABEL, "black") == "black"
    assert [kind for kind, _ in at.told()] == [OutboxKind.HUMAN_ANSWER]


async def test_release_gives_back_only_what_is_held(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    old = at.next("mo")
    assert old is not None
    at.now += LEASE
    assert at.next("rita") is not None
    with at.database.write() as session:
        queue.release(session, item, old.token)
    assert at.next("mo") is None, "a lost lease must not release a colleague's"


async def test_undo_reopens_and_only_a_different_answer_corrects(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, LABEL, "grizzly")
    assert at.undo("mo") == item
    assert at.view(item).status is ItemStatus.OPEN
    assert len(at.told()) == 1
    at.say("rita", item, LABEL, "grizzly")
    assert len(at.told()) == 1, "the same answer again is no news"
    at.undo("rita")
    assert at.view(item).settled_by is None
    at.say("rita", item, NONE)
    assert at.told()[1:] == [(OutboxKind.CORRECTION, {"label": "none", "previous_label": "grizzly"})]
    with at.database.read() as session:
        kinds = session.scalars(select(Verdict.kind).order_by(Verdict.id)).all()
    assert kinds == [LABEL, VerdictKind.UNDO, LABEL, VerdictKind.UNDO, NONE]


async def test_undo_takes_back_ones_own_last_verdict_and_each_once(house: Any, predict: Predict, at: Any) -> None:
    first, second = await doubted(house, predict, 0.5, 0.6)
    at.say("mo", first, LABEL, "black")
    at.say("mo", second, LABEL, "black")
    assert [at.undo("mo"), at.undo("mo")] == [second, first]
    for name in ("mo", "rita"):
        with pytest.raises(NothingToUndo, match=name):
            at.undo(name)


async def test_an_audit_that_agrees_is_no_news_and_one_that_differs_is(
    audited_house: Any, predict: Predict, at: Any
) -> None:
    agreed = (await audited_house.receive(1, predict("black", 0.99))).item_id
    differed = (await audited_house.receive(2, predict("black", 0.99))).item_id
    at.say("mo", agreed, LABEL, "black")
    assert at.told() == []
    at.say("mo", differed, LABEL, "grizzly")
    assert at.told() == [(OutboxKind.HUMAN_ANSWER, {"label": "grizzly", "model_label": "black", "told": "answer"})]


async def test_twelve_submissions_do_not_hear_of_each_other(house: Any, predict: Predict, at: Any) -> None:
    """Their keys begin alike (1, 10, 11 ...)."""
    ids = await doubted(house, predict, *[0.5] * 12)
    for item in ids:
        at.say("mo", item, LABEL, "grizzly")
    assert [kind for kind, _ in at.told()] == [OutboxKind.HUMAN_ANSWER] * 12


async def test_without_anybody_to_tell_nothing_is_told(house: Any, predict: Predict, at: Any) -> None:
    item = (await house.receive(1, predict("black", 0.5), chat=None)).item_id
    assert at.say("mo", item, LABEL, "black") == "black"
    assert at.told() == []


async def test_an_unknown_item_is_named(at: Any) -> None:
    for attempt in (lambda: at.take("mo", 99), lambda: at.say("mo", 99, NONE), lambda: at.view(99)):
        with pytest.raises(NotFound, match="no item 99"):
            attempt()


@pytest.mark.parametrize("statement", ["UPDATE verdicts SET label = 'teddy'", "DELETE FROM verdicts"])
async def test_verdicts_are_for_ever(house: Any, predict: Predict, at: Any, statement: str) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, LABEL, "black")
    with pytest.raises(IntegrityError), at.database.write() as session:
        session.execute(text(statement))
    assert at.view(item).final_label == "black"


async def test_a_guess_that_was_withheld_is_not_claimed_afterwards(house: Any, predict: Predict, at: Any) -> None:
    item = (await house.receive(1, predict("teddy", 0.99, in_domain=False))).item_id
    at.say("mo", item, LABEL, "teddy")
    assert at.told() == [(OutboxKind.HUMAN_ANSWER, {"label": "teddy", "model_label": None, "told": "review"})]


async def test_one_very_verdict_is_taken_back_once_and_no_other(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    at.say("mo", item, SKIP)
    at.say("mo", item, LABEL, "black")
    with house.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        last = standing_verdicts.last(session, mo, item_id=item)
        assert last is not None
        assert last.kind is LABEL
        assert judging.undo(session, mo, verdict_id=last.id, now=at.now) == item
        with pytest.raises(NothingToUndo):
            judging.undo(session, mo, verdict_id=last.id, now=at.now)
        before = standing_verdicts.last(session, mo)
        assert before is not None
        assert before.kind is SKIP
        rita = reviewer_named(session, "rita", at.now)
        with pytest.raises(NothingToUndo):
            judging.undo(session, rita, verdict_id=before.id, now=at.now)
    assert at.view(item).status is ItemStatus.OPEN


async def test_what_somebody_holds_is_known_until_the_time_is_up(house: Any, predict: Predict, at: Any) -> None:
    (item,) = await doubted(house, predict, 0.5)
    claim = at.take("mo", item)
    with house.database.write() as session:
        mo, rita = (reviewer_named(session, name, at.now) for name in ("mo", "rita"))
        assert queue.held(session, mo, at.now) == claim
        assert queue.held(session, rita, at.now) is None
        assert queue.held(session, mo, at.now + LEASE) is None


async def test_the_chat_leaves_alone_what_the_same_person_has_on_a_page(house: Any, predict: Predict, at: Any) -> None:
    items = await doubted(house, predict, 0.5, 0.52, 0.54, 0.56, 0.58)
    with house.database.write() as session:
        mo = reviewer_named(session, "mo", at.now)
        page = queue.claim_batch(session, mo, count=2, lease=LEASE, now=at.now)
        chat = queue.claim_next(session, mo, lease=LEASE, now=at.now, at=Channel.CHAT)
        command = queue.claim_next(session, mo, lease=LEASE, now=at.now, at=Channel.COMMAND)
        assert chat is not None
        assert command is not None
        assert {*(claim.item_id for claim in page), chat.item_id, command.item_id} == set(items[:4])
        again = queue.claim_next(session, mo, lease=LEASE, now=at.now, at=Channel.CHAT)
        assert again is not None
        assert again.item_id == chat.item_id, "what is in the chat comes there again"
        assert queue.held(session, mo, at.now, at=Channel.COMMAND) == command
        queue.release_all(session, mo, at=Channel.CHAT)
        assert queue.held(session, mo, at.now, at=Channel.CHAT) is None
        for claim in (*page, command):
            queue.renew(session, claim.item_id, claim.token, lease=LEASE, now=at.now)


async def test_gold_items_on_a_page_stay_there_too(house: Any, predict: Predict, at: Any) -> None:
    items = await doubted(house, predict, 0.5, 0.52, 0.54)
    at.say("rita", items[0], LABEL, "black")
    with house.database.write() as session:
        gold.add(session, items[0], at.now)
        mo = reviewer_named(session, "mo", at.now)
        (check,) = queue.claim_batch(session, mo, count=1, lease=LEASE, now=at.now, gold_rate=1.0)
        assert check.item_id == items[0]
        chat = queue.claim_next(session, mo, lease=LEASE, now=at.now, at=Channel.CHAT)
        assert chat is not None
        assert chat.item_id != check.item_id
        queue.release_all(session, mo, at=Channel.CHAT)
        queue.renew(session, check.item_id, check.token, lease=LEASE, now=at.now)
        queue.release_all(session, mo)
        assert queue.held(session, mo, at.now) is None
