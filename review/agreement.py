"""How far reviewers agree beyond chance: Krippendorff's alpha for names, with missing answers."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from review import ballots
from review.phrases import counted

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

    def to_json(self) -> dict[str, Any]:
        """For `--json`; what is not known is null."""
        return asdict(self)

    def __str__(self) -> str:
        if self.alpha is None:
            return f"unknown: several judged {counted(self.items, 'photo')}, each for themselves"
        return f"{self.alpha:.2f} ({self.low:.2f} to {self.high:.2f}, of {counted(self.items, 'photo')})"


def among_reviewers(session: Session) -> Agreement:
    """How far those agree who judged the same items blindly, before anybody decided between them. Reads only."""
    return agreement([list(words.values()) for words in ballots.blind(session).said.values()])


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
    # Items of which the same was said are alike: how often each kind is drawn is all that a draw of items tells.
    kinds = Counter(frozenset(values.items()) for values in judged)
    names = sorted({name for values in judged for name in values}, key=repr)
    counts = np.array([[dict(kind).get(name, 0) for name in names] for kind in kinds])  # (kinds, names)
    sizes = counts.sum(axis=1)
    apart = (counts * (sizes[:, None] - counts)).sum(axis=1) / (sizes - 1)  # (kinds,), as `observed` below
    shares = np.array(list(kinds.values())) / len(judged)
    drawn = np.random.default_rng(seed).multinomial(len(judged), shares, size=_DRAWS)  # (draws, kinds)
    totals, pairable = drawn @ counts, drawn @ sizes
    expected = (totals * (pairable[:, None] - totals)).sum(axis=1)
    # A draw in which everybody says one thing says nothing of chance, and nothing against agreement.
    ratio = np.divide((pairable - 1) * (drawn @ apart), expected, out=np.zeros(_DRAWS), where=expected > 0)
    low, high = np.quantile(1.0 - ratio, (0.025, 0.975))
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
