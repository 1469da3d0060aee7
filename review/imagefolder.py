"""Settled photos as a folder for each label, with a manifest as `model.dataset` reads it.

`FOLDER/label/sha256.jpg`, or `FOLDER/train/label/sha256.jpg` and `FOLDER/test/...` where a test share is asked for.
Made again in the same folder, it brings what is new, moves what was settled otherwise and removes what was erased. A
folder that something else is in is left alone. Photos stay on the side of the split on which they were: what a model
was trained on must not become what it is tested on, even if two groups turn out to be one.
"""

import fcntl
import hashlib
import hmac
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.errors import ModelError
from review.database import Database
from review.errors import NotFound, ReviewError
from review.record_file import written_whole
from review.secret_keys import secret_key
from review.storage import LocalImageStore
from review.tables import NONE_OF_THESE, ItemStatus, ReviewItem, Submission

MANIFEST = "manifest.jsonl"
_MARK = ".bearbot-imagefolder"  # made first, so that a folder which was cut off is known as ours
_MARK_SAYS = "made by `bearbot review export --format imagefolder`; photos here come and go\n"
_HALF = ".bearbot-"  # what begins so and ends with .part was not written to its end
_GROUPS = "groups"
_OURS = re.compile(r"[0-9a-f]{64}\.jpg")
_FOLDER_NAME = re.compile(r"[^\W_][\w .'-]{0,63}")  # as `model.labels` has them

Shown = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Synced:
    """What changed in the folder.

    What is not in it was settled in two ways, is not in the store, or its label is no name for a folder.
    """

    photos: int
    added: int
    removed: int
    contradictory: int
    missing: int
    unfit: int


def write_imagefolder(
    database: Database,
    images: LocalImageStore,
    folder: Path,
    *,
    test_share: float | None = None,
    link: bool = False,
    shown: Shown = lambda things: things,
    now: datetime,
) -> Synced:
    """Make `folder` what people have settled. `test_share` (0..1) of the groups go to the test side.

    A group is all of one sender and all near-duplicates of it: no sender is on both sides. A group stays where it is
    as long as the share is the same; if groups of both sides became one, it is for training. `link`: hard links instead
    of copies, which must not be written to. Raises `ReviewError`, `OSError`.
    """
    with database.write() as session:
        key = secret_key(session, _GROUPS, now)
    with _claimed(folder) as mark:
        earlier = _earlier(folder, mark, test_share)
        with database.read() as session:
            photos, contradictory = _settled(session, key, test_share, earlier)
        if test_share is None or not earlier:
            _write_mark(mark, None)  # until the manifest is the one of this share
        done = _bring_up_to_date(folder, images, photos, contradictory, test_share, link=link, shown=shown)
        _write_mark(mark, test_share)
    return done


def _bring_up_to_date(
    folder: Path,
    images: LocalImageStore,
    photos: Sequence[Photo],
    contradictory: int,
    test_share: float | None,
    *,
    link: bool,
    shown: Shown,
) -> Synced:
    fit = [photo for photo in photos if _FOLDER_NAME.fullmatch(photo.label)]
    wanted = {_place(photo, test_share): photo for photo in fit}
    here = set(_present(folder))
    there: list[Photo] = []
    added = 0
    for place, photo in shown(list(wanted.items())):
        if place in here or _put(images, photo.sha256, folder / place, link=link):
            there.append(photo)
            added += place not in here
    # The manifest first: what it names is there, whenever this is cut off.
    with written_whole(folder / MANIFEST) as file:
        file.write(DatasetManifest(tuple(there)).to_lines().encode())
    gone = here - wanted.keys()
    for place in gone:
        (folder / place).unlink(missing_ok=True)
    for parent in sorted({(folder / place).parent for place in gone}, reverse=True):
        with suppress(OSError):  # not empty
            parent.rmdir()
    return Synced(
        photos=len(there),
        added=added,
        removed=len(gone),
        contradictory=contradictory,
        missing=len(fit) - len(there),
        unfit=len(photos) - len(fit),
    )


@contextmanager
def _claimed(folder: Path) -> Iterator[IO[str]]:
    """The mark of the folder, which nobody else writes to meanwhile; what a killed export left half-written is gone."""
    if folder.exists() and not folder.is_dir():
        raise ReviewError(f"expected a folder to write to, and {folder} is a file")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _MARK).exists() and any(folder.iterdir()):
        raise ReviewError(f"expected an empty folder, or one of an earlier export, and {folder} holds other things")
    with (folder / _MARK).open("a+", encoding="utf-8") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReviewError(f"another export writes to {folder} at the moment") from None
        for pattern in (f".{MANIFEST}.*.part", *(f"{place}/{_HALF}*.part" for place in ("*", "train/*", "test/*"))):
            for half in folder.glob(pattern):
                half.unlink(missing_ok=True)
        yield mark


