"""From votes to one final label: how many must agree, what becomes of disagreement, whose word weighs how much."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_TRUSTED = 0.9  # from this reliability on a vote counts in full
_ENOUGH = 1e-9  # weights are sums of rounded numbers


@dataclass(frozen=True)
class Vote:
    """What one reviewer says an item shows: a label, or "none" for none of these."""

    reviewer: int
    label: str
    weight: float = 1.0
    adjudicates: bool = False


@dataclass(frozen=True)
class Consensus:
    """`final` is None while an item is open; `disagreement`: it is, because reviewers say different things."""

    final: str | None
    disagreement: bool = False


def weight(reliability: float | None) -> float:
    """How much of a vote somebody's vote is, 0..1, by the chance (0..1) that their label is right; None: in full.

    The log-odds, which are the best weights of independent votes (Nitzan & Paroush 1982), as a share of a trusted
    reviewer's: who is right in 70 of 100 cases needs two others like them, and who only guesses counts nothing.
    """
    if reliability is None or reliability >= _TRUSTED:
        return 1.0
    return max(0.0, _log_odds(max(reliability, 0.5)) / _log_odds(_TRUSTED))


def decide(votes: Sequence[Vote], *, needed: int = 1) -> Consensus:
    """What the standing votes (oldest first) come to; of each reviewer the last one counts.

    An adjudicator's word is final. Without one all must say the same: one alone where one is `needed`; else with the
    weight of so many trusted reviewers, or one more than that.
    """
    for vote in reversed(votes):
        if vote.adjudicates:
            return Consensus(vote.label)
    last = {vote.reviewer: vote for vote in votes}
    said = {vote.label for vote in last.values()}
    if not said:
        return Consensus(None)
    if len(said) > 1:
        return Consensus(None, disagreement=True)
    # Weights ask for one more voice, where several are asked for anyway: nobody else may be there to be asked.
    agreed = needed == 1 or len(last) > needed or sum(vote.weight for vote in last.values()) + _ENOUGH >= needed
    return Consensus(said.pop() if agreed else None)


def _log_odds(chance: float) -> float:
    return math.log(chance / (1.0 - chance))
