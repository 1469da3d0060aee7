"""The slate: the first few hundred open items in the order in which they are given out, near-identical photos apart.

The stored priority says how much an answer was worth by itself when the photo came. A model that was trained since may
know better, and twenty photos alike are worth little more than one of them. So when items are served, the first ones
are valued by the present model, and each next one is the best of those unlike what was labelled lately and what stands
before it. That costs some milliseconds and is done beside the claims: no claim waits for it.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from model.artifact import Artifact
from model.calibration import softmax
from model.errors import ModelError
from model.features import FeatureStore
from model.registry import Registry
from review.clock import utc_now
from review.database import Database
from review.errors import ReviewError
from review.policy import uncertainty_of, value
from review.tables import ItemStatus, ReviewItem, Submission

_log = logging.getLogger(__name__)

Uncertainties = Callable[[NDArray[np.float32]], list[float | None]]

_LENGTH = 300  # items: hours of work, and a few milliseconds of comparing
_GIVEN_OUT = 100  # until the next one is made; each claim looks through them
_LATELY = 300  # settled items that new ones are compared with
_FRESH_SECONDS = 10.0
# How much unlikeness counts beside the stored value of the same 0..1: see `tests/benchmarks/ranking.py`.
_UNLIKENESS_WEIGHT = 0.2


@dataclass(frozen=True)
class Eyes:
    """How the present model sees photos: the key of the features that it looks at, and what it makes of them.

    `uncertainties`: features (N, D) -> N numbers 0..1. None: it cannot tell from features alone.
    """

    backbone: str
    uncertainties: Uncertainties | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """An open item: its reason class, the `value` (0..1) of an answer, and its features (D,) if there are any."""

    item_id: int
    reason: Hashable
    value: float
    features: NDArray[np.floating] | None = None


def diversify(
    candidates: Sequence[Candidate],
    *,
    known: NDArray[np.floating] | None = None,
    weight: float = _UNLIKENESS_WEIGHT,
) -> list[int]:
    """The numbers of `candidates` (in the order of the queue) in a better order; each once, none left out.

    Greedily the one with the highest (1 - weight) * value + weight * unlikeness, which is 1 - the highest cosine
    similarity (0..1) to `known` (K, D) and to what was taken before: maximal marginal relevance (Carbonell & Goldstein
    1998). Reasons stay in the order in which they come, and what has no features stays where it is among its own.
    """
    order: list[int] = []
    taken = np.empty((0, 0)) if known is None else _unit(known)
    for _, alike in groupby(candidates, key=lambda candidate: candidate.reason):
        group = list(alike)
        comparable = [candidate for candidate in group if candidate.features is not None]
        if comparable:
            rows = _unit(np.stack([_features(candidate) for candidate in comparable]))  # (N, D)
            picked, taken = _greedy(comparable, rows, taken, weight)
            better = iter(picked)
            group = [candidate if candidate.features is None else next(better) for candidate in group]
        order += [candidate.item_id for candidate in group]
    return order


class Slate:
    """Keeps the order for some seconds, and makes the next one in a thread of its own. Thread-safe."""

    def __init__(
        self,
        database: Database,
        features: FeatureStore,
        eyes: Callable[[], Eyes | None],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`eyes` None: there is no model, and the queue's order stays."""
        self._database = database
        self._features = features
        self._eyes = eyes
        self._clock = clock
        self._lock = threading.Lock()
        self._order: tuple[int, ...] = ()
        self._fresh_until = -math.inf

    @classmethod
    def of(cls, database: Database, registry: Registry) -> "Slate":
        """Of an installation: photos are compared and valued as its champion sees them."""
        known: dict[str, Eyes] = {}

        def eyes() -> Eyes | None:
            try:
                version = registry.champion()
                if version not in known:
                    seen_by = _eyes_of(registry.load(version))
                    known.clear()
                    known[version] = seen_by
            except ModelError:  # whoever needs the model says what is wrong with it
                return None
            return known[version]

        return cls(database, registry.feature_store, eyes)

    def order(self) -> Sequence[int]:
        """For `first=` of a claim. Never waits: until there is one it is empty, and claims follow the queue.

        An item that was settled since is skipped by the claim; one that came since comes after these, for seconds.
        """
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                self._fresh_until = time.monotonic() + _FRESH_SECONDS  # nobody else begins meanwhile
                threading.Thread(target=self._refresh_quietly, name="slate", daemon=True).start()
            return self._order

    def refresh(self) -> Sequence[int]:
        """Make it now, and wait for it: for a command that claims once. Raises `DatabaseError` and `OSError`."""
        eyes = self._eyes()
        order: list[int] = []
        if eyes is not None:
            with self._database.read() as session:
                waiting, lately = _waiting(session, self._clock()), _settled_lately(session)
            known = [row for sha256 in lately if (row := self._features.get(sha256, eyes.backbone)) is not None]
            order = diversify(self._candidates(waiting, eyes), known=np.stack(known) if known else None)
        with self._lock:
            self._order = tuple(order[:_GIVEN_OUT])
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
            return self._order

    def _candidates(self, waiting: Sequence[Any], eyes: Eyes) -> list[Candidate]:
        """What the model of that time did not know the present one may have learnt."""
        features = [
            self._features.get(item.image_sha256, eyes.backbone) if item.image_sha256 is not None else None
            for item in waiting
        ]
        uncertainties = [item.uncertainty for item in waiting]
        there = [number for number, row in enumerate(features) if row is not None]
        if eyes.uncertainties is not None and there:
            rows = np.stack([row for row in features if row is not None]).astype(np.float32)
            for number, now in zip(there, eyes.uncertainties(rows), strict=True):
                uncertainties[number] = now
        return [
            Candidate(item.id, item.reason, value(uncertainty, item.novelty), row)
            for item, uncertainty, row in zip(waiting, uncertainties, features, strict=True)
        ]

    def _refresh_quietly(self) -> None:
        try:
            self.refresh()
        except (ReviewError, ModelError, OSError) as error:  # the queue's own order is a good one, too
            _log.warning("what is reviewed first is not diversified for now: %s", error)


