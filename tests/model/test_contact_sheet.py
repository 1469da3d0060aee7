"""The page of captioned pictures, and the contact sheet drawn with it: what is on it is seen, and nothing breaks it."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.contact_sheet import contact_sheet
from model.inspection import inspect_folder
from model.sheet import Sheet, Tile

RED, ORANGE = (0xC5, 0x30, 0x30), (0xB7, 0x57, 0x0B)


def opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as page:
        assert page.format == "PNG"
        return page.convert("RGB")


def colours(page: Image.Image) -> dict[tuple[int, int, int], int]:
    return {colour: count for count, colour in page.getcolors(page.width * page.height) or []}  # type: ignore[misc] # of RGB


def coloured(number: int) -> Image.Image:
    """A square of a colour of its own."""
    return Image.new("RGB", (200, 200), (10 * number, 255 - 10 * number, 128))


def test_every_tile_is_on_the_page() -> None:
    sheet = Sheet()
    sheet.tiles([Tile(coloured(number)) for number in range(25)])
    found = colours(opened(sheet.png()))
    for number in range(25):
        assert found[(10 * number, 255 - 10 * number, 128)] == 140 * 140


def test_a_marked_tile_is_framed_and_still_shown() -> None:
    sheet = Sheet()
    sheet.tiles([Tile(coloured(1), "one.jpg", "blurred", "#c53030")])
    found = colours(opened(sheet.png()))
    assert found[RED] > 2000
    assert found[(10, 245, 128)] == (140 - 4 - 20) ** 2


def test_groups_stay_together_and_one_wider_than_the_page_is_cut() -> None:
    sheet = Sheet()
    sheet.groups([[Tile(coloured(number))] * 6 for number in (1, 2)])  # twelve would not fit into a row
    sheet.groups([[Tile(coloured(3))] * 40])
    page = opened(sheet.png())
    rows: dict[int, set[int]] = {number: set() for number in (1, 2, 3)}
    for y in range(page.height):
        for x in (100, 1300):
            pixel = page.getpixel((x, y))
            for number, seen in rows.items():
                if pixel == (10 * number, 255 - 10 * number, 128):
                    seen.add(y)
    assert all(len(seen) == 140 for seen in rows.values())
    assert max(rows[1]) < min(rows[2])
    assert max(rows[2]) < min(rows[3])
    assert colours(page)[(30, 225, 128)] == 9 * 140 * 140


@settings(deadline=None, max_examples=40)
@given(text=st.text(max_size=60), size=st.tuples(st.integers(1, 900), st.integers(1, 900)))
def test_any_text_and_any_picture_can_be_put_on_it(text: str, size: tuple[int, int]) -> None:
    sheet = Sheet()
    sheet.title(text)
    sheet.sentence(text * 10)
    sheet.tiles([Tile(Image.new("RGB", size), text, text), Tile(None, text)])
    assert opened(sheet.png()).width == 1400


@pytest.fixture
def folder(tmp_path: Path, demo_photos: dict[str, bytes]) -> Path:
    """Three labels, nothing wrong."""
    for label, name in (
        ("black", "black_dod.jpg"),
        ("grizzly", "grizzly_katmai_131.jpg"),
        ("Bär 熊", "teddy_earlgray.jpg"),
    ):
        (tmp_path / "photos" / label).mkdir(parents=True)
        (tmp_path / "photos" / label / name).write_bytes(demo_photos[name])
    return tmp_path / "photos"


def test_a_good_folder_has_no_frames(folder: Path) -> None:
    page = opened(contact_sheet(inspect_folder(folder)))
    found = colours(page)
    assert RED not in found
    assert ORANGE not in found
    assert page.height > 3 * 140


def test_what_is_wrong_is_framed_red_and_what_is_doubtful_orange(folder: Path) -> None:
    before = opened(contact_sheet(inspect_folder(folder)))
    with Image.open(folder / "black" / "black_dod.jpg") as photo:
        photo.resize((90, 60)).save(folder / "black" / "icon.png")
    doubtful = opened(contact_sheet(inspect_folder(folder)))
    assert RED not in colours(doubtful)
    assert colours(doubtful)[ORANGE] > 2000
    (folder / "black" / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "grizzly" / "twin.jpg").write_bytes((folder / "black" / "black_dod.jpg").read_bytes())
    wrong = opened(contact_sheet(inspect_folder(folder)))
    assert colours(wrong)[RED] > 4000
    assert before.height < doubtful.height <= wrong.height


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "black" / os.fsdecode(b"new\nline \xff.jpg")).write_bytes(b""),
        lambda folder: [(folder / f"label {number}").mkdir() for number in range(60)],
        lambda folder: [photo.unlink() for photo in folder.glob("black/*")],
        lambda folder: [photo.write_bytes(b"bad") for photo in folder.glob("*/*")],
    ],
    ids=["strange name", "many labels", "an empty label", "all broken"],
)
def test_no_folder_breaks_it(folder: Path, change: Callable[[Path], object]) -> None:
    change(folder)
    assert opened(contact_sheet(inspect_folder(folder))).width == 1400


def test_a_file_that_went_away_meanwhile_leaves_a_gap(folder: Path) -> None:
    inspection = inspect_folder(folder)
    for photo in folder.glob("*/*"):
        photo.unlink()
    assert opened(contact_sheet(inspection)).width == 1400
