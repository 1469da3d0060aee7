"""How far a reviewer can be trusted: Dawid & Skene's model of observers who err, by expectation and maximization.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", Journal of
the Royal Statistical Society C 28(1), 1979. Nobody needs to know the truth: observers who agree with the others are
right more often. Where it is known (gold items), it is taken as known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from review import ballots
from review.tables import Reviewer

_MOST_ROUNDS = 1000
_CONVERGED = 1e-8  # largest change of any probability in one round
_ENOUGH = 20  # answers below which nobody is said to be more or less reliable than others
_PSEUDO_ANSWERS = 0.1  # of each kind, in each row of an observer's table: one answer says little of a class


@dataclass(frozen=True)
class ObserverModel:
    """`prior` (K,): how frequent each class is. `errors` (R, K, K): what each observer says (last) of each true class.

    `truth` (N, K): how probable each class is for each item.
    """

    prior: NDArray[np.float64]
    errors: NDArray[np.float64]
    truth: NDArray[np.float64]

    def reliability(self) -> NDArray[np.float64]:
        """(R,): the chance that an observer names the true class, over classes as frequent as they are."""
        reliability: NDArray[np.float64] = np.einsum("k,rkk->r", self.prior, self.errors)
        return reliability


def fit(counts: NDArray[np.int64], *, known: Mapping[int, int] | None = None, smoothing: float = 0.0) -> ObserverModel:
    """Fit to `counts` (N, R, K): how often each observer put each item into each class; zeros where they did not.

    `known`: true classes of items whose truth is known, by row. `smoothing` pseudo-answers of each kind in each row of
    an observer's table keep few answers from being taken for certainty; 0 is the paper's maximum likelihood. Starts, as
    the paper does, from the shares of the votes. Raises `ValueError` for an item of which nobody said anything.
    """
    if counts.ndim != 3 or not counts.sum(axis=(1, 2)).all():
        raise ValueError(f"expected counts (N, R, K) with at least one answer an item, got shape {counts.shape}")
    answers = counts.astype(np.float64)
    truth = _fixed(answers.sum(axis=1) / answers.sum(axis=(1, 2))[:, None], known)
    for _ in range(_MOST_ROUNDS):
        prior = truth.mean(axis=0)
        said = np.einsum("nk,nrj->rkj", truth, answers) + smoothing  # (R, K, K)
        totals = said.sum(axis=2, keepdims=True)
        # Of a class that nobody ever saw them judge, nothing is known: every answer is as likely as the others.
        errors = np.divide(said, totals, out=np.full_like(said, 1 / said.shape[2]), where=totals > 0)
        with np.errstate(divide="ignore"):
            log_truth = np.log(prior) + np.einsum("nrj,rkj->nk", answers, np.maximum(np.log(errors), -1e3))
        log_truth -= log_truth.max(axis=1, keepdims=True)
        after = np.exp(log_truth)
        after = _fixed(after / after.sum(axis=1, keepdims=True), known)
        change = float(np.abs(after - truth).max())
        truth = after
        if change < _CONVERGED:
            break
    return ObserverModel(prior, errors, truth)


@dataclass(frozen=True)
class Measured:
    """How far a reviewer can be trusted, by `judged` items; `chance` (0..1) is None while these are too few."""

    judged: int
    chance: float | None


def measure(session: Session) -> dict[int, Measured]:
    """By reviewer, what their answers to gold items, and to what others judged as well, tell of them. Reads only."""
    blind, gold = ballots.blind(session), ballots.gold(session)
    said = {item: {**blind.said.get(item, {}), **gold.said.get(item, {})} for item in {*blind.said, *gold.said}}
    known = {**blind.known, **gold.known}
    if not said:
        return {}
    items, reviewers = sorted(said), sorted({one for words in said.values() for one in words})
    labels = sorted({*known.values(), *(label for words in said.values() for label in words.values())})
    counts = np.zeros((len(items), len(reviewers), len(labels)), dtype=np.int64)
    for row, item in enumerate(items):
        for reviewer, label in said[item].items():
            counts[row, reviewers.index(reviewer), labels.index(label)] = 1
    truths = {row: labels.index(known[item]) for row, item in enumerate(items) if item in known}
    chances = fit(counts, known=truths, smoothing=_PSEUDO_ANSWERS).reliability()
    judged = counts.sum(axis=(0, 2))
    return {
        reviewer: Measured(int(count), min(1.0, float(chance)) if count >= _ENOUGH else None)
        for reviewer, count, chance in zip(reviewers, judged, chances, strict=True)
    }


def record(session: Session, measured: Mapping[int, Measured]) -> None:
    """Have votes weighed by what `measure` found, under all names of a reviewer; never commits."""
    for reviewer in session.scalars(select(Reviewer)):
        found = measured.get(reviewer.same_as_id or reviewer.id)
        reviewer.reliability = found.chance if found is not None else None
    session.flush()


def _fixed(truth: NDArray[np.float64], known: Mapping[int, int] | None) -> NDArray[np.float64]:
    for row, true_class in (known or {}).items():
        truth[row] = 0.0
        truth[row, true_class] = 1.0
    return truth
