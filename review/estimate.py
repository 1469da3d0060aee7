"""How often answers are right, from a random sample of them: the estimate, and an interval that holds for rare errors.

Pure functions. Each answer was looked at with a known chance, its inclusion probability; a sampled answer speaks for as
many as the chance says (Horvitz & Thompson 1952), and the share is weighted so (Hájek 1971). Answers of one chance are
a stratum; what people have not settled is taken to be like the rest of its stratum.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_DEVIATIONS = 1.959964  # of a normal distribution, within which it lies in 95 % of cases
_POISSON = (0.0, 0.0513, 0.3554, 0.8177)  # the mean at which so many or more events have a chance of 5 %, by events


@dataclass(frozen=True)
class Stratum:
    """Answers that were looked at with the same chance: how many were drawn, are settled by people, and are wrong."""

    inclusion_probability: float  # above 0, at most 1
    drawn: int
    settled: int
    wrong: int


@dataclass(frozen=True)
class Estimate:
    """The share of answers that are right, `low` to `high` with 95 % confidence; None and 0..1 if nothing is settled.

    `checked` answers of the sample are settled, and `wrong` of those are wrong. `answers` and `wrong_answers` are what
    the sample speaks for.
    """

    value: float | None
    low: float
    high: float
    checked: int
    wrong: int
    answers: float
    wrong_answers: float


def estimate(strata: Iterable[Stratum]) -> Estimate:
    """The share that is right among all from which the strata were drawn.

    The interval speaks of answers like these and not of these alone: where most were looked at, it is wider than the
    window itself demands. Of one stratum it is `limits`; of several, their distances from their own limits are put
    together as variances are (Zou, Huang & Zhang 2009), and so is the chance by which each stratum has its weight. In
    simulated deployments (tests/review/test_estimate.py) it covers 94 to 96.5 %; intervals for an effective sample size
    (Korn & Graubard 1998) covered 90 to 99.7 %, since they guess a variance from few errors. Raises `ValueError` for
    counts and chances that cannot be.
    """
    sampled = [_valid(stratum) for stratum in strata if stratum.settled]
    if not sampled:
        return Estimate(None, 0.0, 1.0, 0, 0, 0.0, 0.0)
    answers = sum(stratum.drawn / stratum.inclusion_probability for stratum in sampled)
    shares = [stratum.drawn / stratum.inclusion_probability / answers for stratum in sampled]
    wrong = math.fsum(share * s.wrong / s.settled for share, s in zip(shares, sampled, strict=True))
    below, above = 0.0, 0.0
    for share, stratum in zip(shares, sampled, strict=True):
        found = stratum.wrong / stratum.settled
        low, high = limits(stratum.wrong, stratum.settled)
        weighed = (_DEVIATIONS * (found - wrong)) ** 2 / stratum.drawn  # 0 if there is but one
        below += share**2 * ((found - low) ** 2 + weighed)
        above += share**2 * ((high - found) ** 2 + weighed)
    return Estimate(
        value=1.0 - wrong,
        low=max(0.0, 1.0 - wrong - math.sqrt(above)),
        high=min(1.0, 1.0 - wrong + math.sqrt(below)),
        checked=sum(stratum.settled for stratum in sampled),
        wrong=sum(stratum.wrong for stratum in sampled),
        answers=answers,
        wrong_answers=wrong * answers,
    )


def limits(errors: int, size: int) -> tuple[float, float]:
    """Where the share of errors lies, 0..1, by `errors` of `size` > 0 trials.

    Wilson's score interval, whose lower limit of 1, 2 or 3 errors is the exact one-sided limit of Poisson's
    distribution (Brown, Cai & DasGupta 2001): without it shares far below one in `size` were covered in 84 % of cases.
    At 1 % errors of 300 it covers 96.7 %; Wald's interval covers 80 % there, the exact one of Clopper and Pearson
    98.9 %, and the mid-p interval 91.8 %. Raises `ValueError` for counts that cannot be.
    """
    if not (size > 0 and 0 <= errors <= size):
        raise ValueError(f"expected 0 <= errors <= size and size > 0, not {errors} of {size}")
    share, squared = errors / size, _DEVIATIONS**2
    centre = (share + squared / (2 * size)) / (1 + squared / size)
    half = _DEVIATIONS * math.sqrt(share * (1 - share) / size + squared / (4 * size**2)) / (1 + squared / size)
    low, high = centre - half, centre + half
    if errors < len(_POISSON) and 2 * errors <= size:
        low = _POISSON[errors] / size
    if size - errors < len(_POISSON) and 2 * (size - errors) <= size:
        high = 1.0 - _POISSON[size - errors] / size
    return max(0.0, low), min(1.0, high)


def _valid(stratum: Stratum) -> Stratum:
    if not (0 < stratum.inclusion_probability <= 1 and 0 <= stratum.wrong <= stratum.settled <= stratum.drawn):
        raise ValueError(f"expected a chance in (0, 1] and wrong <= settled <= drawn, not {stratum}")
    return stratum
