"""Folders ranked by suspicion: real photos, real network."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.artifact import Artifact
from model.backbone import DEFAULT_BACKBONE
from model.cleaning import Action, CleaningManifest
from model.dataset import Kind, Split
from model.errors import DatasetError
from model.features import FeatureStore
from model.gallery import bundled_gallery
from model.network import load_body
from model.serving import Classifier
from model.suspicion import Cause, Ranking, rank

BEARS = ("black", "grizzly", "teddy")
SEARCHED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The gallery's freely licensed photos by label, one of them (a teddy bear) filed as a grizzly.

    Without the camera trap's: to the bundled model, and beside these few, an infra-red picture is like no black bear.
    """
    photos = tmp_path / "photos"
    for path in sorted(set(bundled_gallery().glob("*.jpg")) - set(bundled_gallery().glob("*_night.jpg"))):
        target = photos / path.name.split("_")[0] / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    shutil.move(photos / "teddy" / "teddy_earlgray.jpg", photos / "grizzly" / "a.jpg")
    return photos


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """One for all tests here: the network looks at each photo once."""
    return FeatureStore(tmp_path_factory.mktemp("features"))


def ranked(folder: Path, store: FeatureStore, classifier: Classifier, *, alone: bool = False) -> Ranking:
    return rank(folder, body=classifier.body, store=store, second=None if alone else classifier)


def test_a_misfiled_photo_comes_first_with_its_label(folder: Path, store: FeatureStore, classifier: Classifier) -> None:
    (folder / "black" / "broken.jpg").write_bytes(b"no photo")
    (folder / "black" / "notes.txt").write_text("not looked at")
    found = ranked(folder, store, classifier)
    assert found.labels == ("black", "grizzly", "teddy")
    worst = found.suspects[0]
    assert (worst.path, worst.label, worst.suggested) == (folder / "grizzly" / "a.jpg", "grizzly", "teddy")
    assert worst.cause is Cause.OTHER_LABEL
    assert worst.suspicion > 0.5
    assert len(found.suspects) == 14
    assert [path.name for path, _ in found.left_out] == ["broken.jpg"]
    assert [one.suspicion for one in found.suspects] == sorted((o.suspicion for o in found.suspects), reverse=True)


def test_features_are_computed_once(folder: Path, store: FeatureStore, classifier: Classifier) -> None:
    before = ranked(folder, store, classifier)

    class Blind:
        backbone = classifier.body.backbone

        def features(self, batch: object) -> object:
            raise AssertionError("features were computed again")

    again = rank(folder, body=Blind(), store=store)  # type: ignore[arg-type] # it is asked for nothing else
    assert {one.path for one in again.suspects} == {one.path for one in before.suspects}


def test_what_was_decided_is_followed(folder: Path, store: FeatureStore, classifier: Classifier) -> None:
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / "grizzly" / "a.jpg", Action.RELABEL, "teddy")], by="mo")
    removed = folder / "black" / "black_dod.jpg"
    manifest.record([manifest.decision(removed, Action.REMOVE)], by="mo")
    found = ranked(folder, store, classifier)
    (moved,) = [one for one in found.suspects if one.path.name == "a.jpg"]
    assert (moved.label, moved.suggested) == ("teddy", "teddy")
    assert removed not in [one.path for one in found.suspects]


def test_a_label_with_one_photo_is_named_and_the_others_are_judged(
    folder: Path, store: FeatureStore, classifier: Classifier
) -> None:
    (folder / "polar").mkdir()
    shutil.move(folder / "grizzly" / "a.jpg", folder / "polar" / "a.jpg")
    found = ranked(folder, store, classifier)
    assert found.labels == ("black", "grizzly", "teddy")
    assert [(path.name, why) for path, why in found.left_out] == [
        ("a.jpg", "too few photos of polar to compare it with")
    ]