def _eyes_of(artifact: Artifact) -> Eyes:
    head, temperature = artifact.head, artifact.card.temperature
    if artifact.card.fine_tuned:  # its head looks at other features than those that are stored
        return Eyes(artifact.card.features_key)
    return Eyes(
        artifact.card.features_key,
        lambda features: [uncertainty_of(row) for row in softmax(head.logits(features) / temperature)],
    )


def _waiting(session: Session, now: datetime) -> Sequence[Any]:
    """The first of the queue: rows of id, reason, uncertainty, novelty and image_sha256."""
    return session.execute(
        select(ReviewItem.id, ReviewItem.reason, ReviewItem.uncertainty, ReviewItem.novelty, Submission.image_sha256)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .where(
            ReviewItem.status == ItemStatus.OPEN,
            ReviewItem.represented_by_id.is_(None),
            or_(ReviewItem.lease_expires_at.is_(None), ReviewItem.lease_expires_at <= now),
            or_(ReviewItem.deferred_until.is_(None), ReviewItem.deferred_until <= now),
        )
        .order_by(ReviewItem.priority.desc(), ReviewItem.id)
        .limit(_LENGTH)
    ).all()


def _settled_lately(session: Session) -> Sequence[str]:
    found = session.scalars(
        select(Submission.image_sha256)
        .join(ReviewItem, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.status == ItemStatus.SETTLED)
        .order_by(ReviewItem.settled_at.desc())
        .limit(_LATELY)
    ).all()
    return [sha256 for sha256 in found if sha256 is not None]


def _greedy(
    candidates: Sequence[Candidate], rows: NDArray[np.float64], known: NDArray[np.float64], weight: float
) -> tuple[list[Candidate], NDArray[np.float64]]:
    """`candidates` with their unit features `rows` (N, D), reordered; and `known` with them."""
    similarities = rows @ rows.T  # (N, N)
    fits = known.shape[1:] == rows.shape[1:] and len(known)
    nearest = (rows @ known.T).max(axis=1) if fits else np.zeros(len(rows))
    value = (1.0 - weight) * np.clip(np.array([candidate.value for candidate in candidates]), 0.0, 1.0)
    left = np.ones(len(rows), dtype=np.bool_)
    picked = []
    for _ in candidates:
        gain = value + weight * (1.0 - np.clip(nearest, 0.0, 1.0))
        best = int(np.where(left, gain, -np.inf).argmax())  # the first of equals: the queue's order
        left[best] = False
        picked.append(candidates[best])
        nearest = np.maximum(nearest, similarities[best])
    return picked, np.concatenate([known, rows]) if fits else rows


def _unit(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rows (N, D) of length 1; what is no direction stays 0, and is unlike everything."""
    rows = np.nan_to_num(features.astype(np.float64), posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return result


def _features(candidate: Candidate) -> NDArray[np.floating]:
    assert candidate.features is not None
    return candidate.features
