"""Near-duplicates: photos that show the same scene are looked at once, and one verdict settles all of them.

An item that opens joins an open one, its leader, if the model says the same of both for the same reason and their
pictures are nearly the same; people then see the leader in its place (`review.judging` settles both). Whoever finds
that two do not belong together splits them. Functions take a session and never commit; whoever opens it commits.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from model.errors import ImageError
from model.features import FeatureStore
from model.fingerprint import FLAT, differing_bits, fingerprint, quarters
from model.images import decode
from review.database import Database
from review.errors import NotFound
from review.storage import ImageStore
from review.tables import Image, ItemStatus, ReviewItem, Submission, Verdict

_log = logging.getLogger(__name__)

_MOST_BITS = 3  # more would not be found by the quarters; see `model.fingerprint` for what is measured
# A second look at pictures whose fingerprints agree: the cosine similarity of their features. Of the photos' copies at
# JPEG quality 30 or half the size all have more; of the drawings and blank pictures that share a fingerprint some less.
_LEAST_SIMILARITY = 0.8
# Photos of one album are of one sender and moment, and there the features alone tell a burst from a change of scene:
# `model.splitting` measured from where on two photos count as one scene.
_ONE_SCENE = 0.90
_LOOKED_AT = 300  # pictures that share a quarter: a popular quarter must not hold up an intake
_COMPARED = 8  # of those the nearest, whose features are read from the disk
_ALBUM = 20  # Telegram's albums have ten photos
_FOUND_AT_ONCE, _WRITTEN_AT_ONCE = 1000, 20

_QUARTERS = (Image.quarter_0, Image.quarter_1, Image.quarter_2, Image.quarter_3)


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as it is compared: its `fingerprint`, and its features (D,) of the body that `backbone` names."""

    fingerprint: int
    backbone: str | None = None
    features: NDArray[np.float16] | None = None


@dataclass(frozen=True)
class Member:
    """One photo of a group, for the strip of thumbnails; `image_sha256` None: it was deleted."""

    item_id: int
    image_sha256: str | None
    reasons: tuple[str, ...]


def columns(value: int) -> dict[str, int | None]:
    """A fingerprint as the columns of `images`. What has nothing to tell it by is found by no quarter."""
    parts: Sequence[int | None] = quarters(value) if value != FLAT else (None,) * 4
    return {"fingerprint": value, **{f"quarter_{number}": part for number, part in enumerate(parts)}}


def join(session: Session, item: ReviewItem, seen: Seen, store: FeatureStore) -> int | None:
    """Have an item that just opened be seen with an open near-duplicate; returns that one's number, None: it is alone.

    The leader keeps its own place in the queue: what is nearly the same is ranked nearly the same.
    """
    submission = session.get_one(Submission, item.submission_id)
    leader = _by_fingerprint(session, item, seen, store) or _by_album(session, item, submission, seen, store)
    item.represented_by_id = leader
    session.flush()
    return leader


def members(session: Session, item_id: int) -> list[Member]:
    """Everything that a verdict on this item would settle, itself first; one alone if it stands for nothing else.

    For an item that is seen in another's place, that one's group. Raises `NotFound`.
    """
    item = _item(session, item_id)
    leader = item.represented_by_id or item.id
    rows = session.execute(
        select(ReviewItem.id, Submission.image_sha256, ReviewItem.reasons)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .where(
            (ReviewItem.id == leader)
            | ((ReviewItem.represented_by_id == leader) & (ReviewItem.status == ItemStatus.OPEN))
        )
        .order_by(ReviewItem.id != leader, ReviewItem.id)
    ).all()
    return [Member(row.id, row.image_sha256, tuple(row.reasons)) for row in rows]


def judged_with(session: Session, item_id: int) -> set[int]:
    """Items that one verdict was ever given on together with this one, itself among them if there are any."""
    said = select(Verdict.id, Verdict.with_id).where(Verdict.item_id == item_id)
    ids = {row.with_id or row.id for row in session.execute(said)}
    if not ids:
        return set()
    return set(session.scalars(select(Verdict.item_id).where(or_(Verdict.id.in_(ids), Verdict.with_id.in_(ids)))))


def split(session: Session, item_id: int) -> list[int]:
    """People see this item by itself from now on, and it is never grouped again; of a leader, all that it stood for.

    Returns the numbers of what stands alone now; none if nothing was grouped. Raises `NotFound`.
    """
    item = _item(session, item_id)
    alone = [item] if item.represented_by_id is not None else list(_open_members(session, item_id))
    for member in alone:
        member.represented_by_id = None
        member.separate = True
    if alone and item not in alone:
        item.separate = True
    session.flush()
    return [member.id for member in alone]


def promote(session: Session, gone: Collection[int]) -> None:
    """The oldest open member takes the place of each leader that people do not see any more, or not as it was."""
    for leader_id in gone:
        left = _open_members(session, leader_id)
        for number, member in enumerate(left):
            member.represented_by_id = left[0].id if number else None
    session.flush()


