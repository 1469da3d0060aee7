"""How far reviewers agree beyond chance: Krippendorff's alpha for names, with missing answers."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

_DRAWS = 1000  # of the bootstrap


@dataclass(frozen=True)
class Agreement:
    """`alpha`: 1 perfect, 0 as by chance, negative worse; None if nothing can be said. `low`, `high`: 95 % interval.

    `items` were judged by several reviewers each, independently; the interval is a bootstrap's over items.
    """

    alpha: float | None
    low: float | None
    high: float | None
    items: int


def alpha(items: Sequence[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha (K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011) for nominal data.

    `items`: what was said of each, by however many reviewers; of one said by fewer than two nothing is learnt. None if
    nothing was judged twice, or if everybody always said the same one thing.
    """
    return _alpha([Counter(values) for values in items])


def agreement(items: Sequence[Sequence[Hashable]], *, seed: int = 0) -> Agreement:
    """Alpha with its interval."""
    judged = [Counter(values) for values in items if len(values) > 1]
    found = _alpha(judged)
    if found is None:
        return Agreement(None, None, None, len(judged))
    random = np.random.default_rng(seed)
    drawn = [_alpha([judged[i] for i in random.integers(len(judged), size=len(judged))]) for _ in range(_DRAWS)]
    # A draw in which everybody says one thing says nothing of chance, and nothing against agreement.
    low, high = np.quantile([1.0 if one is None else one for one in drawn], (0.025, 0.975))
    return Agreement(found, float(low), float(high), len(judged))


def _alpha(items: Sequence[Counter[Hashable]]) -> float | None:
    observed, totals, pairable = 0.0, Counter[Hashable](), 0
    for values in items:
        count = values.total()
        if count < 2:
            continue
        pairable += count
        totals.update(values)
        observed += sum(n * (count - n) for n in values.values()) / (count - 1)
    expected = sum(n * (pairable - n) for n in totals.values())
    return 1.0 - (pairable - 1) * observed / expected if expected else None
