"""The numbers: risk bound, calibration, evaluation. Each claim is checked against its definition."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binom

from model.calibration import (
    brier_score,
    calibration_error_by_chance,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)
from model.evaluation import Measured, Rule, evaluate
from model.proportion import Proportion
from model.risk import (
    CONSERVATIVE_THRESHOLD,
    DEFAULT_MIX,
    PRESET_THRESHOLDS,
    choose_threshold,
    drawn_mix,
    upper_error_bound,
)
from model.separation import Separation, auroc


@pytest.mark.parametrize(("errors", "photos"), [(0, 149), (1, 236), (2, 313)])
def test_so_many_photos_it_takes_to_promise_two_percent(errors: int, photos: int) -> None:
    assert upper_error_bound(errors, photos, 0.05) <= 0.02
    assert upper_error_bound(errors, photos - 1, 0.05) > 0.02


@given(st.integers(1, 400), st.floats(0.001, 0.999), st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=60, deadline=None)
def test_the_bound_is_below_the_true_rate_no_more_often_than_it_says(n: int, rate: float, delta: float) -> None:
    errors = np.arange(n + 1)
    bounds = np.array([upper_error_bound(int(k), n, delta) for k in errors])
    assert binom.pmf(errors, n, rate)[bounds < rate].sum() <= delta + 1e-9
    assert (np.diff(bounds) >= 0).all()


def test_of_nothing_answered_nothing_is_known() -> None:
    assert upper_error_bound(0, 0, 0.05) == 1.0
    assert upper_error_bound(3, 3, 0.05) == 1.0


def chosen(confidences: list[float], wrong: list[int], **options: float):
    correct = np.ones(len(confidences), dtype=bool)
    correct[wrong] = False
    return choose_threshold(np.array(confidences), correct, assumption="the test holds", **options)


def test_the_lowest_threshold_that_keeps_the_promise_is_taken() -> None:
    threshold = chosen([0.995] * 200 + [0.92] * 200, [])
    assert (threshold.threshold, threshold.guaranteed, threshold.errors) == (0.90, True, 0)
    assert threshold.upper_bound <= 0.02
    assert "at most 2% of such answers are wrong, with 95% confidence" in threshold.claim()


def test_the_sequence_stops_at_the_first_failure() -> None:
    """0.95 fails; 0.90 would pass with its many good photos, but testing it would spend the error probability twice."""
    confidences = [0.995] * 200 + [0.96] * 30 + [0.92] * 3000
    threshold = chosen(confidences, list(range(200, 230)))
    assert threshold.threshold == 0.97
    assert threshold.guaranteed
    assert upper_error_bound(30, 3230, 0.05) <= 0.02  # it really would have passed


def test_without_enough_photos_nothing_is_claimed() -> None:
    threshold = chosen([0.999] * 148, [])
    assert (threshold.threshold, threshold.guaranteed) == (CONSERVATIVE_THRESHOLD, False)
    assert threshold.claim().startswith("nothing is guaranteed: 0 wrong of 148")
    assert chosen([0.999] * 149, []).guaranteed


def test_without_any_photo_nothing_is_claimed() -> None:
    threshold = chosen([], [])
    assert (threshold.guaranteed, threshold.upper_bound, threshold.answered) == (False, 1.0, 0)


def test_what_is_no_number_is_never_answered() -> None:
    assert chosen([float("nan")] * 500, []).guaranteed is False


@given(
    hnp.arrays(float, st.integers(0, 300), elements=st.floats(0, 1)),
    st.integers(0, 2**32 - 1),
    st.floats(0.5, 1.0),
)
@settings(max_examples=60, deadline=None)
def test_a_guarantee_is_never_given_beyond_its_bound(confidences: np.ndarray, seed: int, accuracy: float) -> None:
    correct = np.random.default_rng(seed).random(len(confidences)) < accuracy
    threshold = choose_threshold(confidences, correct, assumption="")
    answered = confidences >= threshold.threshold
    assert threshold.answered == answered.sum()
    assert threshold.errors == (answered & ~correct).sum()
    assert threshold.guaranteed == (threshold.upper_bound <= threshold.risk)
    if threshold.guaranteed:
        for stricter in (t for t in PRESET_THRESHOLDS if t > threshold.threshold):
            above = confidences >= stricter
            assert upper_error_bound(int((above & ~correct).sum()), int(above.sum()), 0.05) <= 0.02


LOGITS = hnp.arrays(float, st.tuples(st.integers(1, 20), st.integers(2, 5)), elements=st.floats(-1e4, 1e4))


@given(LOGITS, st.floats(0.05, 20))
def test_a_temperature_never_changes_the_order_of_labels(logits: np.ndarray, temperature: float) -> None:
    probabilities = softmax(logits / temperature)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    for row, p in zip(logits, probabilities, strict=True):
        assert (np.diff(p[np.argsort(row, kind="stable")]) >= 0).all()


def drawn(temperature: float, photos: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose true label is drawn from their softmax at `temperature`."""
    random = np.random.default_rng(3)
    logits = random.normal(scale=4, size=(photos, 3))
    p = softmax(logits / temperature)
    return logits, (random.random((photos, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_true_temperature_is_found(temperature: float) -> None:
    logits, labels = drawn(temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.1)


def test_a_fitted_temperature_lowers_the_calibration_error() -> None:
    logits, labels = drawn(3.0)
    correct = logits.argmax(axis=1) == labels
    raw = softmax(logits).max(axis=1)
    fitted = softmax(logits / fit_temperature(logits, labels)).max(axis=1)
    assert expected_calibration_error(raw, correct) > 0.1
    assert expected_calibration_error(fitted, correct) < 0.03


def test_calibration_error_by_hand() -> None:
    confidences = np.array([0.5, 0.5, 0.9, 0.9])
    correct = np.array([True, False, True, False])
    assert expected_calibration_error(confidences, correct, bins=2) == pytest.approx((0.0 + 0.4) / 2)
    assert expected_calibration_error(np.array([]), np.array([], dtype=bool)) == 0.0


def test_the_likelihood_of_the_impossible_is_a_number() -> None:
    assert np.isfinite(negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])))