def test_folders_without_photos_or_with_copies_of_one_say_so(tmp_path: Path, classifier: Classifier) -> None:
    store = FeatureStore(tmp_path / "features")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="found no photo"):
        ranked(tmp_path / "empty", store, classifier)
    copies = tmp_path / "copies" / "bear"
    copies.mkdir(parents=True)
    for i in range(3):
        Image.linear_gradient("L").convert("RGB").save(copies / f"{i}.png")
    with pytest.raises(DatasetError, match="nothing can be compared"):
        ranked(tmp_path / "copies", store, classifier)


def test_a_model_counts_for_nothing_where_it_knows_the_label_by_heart(
    tmp_path: Path, classifier: Classifier, bundled: Artifact
) -> None:
    store, key = FeatureStore(tmp_path / "features"), classifier.body.backbone.key
    trained = [
        (photo.label, features[0])
        for photo, features in zip(bundled.base_photos(), bundled.base_features, strict=True)
        if photo.split is Split.TRAIN and photo.kind is Kind.SUBJECT
    ]
    for label in BEARS:
        (tmp_path / "photos" / label).mkdir(parents=True)
    for label in BEARS:
        for i, features in enumerate([row for name, row in trained if name == label][:20]):
            filed = "grizzly" if (label, i) == ("black", 0) else label
            path = tmp_path / "photos" / filed / f"{label}-{i}.png"
            Image.new("RGB", (16, 16), (i, BEARS.index(label), 0)).save(path)  # what it shows is what its features say
            store.put(hashlib.sha256(path.read_bytes()).hexdigest(), key, features)
    alone = {one.path.name: one for one in ranked(tmp_path / "photos", store, classifier, alone=True).suspects}
    heard = {one.path.name: one for one in ranked(tmp_path / "photos", store, classifier).suspects}
    # It speaks of one photo alone. A little changes for others, which are compared with what is trusted.
    assert (
        max(abs(one.suspicion - alone[name].suspicion) for name, one in heard.items() if name != "black-0.png") < 0.01
    )
    assert heard["black-0.png"].suspicion > alone["black-0.png"].suspicion
    assert heard["black-0.png"].suggested == "black"


@pytest.mark.slow
@pytest.mark.skipif(not (SEARCHED / "bears").is_dir(), reason="the photos of searches are not here")
@pytest.mark.parametrize("rate", [0.07, 0.13])
def test_of_search_results_the_first_15_percent_hold_most_wrong_ones(tmp_path: Path, rate: float) -> None:
    """150 photos of each label, of which some are other bears, pandas, drawings, and things, as searches bring them.

    The champion has no say, which learnt from these photos. The bound is the project's own; measured are 94 to 100 %.
    """
    random = np.random.default_rng(round(rate * 100))
    outliers = random.permutation(
        sorted(p for kind in ("near", "far") for p in (SEARCHED / f"ood_{kind}").rglob("*.*"))
    )
    bears = {label: random.permutation(sorted((SEARCHED / "bears" / label).iterdir())) for label in BEARS}
    taken = iter(outliers)
    wrong: set[Path] = set()
    for label in BEARS:
        (tmp_path / "photos" / label).mkdir(parents=True)
        strange = round(150 * rate / 2)
        confused = np.concatenate([bears[other][-30:][:strange] for other in BEARS if other != label])
        confused = confused[: round(150 * rate) - strange]
        chosen = [*((p, True) for p in confused), *((next(taken), True) for _ in range(strange))]
        chosen += [(p, False) for p in bears[label][: 150 - len(chosen)]]
        for i, (path, is_wrong) in enumerate(chosen):
            target = tmp_path / "photos" / label / f"{i}{path.suffix}"
            target.symlink_to(path)
            if is_wrong:
                wrong.add(target)
    body = load_body(DEFAULT_BACKBONE, torch.device("cpu"))
    found = rank(tmp_path / "photos", body=body, store=FeatureStore(tmp_path / "features"))
    first = found.suspects[: round(0.15 * len(found.suspects))]
    assert len(wrong & {one.path for one in first}) >= 0.75 * len(wrong)