def fill_in(
    database: Database, images: ImageStore, *, limit: int = 2000, pause: Callable[[], None] = lambda: None
) -> int:
    """Fingerprints of at most `limit` photos that wait for people and have none, from before there were any.

    Returns how many were filled in. `pause` lies between short transactions. Raises `DatabaseError`, `OSError`.
    """
    with database.read() as session:
        found = session.scalars(
            select(Image.sha256)
            .join(Submission, Submission.image_sha256 == Image.sha256)
            .join(ReviewItem, ReviewItem.submission_id == Submission.id)
            .where(ReviewItem.status == ItemStatus.OPEN, Image.fingerprint.is_(None))
            .limit(min(limit, _FOUND_AT_ONCE))
        ).all()
    for start in range(0, len(found), _WRITTEN_AT_ONCE):
        some = {sha256: _stored_fingerprint(images, sha256) for sha256 in found[start : start + _WRITTEN_AT_ONCE]}
        with database.write() as session:
            for sha256, value in some.items():
                session.execute(update(Image).where(Image.sha256 == sha256).values(**columns(value)))
        pause()
    if len(found) == _FOUND_AT_ONCE < limit:
        return len(found) + fill_in(database, images, limit=limit - len(found), pause=pause)
    return len(found)


def _by_fingerprint(session: Session, item: ReviewItem, seen: Seen, store: FeatureStore) -> int | None:
    if seen.fingerprint == FLAT:
        return None
    near: dict[str, int] = {}
    for column, quarter in zip(_QUARTERS, quarters(seen.fingerprint), strict=True):
        shared = session.execute(select(Image.sha256, Image.fingerprint).where(column == quarter).limit(_LOOKED_AT))
        for sha256, other in shared:
            assert other is not None  # it has quarters
            bits = differing_bits(seen.fingerprint, other)
            if bits <= _MOST_BITS:
                near[sha256] = bits
    nearest = sorted(near, key=lambda sha256: (near[sha256], sha256))[:_COMPARED]
    if not nearest:
        return None
    leaders = session.execute(
        select(ReviewItem.id, Submission.image_sha256)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .where(Submission.image_sha256.in_(nearest), _leads(item))
        .order_by(ReviewItem.id)
    ).all()
    for leader in sorted(leaders, key=lambda row: nearest.index(row.image_sha256 or "")):
        similarity = _similarity(seen, leader.image_sha256, store)
        if similarity is None or similarity >= _LEAST_SIMILARITY:  # without features the fingerprints must do
            return int(leader.id)
    return None


def _by_album(
    session: Session, item: ReviewItem, submission: Submission, seen: Seen, store: FeatureStore
) -> int | None:
    if submission.album is None:
        return None
    rows = session.execute(
        select(ReviewItem.id, Submission.image_sha256)
        .join(Submission, ReviewItem.submission_id == Submission.id)
        .where(Submission.album == submission.album, Submission.chat_id == submission.chat_id, _leads(item))
        .order_by(ReviewItem.id)
        .limit(_ALBUM)
    ).all()
    alike = [(similarity, -row.id) for row in rows if (similarity := _similarity(seen, row.image_sha256, store))]
    best, number = max(alike, default=(-1.0, 0))
    return -number if best >= _ONE_SCENE else None


def _leads(item: ReviewItem) -> ColumnElement[bool]:
    """What `item`, which opens now, may be seen in place of: the same answer to the same question, of as many people.

    Not what somebody looks at: they would settle what they did not see. Nor what is put off: only that is to wait.
    """
    free, due = (
        or_(until.is_(None), until <= item.opened_at)
        for until in (ReviewItem.lease_expires_at, ReviewItem.deferred_until)
    )
    return (
        (ReviewItem.status == ItemStatus.OPEN)
        & free
        & due
        & ReviewItem.represented_by_id.is_(None)
        & ~ReviewItem.separate
        & ~ReviewItem.needs_adjudicator
        & (ReviewItem.id != item.id)
        & ReviewItem.suggested_label.is_not_distinct_from(item.suggested_label)
        & (ReviewItem.reason == item.reason)
        & (ReviewItem.verdicts_needed == item.verdicts_needed)
    )


def _similarity(seen: Seen, sha256: str | None, store: FeatureStore) -> float | None:
    """The cosine similarity of the features, -1..1; None: not known of both."""
    if seen.features is None or seen.backbone is None or sha256 is None:
        return None
    other = store.get(sha256, seen.backbone)
    if other is None:
        return None
    one, two = seen.features.astype(np.float32), other.astype(np.float32)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / lengths if lengths > 0 else None


def _open_members(session: Session, leader_id: int) -> Sequence[ReviewItem]:
    return session.scalars(
        select(ReviewItem)
        .where(ReviewItem.represented_by_id == leader_id, ReviewItem.status == ItemStatus.OPEN)
        .order_by(ReviewItem.id)
    ).all()


def _item(session: Session, item_id: int) -> ReviewItem:
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise NotFound(f"no item {item_id}: `bearbot review list --all` shows all")
    return item


def _stored_fingerprint(images: ImageStore, sha256: str) -> int:
    """`FLAT` for a photo that is gone or cannot be read: it has nothing to tell it by, and is not tried for ever."""
    try:
        return fingerprint(decode(images.get(sha256)))
    except (NotFound, ImageError) as error:
        _log.warning("no fingerprint of photo %s: %s", sha256, error)
        return FLAT
