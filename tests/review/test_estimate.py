"""The estimate of how often answers are right: its interval covers the truth as often as it says."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, chi2

from review.estimate import Estimate, Stratum, estimate, limits

DEPLOYMENTS = 500
# Answers given, the share of them that is looked at, and the share of them that is wrong; for each rate of audits.
Period = tuple[int, float, float]

ONE_RATE: dict[str, list[Period]] = {
    "1 % wrong, 300 checked": [(15_000, 0.02, 0.01)],
    "2 % wrong, 300 checked": [(15_000, 0.02, 0.02)],
    "5 % wrong, 100 checked": [(5_000, 0.02, 0.05)],
    "5 % wrong, 300 checked": [(3_000, 0.1, 0.05)],
    "20 % wrong, 100 checked": [(5_000, 0.02, 0.20)],
    "20 % wrong, 1000 checked": [(20_000, 0.05, 0.20)],
}
CHANGED_RATES: dict[str, list[Period]] = {
    "2 then 10 %, 5 % wrong": [(10_000, 0.02, 0.05), (2_000, 0.1, 0.05)],
    "2 then 10 %, 20 % then 5 % wrong": [(10_000, 0.02, 0.20), (2_000, 0.1, 0.05)],
    "2 then 20 %, worse while few were checked": [(10_000, 0.02, 0.03), (5_000, 0.2, 0.005)],
    "1, 5, then 20 %": [(10_000, 0.01, 0.05), (4_000, 0.05, 0.05), (1_000, 0.2, 0.05)],
    "1, 5, then 20 %, worse and worse": [(10_000, 0.01, 0.02), (4_000, 0.05, 0.05), (1_000, 0.2, 0.20)],
    "1 %, then all": [(20_000, 0.01, 0.02), (300, 1.0, 0.02)],
}


def deploy(periods: Sequence[Period], random: np.random.Generator) -> list[Stratum]:
    """What people find in one deployment."""
    strata = []
    for answers, rate, error in periods:
        drawn = int(random.binomial(answers, rate))
        strata.append(Stratum(rate, drawn, drawn, int(random.binomial(drawn, error))))
    return strata


def truth(periods: Sequence[Period]) -> float:
    """The share that is right."""
    return 1 - sum(answers * error for answers, _, error in periods) / sum(answers for answers, _, _ in periods)


def found(periods: Sequence[Period]) -> list[Estimate]:
    random = np.random.default_rng(2026)
    return [estimate(deploy(periods, random)) for _ in range(DEPLOYMENTS)]


@pytest.mark.parametrize("name", [*ONE_RATE, *CHANGED_RATES])
def test_of_500_deployments_95_percent_are_covered(name: str) -> None:
    periods = (ONE_RATE | CHANGED_RATES)[name]
    share, estimates = truth(periods), found(periods)
    covered = sum(one.low <= share <= one.high for one in estimates) / DEPLOYMENTS
    assert 0.93 <= covered <= 0.97
    values = [one.value for one in estimates if one.value is not None]
    assert len(values) == DEPLOYMENTS
    deviation = abs(np.mean(values) - share)
    assert deviation < 4 * np.std(values) / math.sqrt(DEPLOYMENTS), "it is unbiased"
    wrong = np.mean([one.wrong_answers for one in estimates])
    expected = sum(answers * error for answers, _, error in periods)
    assert abs(wrong - expected) < 0.1 * expected


def covered(errors: float, size: int, interval: Callable[[int, int], tuple[float, float]]) -> float:
    """The exact chance that the interval of `size` trials covers their true share of errors."""
    wrong = np.arange(size + 1)
    held = [low <= errors <= high for low, high in (interval(int(one), size) for one in wrong)]
    return float(binom.pmf(wrong, size, errors)[held].sum())


def wald(wrong: int, size: int) -> tuple[float, float]:
    half = 1.96 * math.sqrt(wrong / size * (1 - wrong / size) / size)
    return wrong / size - half, wrong / size + half


def exact(wrong: int, size: int) -> tuple[float, float]:
    """Clopper's and Pearson's."""
    low = float(beta.ppf(0.025, wrong, size + 1 - wrong)) if wrong else 0.0
    return low, float(beta.ppf(0.975, wrong + 1, size - wrong)) if wrong < size else 1.0


def test_what_other_intervals_would_cover_at_1_percent_errors() -> None:
    """Of 300 checked answers: Wald's covers too little, and what is exact for the worst case too much."""
    assert covered(0.01, 300, wald) == pytest.approx(0.80, abs=0.01)
    assert covered(0.01, 300, exact) > 0.985
    assert 0.93 <= covered(0.01, 300, limits) <= 0.97