def _write_mark(mark: IO[str], test_share: float | None) -> None:
    mark.seek(0)
    mark.truncate()
    mark.write(_MARK_SAYS if test_share is None else f"{_MARK_SAYS}{_share_line(test_share)}")
    mark.flush()


def _share_line(test_share: float) -> str:
    return f"test share {test_share}\n"


def _earlier(folder: Path, mark: IO[str], test_share: float | None) -> dict[str, Split]:
    """sha256 -> its side in the manifest, if that was split by the same share. Raises `ReviewError`."""
    mark.seek(0)
    if test_share is None or _share_line(test_share) not in mark.read():
        return {}
    try:
        manifest = DatasetManifest.from_lines((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ModelError, UnicodeDecodeError) as error:
        raise ReviewError(
            f"{folder / MANIFEST} says which photos are for tests, and cannot be read ({error}): "
            "delete it, and they are chosen anew"
        ) from error
    return {photo.sha256: photo.split for photo in manifest.photos}


def _settled(
    session: Session, key: bytes, test_share: float | None, earlier: Mapping[str, Split]
) -> tuple[list[Photo], int]:
    """Each settled photo once, in the order of its items; and how many were settled in two ways."""
    rows = session.execute(
        select(
            ReviewItem.id,
            func.coalesce(ReviewItem.represented_by_id, ReviewItem.id),
            ReviewItem.final_label,
            Submission.image_sha256,
            Submission.asker_id,
        )
        .join(Submission, Submission.id == ReviewItem.submission_id)
        .where(ReviewItem.status == ItemStatus.SETTLED, Submission.image_sha256.is_not(None))
        .order_by(ReviewItem.id)
    )
    groups = _Groups()
    said: dict[str, str | None] = {}  # None: two things
    item_of: dict[str, int] = {}
    for item, leader, label, sha256, asker in rows:
        assert sha256 is not None  # it was asked for
        groups.join(f"item {item}", f"item {leader}")
        groups.join(f"item {item}", f"photo {sha256}")
        if asker is not None:
            groups.join(f"item {item}", f"asker {asker}")
        item_of.setdefault(sha256, item)
        said[sha256] = label if said.get(sha256, label) == label else None
    sides: dict[str, Split] = {}
    for sha256, item in item_of.items():
        name = groups.of(f"item {item}")
        if sha256 in earlier and sides.get(name) is not Split.TRAIN:
            sides[name] = earlier[sha256]
    photos = []
    for sha256, label in said.items():
        if label is None:
            continue
        name = groups.of(f"item {item_of[sha256]}")
        # Nobody outside can tell the number of a sender from it, nor whether two exports of others have one in common.
        group = hmac.new(key, name.encode(), hashlib.sha256).hexdigest()
        test = test_share is not None and int(group[:13], 16) / 16**13 < test_share
        if name in sides:
            test = sides[name] is Split.TEST
        photos.append(
            Photo(
                sha256=sha256,
                label=label,
                split=Split.TEST if test else Split.TRAIN,
                group=group[:16],
                origin=Origin.REVIEW,
                licence=None,  # whoever sent it did not say
                kind=Kind.NONE if label == NONE_OF_THESE else Kind.SUBJECT,
            )
        )
    return photos, sum(label is None for label in said.values())


class _Groups:
    """Names that belong together, by union and find; a group is called by the first of its names in order."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, name: str) -> str:
        root = name
        while (above := self._above.get(root, root)) != root:
            root = above
        while (above := self._above.get(name, name)) != root:
            self._above[name], name = root, above
        return root

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._above[second] = first


def _place(photo: Photo, test_share: float | None) -> str:
    side = f"{photo.split.value}/" if test_share is not None else ""
    return f"{side}{photo.label}/{photo.sha256}.jpg"


def _present(folder: Path) -> Iterator[str]:
    """Photos that an export put here, also one that was split otherwise."""
    for pattern in ("*/*.jpg", "train/*/*.jpg", "test/*/*.jpg"):
        for path in folder.glob(pattern):
            if _OURS.fullmatch(path.name):
                yield path.relative_to(folder).as_posix()


def _put(images: LocalImageStore, sha256: str, path: Path, *, link: bool) -> bool:
    """False: the photo is not in the store (any more)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if link:
            try:
                os.link(images.path(sha256), path)
                return True
            except FileNotFoundError:
                return False
            except OSError:
                pass  # another disk, or one that knows no hard links: a copy does as well
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_HALF, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(images.get(sha256))
            shutil.copymode(images.path(sha256), name)
            Path(name).replace(path)
        except BaseException:  # whatever it is, Ctrl-C too, half a photo goes; it is raised on
            Path(name).unlink(missing_ok=True)
            raise
    except NotFound:
        return False
    return True
