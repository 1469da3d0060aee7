"""Answer or ask: the rule in all its branches."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from review.policy import Decision, Reason, draw, priority, route, uncertainty_of

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


known = shares | st.none()


@given(known, known, known, known)
def test_the_weightier_reason_comes_first_whatever_the_scores(
    one: float | None, other: float | None, near: float | None, far: float | None
) -> None:
    order = (Reason.DISPUTED, Reason.OUT_OF_DOMAIN, Reason.LOW_CONFIDENCE, Reason.NO_MODEL, Reason.AUDIT)
    assert set(order) == set(Reason)
    for heavier, lighter in itertools.pairwise(order):
        assert priority([heavier], uncertainty=one, novelty=near) > priority([lighter], uncertainty=other, novelty=far)


@given(known, known)
def test_a_missing_score_hides_nothing(one: float | None, other: float | None) -> None:
    for uncertainty_, novelty in ((None, one), (math.nan, one), (one, None), (one, math.nan), (None, None)):
        known_ = priority([Reason.AUDIT], uncertainty=one or 0.0, novelty=one or 0.0)
        assert priority([Reason.AUDIT], uncertainty=uncertainty_, novelty=novelty) >= min(
            known_, priority([Reason.AUDIT], uncertainty=one, novelty=one)
        )
    first = priority([Reason.AUDIT], uncertainty=None, novelty=None)
    assert first >= priority([Reason.AUDIT], uncertainty=one, novelty=other)


@given(shares, shares, shares)
def test_among_equal_reasons_the_less_sure_and_the_newer_come_first(one: float, other: float, same: float) -> None:
    low, high = sorted((one, other))
    reasons = [Reason.LOW_CONFIDENCE]
    assert priority(reasons, uncertainty=high, novelty=same) >= priority(reasons, uncertainty=low, novelty=same)
    assert priority(reasons, uncertainty=same, novelty=high) >= priority(reasons, uncertainty=same, novelty=low)
    assert priority(reasons, uncertainty=1.0, novelty=0.0) > priority(reasons, uncertainty=0.0, novelty=1.0)


@given(st.dictionaries(st.text(min_size=1, max_size=3), shares, min_size=1, max_size=6))
def test_uncertainty_is_what_the_lead_leaves(probabilities: dict[str, float]) -> None:
    found = uncertainty_of(probabilities.values())
    assert found is not None
    assert 0 <= found <= 1


def test_uncertainty_of_no_model_of_a_tie_and_of_one_who_is_sure() -> None:
    assert uncertainty_of([]) is None
    assert uncertainty_of([math.nan, 0.5]) is None
    assert uncertainty_of([0.5, 0.5, 0.0]) == 1.0
    assert uncertainty_of([0.0, 1.0]) == 0.0
    assert uncertainty_of([1.0]) == 0.0
