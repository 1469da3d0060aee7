"""The slate: the best first, near-identical photos apart, nobody left out, and no claim that waits for it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving import Prediction
from review import queue
from review.people import reviewer_named
from review.slate import Candidate, Eyes, Slate, diversify
from review.tables import ReviewItem, VerdictKind

DIMENSIONS = 16


def towards(seed: int, near: float = 0.0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A direction of its own for each seed; `near` (small) is another photo of the same scene."""
    random = np.random.default_rng(seed)
    return (random.normal(size=DIMENSIONS) + near).astype(np.float32)


candidates = st.lists(
    st.tuples(
        st.sampled_from(["disputed", "low_confidence", "audit"]),
        st.floats(min_value=0, max_value=1),
        st.none() | st.integers(min_value=0, max_value=5),
    ),
    max_size=30,
).map(
    lambda rows: [
        Candidate(number, reason, value, None if seed is None else towards(seed, number / 1000))
        for number, (reason, value, seed) in enumerate(
            sorted(rows, key=lambda row: (["disputed", "low_confidence", "audit"].index(row[0]), -row[1]))
        )
    ]
)


@given(candidates, st.floats(min_value=0, max_value=1), st.booleans())
def test_it_is_an_order_of_all_in_which_reasons_never_mix(
    waiting: list[Candidate], weight: float, something_known: bool
) -> None:
    known = towards(3)[None] if something_known else None
    order = diversify(waiting, known=known, weight=weight)
    assert sorted(order) == [candidate.item_id for candidate in waiting]
    assert [waiting[number].reason for number in order] == [candidate.reason for candidate in waiting]


@given(candidates)
def test_what_has_no_features_keeps_its_place(waiting: list[Candidate]) -> None:
    order = diversify(waiting)
    for place, candidate in enumerate(waiting):
        if candidate.features is None:
            assert order[place] == candidate.item_id


@given(candidates)
def test_without_a_weight_the_queue_keeps_its_order(waiting: list[Candidate]) -> None:
    assert diversify(waiting, weight=0.0) == [candidate.item_id for candidate in waiting]


@given(
    st.integers(min_value=2, max_value=8),
    st.lists(st.floats(min_value=0, max_value=0.4), min_size=1, max_size=5),
    st.integers(min_value=0, max_value=50),
)
def test_near_identical_photos_do_not_fill_the_top(copies: int, others: list[float], seed: int) -> None:
    """Twins of the very first come after all others, as long as those are worth much less than nothing more."""
    axes = np.eye(DIMENSIONS, dtype=np.float32)
    waiting = [Candidate(number, "low_confidence", 1.0, axes[0] + seed / 1e6) for number in range(copies)]
    waiting += [
        Candidate(copies + number, "low_confidence", 0.8 + value / 2, axes[1 + number])
        for number, value in enumerate(sorted(others, reverse=True))
    ]
    assert set(diversify(waiting)[1 : 1 + len(others)]) == set(range(copies, copies + len(others)))


def test_what_is_like_the_labelled_comes_later() -> None:
    waiting = [Candidate(1, "audit", 0.5, towards(1)), Candidate(2, "audit", 0.5, towards(2))]
    assert diversify(waiting) == [1, 2]
    assert diversify(waiting, known=towards(1)[None]) == [2, 1]


@pytest.mark.parametrize("broken", [np.zeros(DIMENSIONS), np.full(DIMENSIONS, np.nan), np.full(DIMENSIONS, np.inf)])
def test_features_that_are_none_hide_nothing(broken: Any) -> None:
    assert sorted(diversify([Candidate(1, "audit", 0.5, broken), Candidate(2, "audit", 0.4, towards(1))])) == [1, 2]


Predict = Callable[..., Prediction]


async def waiting_photos(
    house: Any, picture: Callable[[int], bytes], predict: Predict, directions: list[int]
) -> list[int]:
    """One item for each direction, the first the least sure."""
    sent = []
    for number, seed in enumerate(directions):
        says = replace(predict("black", 0.5 + 0.01 * number), features=towards(seed).astype(np.float16))
        sent.append(await house.receive(number + 1, says))
    return [accepted.item_id for accepted in sent]


@pytest.mark.anyio
async def test_claims_follow_it_and_skip_what_is_gone(
    house: Any, at: Any, picture: Callable[[int], bytes], predict: Predict
) -> None:
    one, twin, other = await waiting_photos(house, picture, predict, [1, 1, 2])
    slate = Slate(house.database, house.features, lambda: Eyes("net"))
    assert list(slate.refresh()) == [one, other, twin]
    at.say("flo", one, VerdictKind.LABEL, "black")
    with house.database.write() as session:
        reviewer = reviewer_named(session, "mo", at.now)
        claim = queue.claim_next(session, reviewer, lease=at.now - at.now, now=at.now, first=slate.order())
    assert claim is not None
    assert claim.item_id == other
    assert next(iter(slate.refresh())) == other, "twin is like what was just labelled"


@pytest.mark.anyio
async def test_hidden_and_held_items_are_not_on_it(
    house: Any, at: Any, picture: Callable[[int], bytes], predict: Predict
) -> None:
    leader, member, held = await waiting_photos(house, picture, predict, [1, 2, 3])
    with house.database.write() as session:
        session.get_one(ReviewItem, member).represented_by_id = leader
    at.take("flo", held)
    slate = Slate(house.database, house.features, lambda: Eyes("net"), clock=lambda: at.now)
    assert list(slate.refresh()) == [leader]


@pytest.mark.anyio
async def test_asking_for_it_never_waits(house: Any, picture: Callable[[int], bytes], predict: Predict) -> None:
    items = await waiting_photos(house, picture, predict, [1, 2])
    go_on = threading.Event()
    asked: list[float] = []

    def eyes() -> Eyes:
        asked.append(time.monotonic())
        assert go_on.wait(10)
        return Eyes("net")

    slate = Slate(house.database, house.features, eyes)
    assert list(slate.order()) == []
    assert list(slate.order()) == []
    go_on.set()
    deadline = time.monotonic() + 10
    while not slate.order() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(slate.order()) == items
    assert len(asked) == 1, "it is kept for seconds, and made once however many ask"


@pytest.mark.sqlite
@pytest.mark.anyio
async def test_without_a_model_or_a_database_the_queue_has_its_own_order(
    house: Any, picture: Callable[[int], bytes], predict: Predict, caplog: pytest.LogCaptureFixture
) -> None:
    await waiting_photos(house, picture, predict, [1, 2])
    assert list(Slate(house.database, house.features, lambda: None).refresh()) == []
    house.database.file.write_bytes(b"no database at all" * 100)
    house.database.dispose()
    slate = Slate(house.database, house.features, lambda: Eyes("net"))
    assert list(slate.order()) == []
    deadline = time.monotonic() + 10
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "not diversified for now" in caplog.text


@pytest.mark.anyio
async def test_the_present_model_says_what_it_still_doubts(
    house: Any, picture: Callable[[int], bytes], predict: Predict
) -> None:
    first, second, third = await waiting_photos(house, picture, predict, [1, 2, 3])
    assert next(iter(Slate(house.database, house.features, lambda: Eyes("net")).refresh())) == first
    unlike = np.stack([towards(seed) for seed in (1, 2, 3)])

    def learnt_the_first(features: Any) -> list[float | None]:
        assert np.allclose(features, unlike, atol=0.01)
        return [0.0, 0.2, 1.0]

    slate = Slate(house.database, house.features, lambda: Eyes("net", learnt_the_first))
    order = slate.refresh()
    assert order[0] == third
    assert sorted(order) == [first, second, third]