def test_a_proportion_of_nothing_has_no_value() -> None:
    nothing = Proportion.of(0, 0)
    assert (nothing.value, nothing.low, nothing.high, str(nothing)) == (None, 0.0, 1.0, "none")


@given(st.integers(1, 1000), st.data())
@settings(max_examples=50, deadline=None)
def test_an_interval_holds_its_proportion(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    proportion = Proportion.of(count, total)
    assert proportion.value is not None
    assert 0.0 <= proportion.low <= proportion.value + 1e-9
    assert proportion.value - 1e-9 <= proportion.high <= 1.0


def test_figures_of_a_test_set_by_hand() -> None:
    logits = np.log(np.array([[0.98, 0.01, 0.01], [0.6, 0.3, 0.1], [0.1, 0.89, 0.01], [0.97, 0.02, 0.01]]))
    strangers = Measured(
        np.log(np.array([[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.4, 0.3, 0.3]])), np.array([9, 0, 0.0])
    )
    report = evaluate(
        Measured(logits, np.array([0.0, 0.0, 2.0, 0.0])),
        np.array([0, 0, 0, 1]),
        rule=Rule(temperature=1.0, answer_threshold=0.85, cut=1.0),
        vocabulary=("a", "b", "c"),
        views={"grey": logits[[3, 1, 2, 2]]},
        outliers={"near": strangers},
        cross_fitted=Proportion.of(1, 2),
    )
    assert report.confusion == ((2, 1, 0), (1, 0, 0), (0, 0, 0))
    assert (report.accuracy.count, report.accuracy.total) == (2, 4)
    assert (report.answered.count, report.wrong_among_answered.count, report.wrong_among_answered.total) == (2, 1, 2)
    assert report.per_label["c"].value is None  # no photo of it was there
    assert (report.views["grey"].count, report.views["grey"].total) == (3, 4)
    near = report.outliers["near"]
    assert (near.passed.count, near.answered.count) == (2, 1)
    assert (report.wrong_among_answered_mixed.count, report.wrong_among_answered_mixed.total) == (2, 3)
    assert near.separation.auroc == pytest.approx((3 * 0.5 + 3 * 0.5 + 4) / 12)
    json.dumps(report.to_json(), allow_nan=False)


def test_photos_that_are_all_right_do_not_make_errors_impossible() -> None:
    logits = np.array([[9.0, 0, 0], [0, 9.0, 0]] * 50)
    labels = np.array([0, 1] * 50)
    confidence = softmax(logits / fit_temperature(logits, labels)).max()
    assert confidence == pytest.approx(101 / 103, abs=0.002)


@pytest.mark.parametrize("photos", [40, 400])
def test_a_perfectly_calibrated_model_is_within_chance(photos: int) -> None:
    random = np.random.default_rng(4)
    confidences = random.uniform(0.5, 1, photos)
    chance = calibration_error_by_chance(confidences)
    assert 0 < chance.mean < chance.quantile_95
    errors = [expected_calibration_error(confidences, random.random(photos) < confidences) for _ in range(400)]
    assert np.mean(np.array(errors) <= chance.quantile_95) == pytest.approx(0.95, abs=0.04)
    assert expected_calibration_error(confidences, np.ones(photos, dtype=bool)) > chance.quantile_95


def test_brier_by_hand() -> None:
    assert brier_score(np.array([[0.8, 0.2], [0.0, 1.0]]), np.array([0, 0])) == pytest.approx((0.08 + 2.0) / 2)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_drawn_mix_has_the_wanted_shares_of_what_there_is(subject: int, far: int, near: int, seed: int) -> None:
    available = {"subject": subject, "far": far, "near": near}
    rows = drawn_mix(available, DEFAULT_MIX, seed)
    total = sum(map(len, rows.values()))
    for kind, share in DEFAULT_MIX.items():
        assert len(set(rows[kind].tolist())) == len(rows[kind])
        assert all(0 <= row < available[kind] for row in rows[kind])
        assert abs(len(rows[kind]) - share * total) <= 5 * (total * share * (1 - share)) ** 0.5 + 1
    if min(available.values()) >= 40:
        assert total >= 0.55 * min(available[kind] / share for kind, share in DEFAULT_MIX.items())


def test_a_drawn_mix_starves_no_kind_and_draws_anybody() -> None:
    available = {"subject": 600, "far": 600, "near": 130}
    drawn = [drawn_mix(available, DEFAULT_MIX, seed) for seed in range(400)]
    totals = sorted(sum(map(len, rows.values())) for rows in drawn)
    total = totals[-1]
    assert totals[4] == total  # in one draw of a thousand or so a kind does not suffice
    near = np.array([len(rows["near"]) for rows in drawn])
    assert near.mean() == pytest.approx(0.1 * total, abs=3 * (total * 0.09 / 400) ** 0.5)
    assert near.std() == pytest.approx((total * 0.09) ** 0.5, rel=0.2)
    taken = np.bincount(np.concatenate([rows["near"] for rows in drawn]), minlength=130)
    assert taken.min() > 0.7 * taken.mean()  # not always the first


def test_answers_to_what_shows_none_of_the_labels_cost_the_promise() -> None:
    confidences = np.full(400, 0.999)
    correct = np.ones(400, dtype=bool)
    assert choose_threshold(confidences, correct, assumption="").guaranteed
    correct[:8] = False
    found = choose_threshold(confidences, correct, assumption="", composition={"subject": 392, "near": 8})
    assert not found.guaranteed
    assert found.composition == {"subject": 392, "near": 8}


scores = hnp.arrays(float, st.integers(1, 30), elements=st.integers(-3, 3).map(float))


@given(scores, scores)
@settings(max_examples=60, deadline=None)
def test_auroc_is_the_share_of_pairs_in_order(inside: np.ndarray, outside: np.ndarray) -> None:
    pairs = np.sign(outside[:, None] - inside[None, :])
    assert auroc(inside, outside) == pytest.approx((pairs.mean() + 1) / 2)
    assert auroc(inside, outside) + auroc(outside, inside) == pytest.approx(1)


def test_separation_tells_how_sure_it_is() -> None:
    random = np.random.default_rng(1)
    few, many = (Separation.of(random.normal(size=n), random.normal(1.5, size=n)) for n in (20, 500))
    again = [auroc(random.normal(size=500), random.normal(1.5, size=500)) for _ in range(300)]
    spread = np.quantile(again, 0.975) - np.quantile(again, 0.025)
    assert many.auroc_high - many.auroc_low == pytest.approx(spread, rel=0.3)
    assert few.auroc is not None
    assert few.auroc_low < few.auroc < few.auroc_high
    assert many.auroc_high - many.auroc_low < few.auroc_high - few.auroc_low
    assert Separation.of(np.empty(0), np.ones(3)).auroc is None
    perfect = Separation.of(np.zeros(200), np.ones(35))
    assert (perfect.auroc, perfect.auroc_low) == (1.0, pytest.approx(0.9, abs=0.01))
    assert Separation.of(np.arange(100.0), np.array([1.0, 94.0, 96.0])).fpr95.count == 2
