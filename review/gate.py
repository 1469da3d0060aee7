"""The gate: may a candidate answer? Decided on the frozen test set, with chance taken into account."""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import binomtest

# What a candidate's losses may come to by chance, one-sided, before it counts as worse.
WORSE_P = 0.2


@dataclass(frozen=True)
class GateDecision:
    """Whether a candidate may answer, and why, in words for an operator."""

    promote: bool
    explanation: str


def gate(
    *, candidate: Mapping[str, bool], rivals: Mapping[str, Mapping[str, bool]], counted: str = "test photos wrong"
) -> GateDecision:
    """A candidate may answer unless it is worse than one of its `rivals` (version -> test photo -> right or not).

    A photo or two more or less say nothing on a test set of some hundred. Worse is, by a one-sided exact sign test on
    the photos that only one of the two gets right, what at most one in five equally good models would show. The rivals
    are the champion and the best version so far: small steps down cannot add up. `counted`: what a photo that is not
    right is, in words.
    """
    wrong = sum(not right for right in candidate.values())
    sentences = []
    for version, rival in rivals.items():
        if rival.keys() != candidate.keys():
            return GateDecision(False, f"cannot be compared: {version} was measured on other test photos")
        lost = sum(rival[photo] and not candidate[photo] for photo in candidate)
        won = sum(candidate[photo] and not rival[photo] for photo in candidate)
        p = binomtest(lost, lost + won, alternative="greater").pvalue if lost + won else 1.0
        sentence = (
            f"{wrong} of {len(candidate)} {counted}, {version} has {wrong - lost + won} "
            f"({lost} lost, {won} won, p = {p:.2f})"
        )
        if p <= WORSE_P:
            return GateDecision(False, f"worse: {sentence}")
        sentences.append(sentence)
    return GateDecision(True, f"not worse: {'; '.join(sentences)}")
