"""Folders, manifests and splits; features by key; labels."""

import hashlib
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.errors import DatasetError
from model.features import FeatureStore
from model.labels import Vocabulary
from model.scanning import FoundPhoto, paths_by_key, scan_folder, scan_outliers
from model.splitting import near_duplicate_groups, resembles, split_outliers, split_photos
from model.views import VIEWS, views_of

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
PHOTOS = st.builds(
    Photo,
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    label=TEXT,
    split=st.sampled_from(Split),
    group=TEXT,
    origin=st.sampled_from(Origin),
    licence=st.none() | TEXT,
    kind=st.sampled_from(Kind),
)


@given(st.lists(PHOTOS, max_size=5))
def test_manifests_come_back_from_their_lines(photos: list[Photo]) -> None:
    manifest = DatasetManifest(tuple(photos))
    assert DatasetManifest.from_lines(manifest.to_lines()) == manifest


def test_a_group_named_with_any_separator_comes_back() -> None:
    photo = Photo("0" * 64, "black", Split.TRAIN, "a\u2028b\x85c\x0bd\ne", Origin.REVIEW)
    assert DatasetManifest.from_lines(DatasetManifest((photo,)).to_lines()).photos == (photo,)


@pytest.mark.parametrize("line", ["", "{", "[]", "null", "{}", '{"split": "moon", "origin": "base"}'])
def test_a_damaged_manifest_names_the_line(line: str) -> None:
    good = DatasetManifest((Photo("0" * 64, "a", Split.TEST, "g", Origin.BASE),)).to_lines()
    with pytest.raises(DatasetError, match="manifest line 2"):
        DatasetManifest.from_lines(good + line + "\n" + good)


def found(labels: list[str]) -> list[FoundPhoto]:
    return [FoundPhoto(Path(f"{i}.jpg"), label, f"{i:064x}") for i, label in enumerate(labels)]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_splits_never_separate_a_group_and_lose_no_photo(data: st.DataObject) -> None:
    labels = data.draw(st.lists(st.sampled_from("abc"), min_size=30, max_size=80))
    groups = np.array(data.draw(st.lists(st.integers(0, 40), min_size=len(labels), max_size=len(labels))))
    try:
        photos = split_photos(found(labels), groups, seed=data.draw(st.integers(0, 99)))
    except DatasetError:
        return
    assert [photo.sha256 for photo in photos] == [photo.sha256 for photo in found(labels)]
    sides: dict[str, set[Split]] = {}
    for photo in photos:
        sides.setdefault(photo.group, set()).add(photo.split)
    assert all(len(splits) == 1 for splits in sides.values())
    for label in set(labels):
        assert {photo.split for photo in photos if photo.label == label} == {Split.TRAIN, Split.TEST}


def test_a_fifth_of_every_label_is_held_back_reproducibly() -> None:
    labels = ["a"] * 100 + ["b"] * 50
    photos = split_photos(found(labels), np.arange(150))
    assert Counter(photo.label for photo in photos if photo.split is Split.TEST) == {"a": 20, "b": 10}
    assert split_photos(found(labels), np.arange(150)) == photos
    assert split_photos(found(labels), np.arange(150), seed=21) != photos


def test_a_label_of_too_few_photos_is_named() -> None:
    with pytest.raises(DatasetError, match="the rarest has 4"):
        split_photos(found(["a"] * 40 + ["b"] * 4), np.arange(44))


def test_a_label_whose_photos_are_all_one_scene_is_named() -> None:
    """All of them would land on one side: trained on and never tested, or the other way round."""
    groups = np.array([*range(40), *[99] * 10])
    with pytest.raises(DatasetError, match="'b' resemble each other too much"):
        split_photos(found(["a"] * 40 + ["b"] * 10), groups)


def test_near_duplicates_are_one_group_also_through_a_third() -> None:
    angles = np.radians([0, 20, 40, 120, 200])  # cos 20 degrees is 0.94, cos 40 is 0.77
    groups = near_duplicate_groups(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)[:, None])
    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups.tolist())) == 3


def test_what_resembles_a_test_photo_is_found() -> None:
    one = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    views = one[:, None]
    assert resembles(one, np.array([[[2, 0.1]]], dtype=np.float32)).tolist() == [True, False, False]
    assert resembles(one[:0], views).tolist() == []
    assert resembles(one, views[:0]).tolist() == [False, False, False]


def test_a_copy_that_resembles_only_another_view_is_a_near_duplicate() -> None:
    """A thumbnail of a photo looks like the photo's thumbnail, and not like the photo."""
    photo, thumbnail, other = np.eye(3, dtype=np.float32)
    views = np.array([[photo, thumbnail], [thumbnail, thumbnail], [other, other]])
    assert near_duplicate_groups(views).tolist() == [0, 0, 1]
    assert resembles(np.array([thumbnail, other]), views[:1]).tolist() == [True, False]


def test_more_photos_than_are_compared_at_a_time() -> None:
    features = np.eye(1300, dtype=np.float32)
    features[1299] = features[3]
    groups = near_duplicate_groups(features[:, None])
    assert len(set(groups.tolist())) == 1299
    assert groups[1299] == groups[3]


