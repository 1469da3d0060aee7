"""Which photos of a folder are most likely filed wrongly."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.cleaning import Action, CleaningManifest
from model.errors import DatasetError, ImageError
from model.features import FeatureStore
from model.images import decode, read_photo
from model.label_doubt import Opinion, doubt
from model.progress import Progress, silent
from model.scanning import labelled_files
from model.splitting import near_duplicate_groups, resembles

if TYPE_CHECKING:
    from model.network import Body
    from model.serving import Classifier

_BATCH = 16
_SHARP = 3  # JPEGs are decoded to no less than so many times the side that the network sees
_SUSPICIOUS = 0.5
# Places in the percentiles of a model's out-of-domain scores; the quartiles of a normal distribution are so many
# standard deviations apart.
_LOWER_QUARTILE, _MEDIAN, _UPPER_QUARTILE, _NORMAL_QUARTILES = 25, 50, 75, 1.349


class Cause(StrEnum):
    """Why a photo is suspected: it looks like another label's, or like none of them."""

    OTHER_LABEL = "other_label"
    OFF_TOPIC = "off_topic"


@dataclass(frozen=True)
class Suspect:
    """One file of `ROOT/LABEL/*`.

    `label` is where it is filed (as decisions that stand have it), `suggested` what it looks like: None for what looks
    like none of the labels. `suspicion` 0..1, higher: more likely filed wrongly. `cause` is the likelier one.
    """

    path: Path
    sha256: str
    label: str
    suggested: str | None
    suspicion: float
    cause: Cause


@dataclass(frozen=True)
class Ranking:
    """All readable photos of a folder, the most suspicious first; what cannot be judged with the reason.

    Photos that were removed while cleaning are in neither.
    """

    labels: tuple[str, ...]
    suspects: Sequence[Suspect]
    left_out: Sequence[tuple[Path, str]]


@dataclass(frozen=True)
class _Read:
    path: Path
    sha256: str
    label: str
    features: NDArray[np.float16]


def rank(
    folder: Path,
    *,
    body: "Body",
    store: FeatureStore,
    second: "Classifier | None" = None,
    progress: Progress = silent,
) -> Ranking:
    """Rank `FOLDER/LABEL/*` by suspicion. Features (D,) of photos come from `store` or go there.

    `second` is a model that has a say if it knows all labels and looks through the same body; of what it was trained on
    only where it disagrees. Labels with photos of fewer than two scenes cannot be judged and are left out. Raises
    `DatasetError` for a folder without photos, or without a label that can be judged.
    """
    left_out: list[tuple[Path, str]] = []
    photos = list(_read(folder, body, store, left_out, progress))
    if not photos:
        raise DatasetError(f"{folder}: found no photo; expected {folder}/LABEL/*.jpg")
    features = np.stack([photo.features for photo in photos]).astype(np.float32)  # (N, D)
    groups = near_duplicate_groups(features[:, None])
    scenes: dict[str, set[int]] = {}
    for photo, group in zip(photos, groups.tolist(), strict=True):
        scenes.setdefault(photo.label, set()).add(group)
    labels = tuple(sorted(label for label, found in scenes.items() if len(found) > 1))
    if not labels:
        raise DatasetError(f"{folder}: every label's photos are all alike, or one alone: nothing can be compared")
    for photo in photos:
        if photo.label not in labels:
            left_out.append((photo.path, f"too few photos of {photo.label} to compare it with"))
    rows = [row for row, photo in enumerate(photos) if photo.label in labels]
    filed = np.array([labels.index(photos[row].label) for row in rows], dtype=np.int64)
    opinion = _opinion(second, body, features[rows], filed, labels)
    judged = doubt(features[rows], filed, groups[rows], opinion=opinion, progress=progress)
    suspects = [
        _suspect(photos[row], None if likeliest < 0 else labels[likeliest], suspicion)
        for row, likeliest, suspicion in zip(rows, judged.likeliest.tolist(), judged.suspicion.tolist(), strict=True)
    ]
    suspects.sort(key=lambda suspect: (-suspect.suspicion, str(suspect.path)))
    return Ranking(labels, tuple(suspects), tuple(left_out))


