"""A version on disk: what was written comes back, and nothing that differs from it is ever read."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.artifact import Artifact, load, load_card, packed, save, unpacked, verify
from model.dataset import DatasetManifest, Kind, Origin, Split
from model.errors import ArtifactError
from model.features import FeatureStore
from model.out_of_domain.outliers import OutlierPlane
from model.views import VIEWS

Make = Callable[..., Artifact]


@pytest.fixture(scope="module")
def stored(make_artifact: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifact") / "small-1"
    save(make_artifact(), folder, {"confusion_matrix.png": b"not really a picture"})
    return folder


def resigned(folder: Path) -> None:
    """Make the checksums right again, as whoever plants a file would."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n" for p in files)
    (folder / "SHA256SUMS").write_text("".join(sums))


def test_what_was_saved_comes_back(make_artifact: Make, tmp_path: Path) -> None:
    body = {"stem.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(3, dtype=np.int64)}
    card = replace(make_artifact().card, fine_tuned=True, labels=("Bär", "grizzly", "teddy"), parent="früher")
    saved = make_artifact(card=card, body=body)
    save(saved, tmp_path / "a")
    loaded = load(tmp_path / "a")
    assert loaded.card == card
    assert loaded.manifest == saved.manifest
    pairs = [(loaded.base_features, saved.base_features)]
    for ours, theirs in ((loaded.head, saved.head), (loaded.tests, saved.tests)):
        pairs += zip(vars(ours).values(), vars(theirs).values(), strict=True)
    for came_back, was_saved in pairs:
        np.testing.assert_array_equal(came_back, was_saved)
        assert came_back.dtype == was_saved.dtype
    assert loaded.plane is None
    assert loaded.body.keys() == body.keys()
    np.testing.assert_array_equal(loaded.body["stem.weight"], body["stem.weight"])


def test_the_bundled_model_loads(bundled: Artifact) -> None:
    assert bundled.base_features.shape[1] == len(VIEWS)
    assert bundled.head.weight.shape == (len(bundled.card.labels), bundled.base_features.shape[2])
    assert bundled.plane is not None
    assert {photo.kind for photo in bundled.manifest.photos} == {Kind.SUBJECT, Kind.NEAR, Kind.FAR}


def test_a_plane_comes_back(make_artifact: Make, tmp_path: Path) -> None:
    plane = OutlierPlane(np.arange(4, dtype=np.float32), -0.25)
    card = make_artifact().card
    detector = replace(card.out_of_domain, means=(0.0, 0.0, 0.0), scales=(1.0, 1.0, 1.0))
    save(make_artifact(plane=plane, card=replace(card, out_of_domain=detector)), tmp_path / "a")
    loaded = load(tmp_path / "a").plane
    assert loaded is not None
    np.testing.assert_array_equal(loaded.weight, plane.weight)
    assert loaded.bias == plane.bias


@given(hnp.arrays(np.float16, (3, 2, 5), elements=st.floats(-60, 60, width=16)))
def test_packed_features_lose_little_and_only_once(features: np.ndarray) -> None:
    once = unpacked(*packed(features))
    largest = np.abs(features.astype(np.float32)).max(axis=-1, keepdims=True)
    assert (np.abs(once.astype(np.float32) - features) <= 0.006 * largest + 1e-6).all()
    np.testing.assert_array_equal(packed(once)[0], packed(features)[0])


def test_sha256sum_reads_the_checksums(stored: Path) -> None:
    subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=stored, check=True, capture_output=True)