def photo(path: Path, colour: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), (colour, 0, 0)).save(path)


def test_a_folder_is_scanned_with_a_reason_for_all_that_is_left_out(tmp_path: Path) -> None:
    for i in range(3):
        photo(tmp_path / "black" / f"{i}.png", i)
        photo(tmp_path / "teddy" / f"{i}.png", 100 + i)
    photo(tmp_path / "black" / "again.png", 0)
    photo(tmp_path / "black" / "both.png", 200)
    photo(tmp_path / "teddy" / "both.png", 200)
    photo(tmp_path / "teddy" / "both2.png", 200)
    photo(tmp_path / "loose.png", 50)
    photo(tmp_path / ".cache" / "hidden.png", 51)
    (tmp_path / "black" / "bad.jpg").write_bytes(b"no photo")
    (tmp_path / "black" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "black" / "notes.txt").write_text("no photo either")
    (tmp_path / "black" / os.fsdecode(b"\xff.jpg")).write_bytes(b"odd name, bad photo")
    scan = scan_folder(tmp_path)
    assert scan.vocabulary.labels == ("black", "teddy")
    assert Counter(p.label for p in scan.photos) == {"black": 3, "teddy": 3}
    assert all(p.sha256 == hashlib.sha256(p.path.read_bytes()).hexdigest() for p in scan.photos)
    reasons = {os.fsencode(path.name): why for path, why in scan.left_out}
    assert set(reasons) == {b"again.png", b"both.png", b"both2.png", b"bad.jpg", b"gone.jpg", b"\xff.jpg"}
    assert "the same photo as" in reasons[b"again.png"]
    assert "filed under two labels" in {why for _, why in scan.left_out}