def _suspect(photo: _Read, likeliest: str | None, suspicion: float) -> Suspect:
    if likeliest is None and suspicion < _SUSPICIOUS:
        likeliest = photo.label  # strange, but not enough to say so
    cause = Cause.OFF_TOPIC if likeliest in (None, photo.label) else Cause.OTHER_LABEL
    return Suspect(photo.path, photo.sha256, photo.label, likeliest, round(suspicion, 6), cause)


def _opinion(
    second: "Classifier | None",
    body: "Body",
    features: NDArray[np.float32],
    filed: NDArray[np.int64],
    labels: Sequence[str],
) -> Opinion | None:
    """What `second` makes of photos (N, D) that are `filed` (N,) under `labels`; None if it cannot be asked.

    Of a photo that it was trained on, or the like of it, it counts only when it calls it otherwise: that it knows the
    label by heart is no evidence for it.
    """
    if second is None or not second.reads_features or second.body.backbone.key != body.backbone.key:
        return None
    if not set(labels) <= set(second.vocabulary):
        return None
    probabilities, scores = second.judge_features(features)
    said = probabilities[:, [second.vocabulary.index(label) for label in labels]]
    spread = second.training_scores()
    middle, quartiles = spread[_MEDIAN], spread[_UPPER_QUARTILE] - spread[_LOWER_QUARTILE]
    strangeness = (scores - middle) / max(quartiles / _NORMAL_QUARTILES, 1e-6)
    by_heart = resembles(features, second.reference[:, None])
    return Opinion(said, strangeness, ~by_heart | (said.argmax(axis=1) != filed))


def _read(
    folder: Path,
    body: "Body",
    store: FeatureStore,
    left_out: list[tuple[Path, str]],
    progress: Progress,
) -> Iterator[_Read]:
    """The photos with their features, in order; decoded in threads, a batch ahead of the network at most."""
    files = labelled_files(folder)
    decisions = CleaningManifest(folder).standing()
    backbone = body.backbone

    def prepare(path: Path) -> tuple[str, NDArray[np.float16] | None, NDArray[np.float32] | None] | str:
        try:
            data = read_photo(path)
            sha256 = hashlib.sha256(data).hexdigest()
            known = store.get(sha256, backbone.key)
            if known is not None and known.shape == (backbone.feature_dim,):
                return sha256, known, None
            return sha256, None, backbone.to_array(decode(data, shrink_to=_SHARP * backbone.image_size))
        except (ImageError, OSError) as error:
            return str(error)

    pending: list[tuple[Path, str, str, NDArray[np.float16] | None, NDArray[np.float32] | None]] = []

    def batch() -> Iterator[_Read]:
        unknown = [array for *_, array in pending if array is not None]
        computed = iter(body.features(np.stack(unknown)).astype(np.float16) if unknown else ())
        for path, sha256, label, known, array in pending:
            if array is not None:
                known = next(computed)
                store.put(sha256, backbone.key, known)
            assert known is not None
            yield _Read(path, sha256, label, known)
        pending.clear()

    with ThreadPoolExecutor(2) as pool:
        for start in progress("looking at photos", range(0, len(files), _BATCH)):
            chunk = files[start : start + _BATCH]
            for path, found in zip(chunk, pool.map(prepare, chunk), strict=True):
                if isinstance(found, str):
                    left_out.append((path, found))
                    continue
                sha256, known, array = found
                decision = decisions.get(path.relative_to(folder).as_posix())
                label = path.parent.name
                if decision is not None and decision.sha256 == sha256:
                    if decision.action is Action.REMOVE:
                        continue
                    label = decision.label or label
                pending.append((path, sha256, label, known, array))
            yield from batch()
