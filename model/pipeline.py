"""From photos to a candidate: gather features, split, fit, and hand over to be measured."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model.artifact import Artifact, packed, unpacked
from model.backbone import DEFAULT_BACKBONE
from model.candidate import Candidate, Training, candidate_of
from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.errors import DatasetError, ModelError
from model.extraction import extract
from model.features import FeatureStore
from model.fitting import Fit, Outside, Side, fit_head, fit_network, outside_of, side_of
from model.images import decode, read_photo
from model.labels import Vocabulary
from model.network import Body, load_body
from model.progress import Progress, silent
from model.scanning import FoundPhoto, Scan, scan_folder, scan_outliers
from model.splitting import near_duplicate_groups, resembles, split_outliers, split_photos
from model.weights import StoredWeights


@dataclass(frozen=True)
class ReviewedPhoto:
    """A photo that people judged; its features are in the feature store. Photos of one `group` stay together.

    `label` None: it shows none of the labels. `sampled`: it belongs to a uniform sample of all that people sent.
    """

    sha256: str
    label: str | None
    group: str
    sampled: bool = False


def train(
    folder: Path,
    *,
    device: torch.device,
    description: str,
    fine_tune: bool,
    near: Path | None = None,
    far: Path | None = None,
    backbone: str = DEFAULT_BACKBONE,
    weights: StoredWeights | None = None,
    labels: Sequence[str] = (),
    licences: Mapping[str, str] | None = None,
    seed: int = 20,
    progress: Progress = silent,
) -> Candidate:
    """`FOLDER/LABEL/*` -> a candidate. Raises `DatasetError` for a folder that cannot be trained on.

    `labels`, if any, are those that the folder must have photos of: no more and no fewer. `licences`: sha256 -> the
    licence of a photo of which it is known, for the manifest.
    `near` and `far` hold pictures that show none of the labels: that look like the subject, and that do not. The head
    is trained on features of the frozen body, computed once; with `fine_tune` the whole network is trained.
    """
    scans = [scan_folder(folder, lambda paths: progress("reading", paths))]
    if labels:
        _refuse_other_labels(folder, {photo.label for photo in scans[0].photos}, labels)
    vocabulary = scans[0].vocabulary
    for root, kind in ((near, Kind.NEAR), (far, Kind.FAR)):
        if root is not None:
            known = [photo.sha256 for scan in scans for photo in scan.photos]
            scans.append(scan_outliers(root, kind, known, lambda paths: progress("reading outliers", paths)))
    found = [photo for scan in scans for photo in scan.photos]
    body = load_body(backbone, device, weights)
    features = _features_of(found, body, progress)
    known_licences = licences or {}
    photos = (replace(photo, licence=known_licences.get(photo.sha256)) for photo in _split(scans, features, seed))
    manifest = DatasetManifest(tuple(photos))
    training = _training(
        manifest,
        manifest.photos,
        features,
        vocabulary,
        body,
        seed,
        data={"description": description, "left_out": sum(len(scan.left_out) for scan in scans)},
    )
    training = replace(training, weights=weights.sha256 if weights else None)
    paths = {photo.sha256: photo.path for photo in found} if fine_tune else None
    candidate = candidate_of(_fit(training, paths, progress), training)
    return replace(candidate, left_out=tuple((str(path), why) for scan in scans for path, why in scan.left_out))


def _refuse_other_labels(folder: Path, found: Set[str], labels: Sequence[str]) -> None:
    missing = [f"has no photo in {folder / label}" for label in labels if label not in found]
    strange = [f"has photos in {folder / label}" for label in sorted(found - set(labels))]
    if missing or strange:
        raise DatasetError(
            f"expected photos of {', '.join(labels)} (MODEL_LABELS), and {folder} {', '.join((*missing, *strange))}: "
            "gather what is missing, move away what does not belong there, or change MODEL_LABELS"
        )


def retrain(
    champion: Artifact,
    reviewed: Sequence[ReviewedPhoto],
    *,
    store: FeatureStore,
    device: torch.device,
    weights: StoredWeights | None = None,
    paths: Mapping[str, Path] | None = None,
    seed: int = 20,
    progress: Progress = silent,
) -> Candidate:
    """The champion's base photos and what people judged -> a candidate measured on the same frozen test set.

    The head is trained on features. With `paths` (sha256 -> file, of base and reviewed photos) the whole network is
    fine-tuned; `DatasetError` names how many files are missing. Reviewed photos that resemble a test photo are left
    out, as are those whose features are gone. `weights`: the champion's (`Registry.stored_weights`). Raises
    `DatasetError` when a label is none of the champion's.
    """
    vocabulary = Vocabulary(champion.card.labels)
    base = champion.base_photos()
    tested = champion.base_features[[photo.split is Split.TEST for photo in base]]
    shape = champion.base_features.shape[1:]
    added, left_out = _usable(reviewed, tested, base, shape, store, champion.card.features_key, vocabulary)
    training = _training(
        DatasetManifest((*base, *(photo for photo, _ in added))),
        (*base, *(photo for photo, _ in added)),
        np.concatenate([champion.base_features, *(row[None] for _, row in added)]),
        vocabulary,
        load_body(champion.card.backbone, device, weights),
        seed,
        data={"description": champion.card.data.get("description", ""), "left_out": len(left_out)},
    )
    training = replace(
        training,
        base_features=champion.base_features,
        parent=champion.card.version,
        weights=champion.card.weights,
        traffic=frozenset(photo.sha256 for photo in reviewed if photo.sampled),
    )
    if paths is not None:
        missing = sum(photo.sha256 not in paths for photo in training.manifest.photos)
        if missing:
            raise DatasetError(
                f"{missing} of {len(training.manifest.photos)} photos are not at hand: name the folders that the model "
                "was trained on, or retrain the head alone"
            )
    candidate = candidate_of(_fit(training, paths, progress), training)
    return replace(candidate, left_out=tuple(left_out))


def _fit(training: Training, paths: Mapping[str, Path] | None, progress: Progress) -> Fit:
    if not np.isfinite(training.base_features).all():
        raise ModelError("features of training photos are no numbers (NaN or infinite): compute them again")
    known = (training.sides, training.outsides)
    if paths is None:
        return fit_head(*known, training.vocabulary, training.body.device, training.seed, progress)
    return fit_network(*known, paths, training.vocabulary, training.body, training.seed, progress)


def _training(
    manifest: DatasetManifest,
    photos: Sequence[Photo],
    features: NDArray[np.float16],
    vocabulary: Vocabulary,
    body: Body,
    seed: int,
    data: Mapping[str, object],
) -> Training:
    sides: dict[Split, Side] = {split: side_of(photos, features, split, vocabulary) for split in Split}
    outsides: dict[Split, Outside] = {split: outside_of(photos, features, split) for split in Split}
    return Training(sides, outsides, manifest, features, vocabulary, body, data, seed)


def _split(scans: Sequence[Scan], features: NDArray[np.float16], seed: int) -> tuple[Photo, ...]:
    """The photos of the first scan by label, the outliers of the others by kind; near-duplicates on one side."""
    subject = len(scans[0].photos)
    groups = near_duplicate_groups(features.astype(np.float32))
    outliers = [photo for scan in scans[1:] for photo in scan.photos]
    photos = split_photos(scans[0].photos, groups[:subject], seed=seed)
    sides = {int(group): photo.split for photo, group in zip(photos, groups[:subject], strict=True)}
    return (*photos, *split_outliers(outliers, groups[subject:], sides, seed=seed))


def _features_of(photos: Sequence[FoundPhoto], body: Body, progress: Progress) -> NDArray[np.float16]:
    rows = extract(
        body, progress("computing features", photos), lambda photo: decode(read_photo(photo.path)), batch_size=16
    )
    # As they will be stored, so that a version retrained from its own features comes out as this one does.
    return unpacked(*packed(np.stack([row for _, row in rows])))


def _usable(
    reviewed: Sequence[ReviewedPhoto],
    tested: NDArray[np.float16],
    base: Sequence[Photo],
    base_shape: tuple[int, ...],
    store: FeatureStore,
    backbone: str,
    vocabulary: Vocabulary,
) -> tuple[list[tuple[Photo, NDArray[np.float16]]], list[tuple[str, str]]]:
    """What of the reviewed photos may be trained on, with features (V, D); and what may not, with the reason."""
    known = {photo.sha256 for photo in base}
    usable: dict[str, tuple[Photo, NDArray[np.float16]]] = {}
    left_out: list[tuple[str, str]] = []
    for photo in reviewed:
        if photo.label is not None:
            vocabulary.index(photo.label)  # a stranger among the labels is an error, not a photo to leave out
        row = store.views(photo.sha256, backbone)
        if row is None or row.shape != base_shape:
            left_out.append((photo.sha256, f"no features of {backbone} are stored"))
        elif photo.sha256 in known or photo.sha256 in usable:
            left_out.append((photo.sha256, "the same photo is there already"))
        else:
            usable[photo.sha256] = (_manifested(photo), row)
    if usable:
        rows = np.stack([row[0] for _, row in usable.values()]).astype(np.float32)
        for sha256, leaks in zip(list(usable), resembles(rows, tested.astype(np.float32)), strict=True):
            if leaks:
                left_out.append((sha256, "resembles a photo of the frozen test set"))
                del usable[sha256]
    return list(usable.values()), left_out


def _manifested(photo: ReviewedPhoto) -> Photo:
    kind = Kind.NONE if photo.label is None else Kind.SUBJECT
    return Photo(photo.sha256, photo.label or photo.group, Split.TRAIN, photo.group, Origin.REVIEW, kind=kind)
