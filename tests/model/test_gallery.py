"""The gallery: what may be shown to anybody, with whose name under it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from model.errors import DatasetError
from model.gallery import attribution, bundled_gallery, gallery_folder, read_gallery

ROW = {"file": "a.jpg", "label": "oak", "author": "Ann", "licence": "CC0", "source": "her garden"}


def gallery(folder: Path, *rows: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "gallery.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return folder


def test_the_bundled_photos_are_small_bare_listed_and_credited() -> None:
    folder = bundled_gallery()
    photos = read_gallery(folder)
    assert {photo.label for photo in photos} == {"black", "grizzly", "teddy"}
    assert {photo.path.name for photo in photos} == {path.name for path in folder.glob("*.jpg")}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    for photo in photos:
        assert max(photo.open().size) <= 320
        with Image.open(photo.path) as picture:
            assert not picture.getexif()
            assert not {"comment", "icc_profile", "xmp", "photoshop"} & set(picture.info)
    assert (folder / "ATTRIBUTION.md").read_text(encoding="utf-8") == attribution(photos)


def test_attribution_names_every_photo_with_its_licence(tmp_path: Path) -> None:
    text = attribution(read_gallery(gallery(tmp_path / "g", ROW, {**ROW, "file": "b.jpg", "author": "Bo"})))
    assert "| a.jpg | oak | Ann | CC0 | her garden |" in text
    assert "| b.jpg | oak | Bo | CC0 | her garden |" in text


def test_the_operators_own_gallery_comes_first(tmp_path: Path) -> None:
    assert gallery_folder(tmp_path) == bundled_gallery()
    own = gallery(tmp_path / "gallery", ROW)
    assert gallery_folder(tmp_path) == own
    assert [photo.label for photo in read_gallery(own)] == ["oak"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({key: value for key, value in ROW.items() if key != "licence"}, "line 2: expected a text for each of file"),
        ({**ROW, "author": "  "}, "line 2: expected a text"),
        ({**ROW, "label": 3}, "line 2: expected a text"),
        (["a.jpg"], "line 2: expected a text"),
        ({**ROW, "file": "../private.jpg"}, "line 2: expected the name of a file"),
        ({**ROW, "file": "/etc/passwd"}, "line 2: expected the name of a file"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, row: object, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        read_gallery(gallery(tmp_path / "g", ROW, row))


def test_what_is_no_gallery_or_no_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gallery\.jsonl: expected a readable file"):
        read_gallery(tmp_path)
    (tmp_path / "gallery.jsonl").write_text("{no json}\n")
    with pytest.raises(DatasetError, match="line 1: expected a JSON object"):
        read_gallery(tmp_path)
    (photo,) = read_gallery(gallery(tmp_path, ROW))
    with pytest.raises(DatasetError, match=r"a\.jpg: .*No such file"):
        photo.open()
    photo.path.write_text("words")
    with pytest.raises(DatasetError, match="no picture"):
        photo.open()