def test_every_flipped_byte_in_every_file_is_noticed(stored: Path) -> None:
    for path in sorted(p for p in stored.rglob("*") if p.is_file()):
        sound = path.read_bytes()
        places = range(len(sound)) if path.name == "SHA256SUMS" else {0, len(sound) // 2, len(sound) - 1}
        for place in places:
            for flip in (0x01, 0x20, 0x80):
                damaged = bytearray(sound)
                damaged[place] ^= flip
                path.write_bytes(damaged)
                with pytest.raises(ArtifactError):
                    load(stored)
        path.write_bytes(sound)
    load(stored)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_change_of_any_file_is_noticed(stored: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(p for p in stored.rglob("*") if p.is_file())))
    sound = path.read_bytes()
    damaged = bytearray(sound)
    damaged[data.draw(st.integers(0, len(sound) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    try:
        with pytest.raises(ArtifactError):
            load(stored)
    finally:
        path.write_bytes(sound)


@pytest.mark.parametrize(
    "cut", ["card.json", "head.safetensors", "manifest.jsonl", "SHA256SUMS", "features.safetensors"]
)
def test_a_missing_or_emptied_file_is_named(stored: Path, tmp_path: Path, cut: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    (copy / cut).write_bytes(b"")
    with pytest.raises(ArtifactError, match=cut):
        load(copy)
    (copy / cut).unlink()
    with pytest.raises(ArtifactError, match=cut):
        load(copy)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "report/../../outside", ".."])
def test_checksums_never_lead_out_of_the_folder(stored: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    (tmp_path / "outside").write_bytes(b"secret")
    with (copy / "SHA256SUMS").open("a") as file:
        file.write(f"{hashlib.sha256(b'secret').hexdigest()}  {name}\n")
    with pytest.raises(ArtifactError, match="no checksum of a file in the model"):
        verify(copy)


def test_a_planted_body_without_a_checksum_is_refused(make_artifact: Make, tmp_path: Path) -> None:
    save(make_artifact(), tmp_path / "a")
    (tmp_path / "a" / "body.safetensors").write_bytes(b"planted")
    with pytest.raises(ArtifactError, match=r"does not list body\.safetensors"):
        load(tmp_path / "a")


@pytest.mark.parametrize("content", ["[]", "null", '"text"', "{}", '{"format": 2}', "{", '{"format": 1, "labels": 3}'])
def test_what_is_no_card_is_an_artifact_error(stored: Path, tmp_path: Path, content: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    (copy / "card.json").write_text(content)
    resigned(copy)
    with pytest.raises(ArtifactError):
        load_card(copy)
    with pytest.raises(ArtifactError):
        load(copy)


@pytest.mark.parametrize(
    "parts",
    [
        {"weight": np.zeros((2, 4), dtype=np.float32)},
        {"weight": np.zeros((3, 5), dtype=np.float32)},
        {"weight": np.zeros(3, dtype=np.float32)},
        {"bias": np.zeros(2, dtype=np.float32)},
        {"base_features": np.zeros((7, 2, 4), dtype=np.float16)},
        {"base_features": np.zeros((8, 3, 4), dtype=np.float16)},
        {"logits": np.zeros((2, 2, 3), dtype=np.float32)},
        {"logits": np.zeros((3, 3), dtype=np.float32)},
        {"scores": np.zeros(4, dtype=np.float32)},
        {"outlier_logits": np.zeros((1, 3), dtype=np.float32)},
        {"outlier_scores": np.zeros(1, dtype=np.float32)},
        {"plane": OutlierPlane(np.zeros(4, dtype=np.float32), 0.0)},
        {"manifest": DatasetManifest(())},
    ],
)
def test_parts_that_do_not_fit_together_are_refused(
    make_artifact: Make, tmp_path: Path, parts: dict[str, object]
) -> None:
    save(make_artifact(**parts), tmp_path / "a")
    with pytest.raises(ArtifactError, match="do not fit together"):
        load(tmp_path / "a")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_head_of_no_numbers_is_refused(make_artifact: Make, tmp_path: Path, value: float) -> None:
    save(make_artifact(bias=np.array([0, value, 0], dtype=np.float32)), tmp_path / "a")
    with pytest.raises(ArtifactError, match="NaN"):
        load(tmp_path / "a")


def test_cards_hold_json_that_everyone_can_read(make_artifact: Make, tmp_path: Path) -> None:
    card = make_artifact().card
    with pytest.raises(ValueError, match="JSON"):
        save(make_artifact(card=replace(card, metrics={"loss": float("nan")})), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []  # nothing half-written stays behind


def test_saving_never_overwrites(make_artifact: Make, stored: Path) -> None:
    before = (stored / "SHA256SUMS").read_bytes()
    with pytest.raises(ArtifactError, match="exists already"):
        save(make_artifact(), stored)
    assert (stored / "SHA256SUMS").read_bytes() == before


def test_a_card_is_written_in_utf8_whatever_the_locale(
    make_artifact: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import locale

    monkeypatch.setattr(locale, "getpreferredencoding", lambda do_setlocale=True: "latin-1")
    monkeypatch.setattr(locale, "getencoding", lambda: "latin-1")
    card = replace(make_artifact().card, labels=("Bär", "grizzly", "teddy"))
    save(make_artifact(card=card), tmp_path / "a")
    assert "Bär" in json.loads((tmp_path / "a" / "card.json").read_bytes().decode("utf-8"))["labels"]


def reviewed(make_artifact: Make) -> Artifact:
    """The last three training photos are people's: the model knows them by key only."""
    whole = make_artifact()
    photos = [replace(p, origin=Origin.REVIEW) if i >= 5 else p for i, p in enumerate(whole.manifest.photos)]
    return replace(whole, manifest=DatasetManifest(tuple(photos)), base_features=whole.base_features[:5])


def test_features_of_deleted_photos_are_gone_from_every_model(make_artifact: Make, tmp_path: Path) -> None:
    artifact, store = reviewed(make_artifact), FeatureStore(tmp_path)
    keys = [photo.sha256 for photo in artifact.manifest.photos[5:]]
    for key in keys:
        store.put(key, artifact.card.backbone, np.ones(4, dtype=np.float16))
    assert len(artifact.reference(store).photos) == 5
    store.delete(keys[1])
    reference = artifact.reference(store)
    assert keys[1] not in {photo.sha256 for photo in reference.photos}
    assert len(reference.photos) == 4
    assert reference.features.shape == (2 * 2 + 2 * len(VIEWS), 4)


def test_a_model_whose_every_photo_was_deleted_has_an_empty_reference(make_artifact: Make, tmp_path: Path) -> None:
    artifact = make_artifact()
    photos = tuple(replace(photo, origin=Origin.REVIEW, split=Split.TRAIN) for photo in artifact.manifest.photos)
    orphan = replace(artifact, manifest=DatasetManifest(photos), base_features=artifact.base_features[:0])
    reference = orphan.reference(FeatureStore(tmp_path))
    assert reference.photos == ()
    assert reference.features.shape == (0, 4)