def test_a_photo_that_is_gone_before_it_is_read_is_left_out(tmp_path: Path) -> None:
    photo(tmp_path / "black" / "0.png", 0)
    photo(tmp_path / "black" / "1.png", 1)

    def losing(files):  # the folder changes while it is read
        (tmp_path / "black" / "1.png").unlink()
        return files

    scan = scan_folder(tmp_path, losing)
    assert [path.name for path, _ in scan.left_out] == ["1.png"]
    assert len(scan.photos) == 1


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_useless_folder_is_named(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / kind
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.write_text("no folder")
    with pytest.raises(DatasetError, match=kind):
        scan_folder(folder)


@pytest.mark.parametrize("label", ["black", "Ours brun", "kodiak-2", "Бурый", "熊", "St. Bernard", "bear's", "a" * 40])
def test_labels_are_words_of_any_language(label: str) -> None:
    vocabulary = Vocabulary((label, "other"))
    assert vocabulary.index(label) == 0
    assert label in vocabulary


@pytest.mark.parametrize(
    "label",
    ["", " ", "-x", ".", "..", "../x", "a/b", "a\nb", "a\n", "a\0b", "a:b", "a|b", "_a", "\udcff"],
)
def test_labels_that_would_break_folders_or_buttons_are_refused(label: str) -> None:
    with pytest.raises(DatasetError, match="label"):
        Vocabulary((label, "other"))


@pytest.mark.parametrize("label", ["a" * 41, "熊" * 14])
def test_labels_that_would_not_fit_a_button_are_refused(label: str) -> None:
    with pytest.raises(DatasetError, match="40 bytes"):
        Vocabulary((label, "other"))


@pytest.mark.parametrize("label", ["none", "NONE", "none ", "Skip", "undo", "cant_tell", "can't tell", "Cant Tell"])
def test_labels_that_are_verdicts_are_refused(label: str) -> None:
    with pytest.raises(DatasetError, match="reserved"):
        Vocabulary((label, "other"))


def test_a_vocabulary_needs_two_different_labels() -> None:
    for labels in [(), ("a",), ("a", "a")]:
        with pytest.raises(DatasetError):
            Vocabulary(labels)
    with pytest.raises(DatasetError, match="unknown label 'x': expected one of a, b"):
        Vocabulary(("a", "b")).index("x")


KEYS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@given(st.dictionaries(KEYS, hnp.arrays(np.float16, 6, elements=st.floats(-100, 100, width=16)), max_size=5))
@settings(deadline=None, max_examples=30)
def test_features_come_back_until_they_are_deleted(tmp_path_factory: pytest.TempPathFactory, rows) -> None:
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    for key, row in rows.items():
        store.put(key, "net-a", row)
        store.put(key, "net-b", row + 1)
    for key, row in rows.items():
        np.testing.assert_array_equal(store.get(key, "net-a"), row)
    for key in rows:
        assert store.delete(key) == 2
        assert store.get(key, "net-a") is None
        assert store.get(key, "net-b") is None
        assert store.delete(key) == 0


def test_features_are_replaced(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    for value in (1, 2):
        store.put("a" * 64, "net", np.full(3, value, dtype=np.float16))
    assert store.get("a" * 64, "net").tolist() == [2, 2, 2]
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".npy"]


@pytest.mark.parametrize("key", ["", "../../etc", "A" * 64, "a" * 63, "*" * 64, "a" * 64 + "\n"])
def test_keys_are_hashes(tmp_path: Path, key: str) -> None:
    store = FeatureStore(tmp_path)
    for use in (lambda: store.get(key, "net"), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            use()


def test_half_a_file_counts_as_none(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.put("a" * 64, "net", np.ones(3, dtype=np.float16))
    (path,) = tmp_path.rglob("*.npy")
    whole = path.read_bytes()
    for cut in (b"", whole[:5], whole[:-2], b"text", b"\x80\x04N."):
        path.write_bytes(cut)
        assert store.get("a" * 64, "net") is None


def test_deleting_takes_what_a_killed_put_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of people's photos must not survive under a temporary name."""
    store = FeatureStore(tmp_path)

    def killed(self: Path, target: Path) -> Path:
        os._exit(9)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "replace", killed)
        store.put("a" * 64, "net", np.ones(3, dtype=np.float16))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    store.delete("a" * 64)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {".deleted"}, "when something was deleted last is noted for models in memory"


def painted(path: Path, colour: str, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_outliers_carry_the_name_of_their_folder_and_count_once(tmp_path: Path) -> None:
    bear = painted(tmp_path / "bears" / "black" / "b.png", "black")
    painted(tmp_path / "near" / "panda" / "p.png", "white")
    painted(tmp_path / "near" / "deep" / "plush" / "q.png", "brown")
    painted(tmp_path / "near" / "again.png", "white")
    painted(tmp_path / "near" / "panda" / "bear.png", "black")
    (tmp_path / "near" / "panda" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "near" / "notes.txt").write_text("no picture either")
    scan = scan_outliers(tmp_path / "near", Kind.NEAR, [hashlib.sha256(bear.read_bytes()).hexdigest()])
    assert {(photo.label, photo.kind) for photo in scan.photos} == {("near", Kind.NEAR), ("plush", Kind.NEAR)}
    assert {path.name for path, _ in scan.left_out} == {"p.png", "bear.png", "broken.jpg"}
    assert paths_by_key([tmp_path / "bears"]) == {hashlib.sha256(bear.read_bytes()).hexdigest(): bear}


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no picture"):
        scan_outliers(tmp_path, Kind.FAR, [])
    with pytest.raises(DatasetError, match="expected a folder"):
        scan_outliers(tmp_path / "missing", Kind.FAR, [])


@given(st.lists(st.tuples(st.sampled_from([Kind.NEAR, Kind.FAR]), st.integers(0, 20)), max_size=80), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_outliers_are_held_back_by_kind_and_whole_groups(rows: list[tuple[Kind, int]], seed: int) -> None:
    found = [FoundPhoto(Path("x"), "sort", f"{i:064x}", kind) for i, (kind, _) in enumerate(rows)]
    groups = np.array([group for _, group in rows], dtype=np.int64)
    photos = split_outliers(found, groups, {0: Split.TEST, 1: Split.TRAIN}, seed=seed)
    assert [photo.sha256 for photo in photos] == [photo.sha256 for photo in found]
    for kind in Kind:
        mine = [photo for photo in photos if photo.kind is kind]
        tested = {photo.group for photo in mine if photo.split is Split.TEST}
        assert not tested & {photo.group for photo in mine if photo.split is Split.TRAIN}
        alone = [photo for photo in mine if photo.group != "outlier-0"]
        assert sum(photo.split is Split.TEST for photo in alone) <= round(0.2 * len(mine))
    # What resembles a photo of the subject goes with it.
    assert {photo.split for photo in photos if photo.group == "outlier-0"} <= {Split.TEST}
    assert {photo.split for photo in photos if photo.group == "outlier-1"} <= {Split.TRAIN}


def test_views_show_the_same_photo_grey_and_small() -> None:
    picture = Image.effect_noise((200, 100), 60).convert("RGB")
    picture.paste("red", (0, 0, 100, 100))
    views = dict(zip(VIEWS, views_of(picture), strict=True))
    assert views["plain"] is picture
    assert len(set(views["grey"].getpixel((10, 10)))) == 1
    assert views["thumbnail"].size == (64, 32)
    red, green, _ = views["thumbnail"].getpixel((5, 5))
    assert red > 200 > 50 > green
    assert views_of(Image.new("RGB", (4000, 9)))[2].size == (64, 8)


def test_the_store_tells_the_photo_from_its_views(tmp_path: Path) -> None:
    store, key = FeatureStore(tmp_path), "a" * 64
    assert store.views(key, "net") is None
    store.put(key, "net", np.arange(4, dtype=np.float16))
    assert not store.complete(key, "net")
    np.testing.assert_array_equal(store.views(key, "net"), np.tile(np.arange(4), (len(VIEWS), 1)))
    rows = np.arange(4 * len(VIEWS), dtype=np.float16).reshape(len(VIEWS), 4)
    store.put(key, "net", rows)
    assert store.complete(key, "net")
    np.testing.assert_array_equal(store.views(key, "net"), rows)
    np.testing.assert_array_equal(store.get(key, "net"), rows[0])