@pytest.mark.parametrize("size", [30, 100, 300, 1000])
def test_it_covers_about_as_often_as_it_says_however_rare_errors_are(size: int) -> None:
    chances = [covered(expected / size, size, limits) for expected in np.geomspace(0.05, size / 2, 60)]
    assert min(chances) > 0.91
    assert 0.95 <= np.mean(chances) <= 0.975


def test_pooled_without_weights_it_would_be_biased() -> None:
    """More was looked at while the model was better: counted alike, that period speaks for all."""
    periods = CHANGED_RATES["2 then 10 %, 20 % then 5 % wrong"]
    random, share, covered = np.random.default_rng(2026), truth(periods), 0
    for _ in range(DEPLOYMENTS):
        strata = deploy(periods, random)
        low, high = limits(sum(s.wrong for s in strata), sum(s.settled for s in strata))
        covered += low <= 1 - share <= high
    assert covered / DEPLOYMENTS < 0.5


def test_one_stratum_is_the_score_interval_of_its_counts() -> None:
    said = estimate([Stratum(0.02, 300, 300, 3)])
    low, high = limits(3, 300)
    assert (said.value, said.low, said.high) == pytest.approx((0.99, 1 - high, 1 - low))
    assert (said.checked, said.wrong) == (300, 3)
    assert (said.answers, said.wrong_answers) == (pytest.approx(15_000), pytest.approx(150))


def test_known_limits() -> None:
    """Those of Wilson's interval as R's `binom` prints them, and the exact ends."""
    assert limits(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert limits(5, 10) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    for few in (1, 2, 3):
        assert limits(few, 300)[0] == pytest.approx(chi2.ppf(0.05, 2 * few) / 2 / 300, rel=1e-3)
        assert limits(300 - few, 300)[1] == pytest.approx(1 - limits(few, 300)[0])


def test_what_is_not_settled_is_taken_to_be_like_the_rest_of_its_stratum() -> None:
    whole = estimate([Stratum(0.02, 100, 100, 10), Stratum(0.1, 100, 100, 0)])
    half = estimate([Stratum(0.02, 100, 100, 10), Stratum(0.1, 100, 50, 0)])
    assert half.value == whole.value
    assert half.high - half.low > whole.high - whole.low
    assert half.answers == whole.answers


def test_of_nothing_nothing_is_known() -> None:
    for strata in ([], [Stratum(0.02, 3, 0, 0)]):
        said = estimate(strata)
        assert (said.value, said.low, said.high, said.checked) == (None, 0.0, 1.0, 0)


@pytest.mark.parametrize("stratum", [Stratum(0.0, 1, 1, 0), Stratum(0.5, 1, 2, 0), Stratum(0.5, 2, 1, 2)])
def test_counts_that_cannot_be_are_refused(stratum: Stratum) -> None:
    with pytest.raises(ValueError, match="expected a chance"):
        estimate([stratum])
    with pytest.raises(ValueError, match="expected 0 <= errors"):
        limits(2, 1)


@given(
    st.lists(
        st.tuples(st.floats(0.001, 1), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4
    )
)
def test_the_share_lies_in_its_interval(drawn: list[tuple[float, int, float, float]]) -> None:
    strata = []
    for chance, number, settled, wrong in drawn:
        done = round(number * settled)
        strata.append(Stratum(chance, number, done, round(done * wrong)))
    said = estimate(strata)
    assert 0 <= said.low <= said.high <= 1
    if said.value is not None:
        assert said.low - 1e-9 <= said.value <= said.high + 1e-9
