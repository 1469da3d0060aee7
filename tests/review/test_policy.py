"""Answer or ask: the rule in all its branches."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from review.policy import Decision, Reason, draw, priority, route

shares = st.floats(min_value=0, max_value=1)


@given(confidence=shares, threshold=shares, in_domain=st.booleans(), rate=shares, drawn=shares)
def test_only_what_is_known_and_sure_is_answered(
    confidence: float, threshold: float, in_domain: bool, rate: float, drawn: float
) -> None:
    routing = route(
        confidence=confidence, in_domain=in_domain, answer_threshold=threshold, audit_rate=rate, audit_draw=drawn
    )
    assert (routing.decision is Decision.ANSWER) == (in_domain and confidence >= threshold)
    assert (Reason.OUT_OF_DOMAIN in routing.reasons) == (not in_domain)
    assert (Reason.LOW_CONFIDENCE in routing.reasons) == (confidence < threshold)
    assert (Reason.AUDIT in routing.reasons) == (routing.decision is Decision.ANSWER and drawn < rate)
    assert routing.inclusion_probability == (1.0 if routing.decision is Decision.REVIEW else rate)
    assert routing.reviewed == bool(routing.reasons)


def test_a_confidence_that_is_no_number_asks_a_person() -> None:
    routing = route(confidence=math.nan, in_domain=True, answer_threshold=0.5)
    assert routing.reasons == (Reason.LOW_CONFIDENCE,)


def test_without_a_rate_nothing_is_audited() -> None:
    assert route(confidence=1.0, in_domain=True, answer_threshold=0.5).reasons == ()


@given(st.text(max_size=30))
def test_a_draw_is_the_same_each_time_and_below_one(key: str) -> None:
    assert 0 <= draw(key, b"secret") < 1
    assert draw(key, b"secret") == draw(key, b"secret")


def test_draws_are_uniform() -> None:
    below = sum(draw(f"telegram:1:{number}", b"secret") < 0.02 for number in range(50_000))
    assert 850 < below < 1150  # five standard deviations around 1000


def test_who_has_another_secret_learns_nothing_of_a_draw() -> None:
    """Of what the one draws below a half, the other draws half below a half."""
    keys = [key for key in (f"telegram:1:{number}" for number in range(20_000)) if draw(key, b"ours") < 0.5]
    guessed = sum(draw(key, b"theirs") < 0.5 for key in keys)
    assert abs(guessed - len(keys) / 2) < 250  # five standard deviations


@given(st.floats(min_value=0, max_value=1) | st.none(), st.floats(min_value=0, max_value=1) | st.none())
def test_the_weightier_reason_comes_first_whatever_the_confidence(one: float | None, other: float | None) -> None:
    order = (Reason.DISPUTED, Reason.OUT_OF_DOMAIN, Reason.LOW_CONFIDENCE, Reason.NO_MODEL, Reason.AUDIT)
    assert set(order) == set(Reason)
    for heavier, lighter in itertools.pairwise(order):
        assert priority([heavier], confidence=one) > priority([lighter], confidence=other)


def test_among_equal_reasons_the_less_sure_comes_first() -> None:
    assert priority([Reason.AUDIT], confidence=0.4) > priority([Reason.AUDIT], confidence=0.9)
    assert priority([Reason.AUDIT], confidence=None) >= priority([Reason.AUDIT], confidence=0.0)
