"""Photos that people labelled already and that look most like one: what was said of the like of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from model.features import FeatureStore
from review import near_duplicates
from review.database import Database
from review.tables import ItemStatus, ReviewItem, Submission

_COMPARED = 2000  # the latest settled: a file is read for each, once
_FRESH_SECONDS = 10.0  # for so long what others settle meanwhile may be missing


@dataclass(frozen=True)
class Similar:
    """A settled item. `likeness` is the cosine of the frozen features, at most 1."""

    item_id: int
    image_sha256: str
    label: str
    likeness: float


@dataclass(frozen=True)
class _Settled:
    item_id: int
    image_sha256: str
    label: str
    group: int


class Labelled:
    """Settled items with their features in memory. For one thread: the first call reads them all."""

    def __init__(
        self, database: Database, features: FeatureStore, backbone: str | None, *, fresh_seconds: float = _FRESH_SECONDS
    ) -> None:
        """`backbone` None: there is no model, so nothing is like anything."""
        self._database = database
        self._features = features
        self._backbone = backbone
        self._known: dict[str, NDArray[np.float32]] = {}
        self._rows: list[_Settled] = []
        self._matrix: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)
        self._fresh_seconds = fresh_seconds
        self._read_at: float | None = None
        self._last_deleted: int | None = None

    def nearest(self, item_id: int, image_sha256: str, *, count: int = 3) -> Sequence[Similar]:
        """The settled items most like this photo, nearest first, itself and its near-duplicates left out.

        Nor is what was judged with it among them: an item that measures its reviewer would be seen by what it is known
        to be. Empty where no model described the photo, or nothing is settled yet.
        """
        if self._read_at is None or monotonic() - self._read_at >= self._fresh_seconds:
            self._read()
        mine = self._described(image_sha256)
        if mine is None or not self._rows:
            return ()
        with self._database.read() as session:
            itself = {item_id, *near_duplicates.judged_with(session, item_id)}
        likeness = self._matrix @ mine  # (N,)
        found: list[Similar] = []
        for index in np.argsort(-likeness, kind="stable"):
            row = self._rows[int(index)]
            if itself.isdisjoint((row.item_id, row.group)) and row.image_sha256 != image_sha256:
                found.append(Similar(row.item_id, row.image_sha256, row.label, float(likeness[index])))
            if len(found) == count:
                break
        return found

    def _read(self) -> None:
        deleted = self._features.last_deleted()
        if deleted != self._last_deleted:  # whoever had their photos deleted is not compared with any more
            self._known.clear()
            self._last_deleted = deleted
        with self._database.read() as session:
            rows = session.execute(
                select(ReviewItem.id, Submission.image_sha256, ReviewItem.final_label, ReviewItem.represented_by_id)
                .join(Submission, ReviewItem.submission_id == Submission.id)
                .where(ReviewItem.status == ItemStatus.SETTLED, Submission.image_sha256.is_not(None))
                .order_by(ReviewItem.settled_at.desc())
                .limit(_COMPARED)
            ).all()
        settled = [_Settled(row[0], row[1] or "", row[2] or "", row[3] or row[0]) for row in rows]
        self._rows = [row for row in settled if self._described(row.image_sha256) is not None]
        if self._rows:
            self._matrix = np.stack([self._known[row.image_sha256] for row in self._rows])
        self._read_at = monotonic()

    def _described(self, image_sha256: str) -> NDArray[np.float32] | None:
        """Unit length (D,); None if no model described the photo."""
        if image_sha256 not in self._known:
            stored = self._features.get(image_sha256, self._backbone) if self._backbone is not None else None
            if stored is None:
                return None
            vector = stored.astype(np.float32)
            self._known[image_sha256] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return self._known[image_sha256]
