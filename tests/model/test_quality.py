"""Flaws are named where they are, and good photos have none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from model.images import SUFFIXES, decode, files_in, header
from model.quality import DEFAULT_THRESHOLDS, Flaw, Quality, flaws, measure

BEARS = Path(__file__).parents[2] / ".." / "shared" / "data" / "bears"
GOOD = ("black_dod.jpg", "grizzly_katmai_131.jpg", "teddy_earlgray.jpg", "teddy_polimerek.jpg", "none_coffee.png")


def found_in(picture: Image.Image) -> set[Flaw]:
    return {flaw for flaw, _ in flaws(quality=measure(picture, picture.size))}


def resized(picture: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(picture.size)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC)


def smeared(picture: Image.Image) -> Image.Image:
    """As by a hand that moved: over 17 pixels, to the side."""
    return picture.filter(ImageFilter.BoxBlur((8, 0)))


def before_a_soft_ground(picture: Image.Image) -> Image.Image:
    soft = picture.filter(ImageFilter.GaussianBlur(6))
    mask = Image.new("L", picture.size, 0)
    width, height = picture.size
    ImageDraw.Draw(mask).ellipse((0.3 * width, 0.3 * height, 0.7 * width, 0.7 * height), fill=255)
    soft.paste(picture, mask=mask.filter(ImageFilter.GaussianBlur(4)))
    return soft


@pytest.fixture(scope="module")
def good(demo_photos: dict[str, bytes]) -> list[Image.Image]:
    return [resized(decode(demo_photos[name]), 512) for name in GOOD]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda photo: photo, set()),
        (lambda photo: photo.convert("L").convert("RGB"), set()),
        (before_a_soft_ground, set()),
        (lambda photo: resized(photo, 240), set()),
        (lambda photo: photo.filter(ImageFilter.GaussianBlur(3)), {Flaw.BLURRED}),
        (smeared, {Flaw.BLURRED}),
        (lambda photo: smeared(photo.transpose(Image.Transpose.ROTATE_90)), {Flaw.BLURRED}),
        (lambda photo: resized(resized(photo, 80), 512), {Flaw.BLURRED}),
        (lambda photo: photo.point([round(value * 0.25) for value in range(256)] * 3), {Flaw.DARK}),
        (lambda photo: photo.point([200 + round(value * 0.2) for value in range(256)] * 3), {Flaw.BRIGHT}),
        (lambda photo: photo.point([120 + value // 40 for value in range(256)] * 3), {Flaw.BLANK}),
        (lambda photo: Image.new("RGB", photo.size, "black"), {Flaw.BLANK}),
        (lambda photo: resized(photo, 90), {Flaw.TINY}),
        (lambda photo: photo.resize((800, 200)), {Flaw.NARROW}),
    ],
    ids=[
        "good", "grey", "soft ground", "small", "out of focus", "smeared", "smeared upwards", "enlarged", "dark",
        "bright", "blank", "black", "tiny", "narrow",
    ],
)  # fmt: skip
def test_each_flaw_is_named_and_no_other(
    good: list[Image.Image], change: Callable[[Image.Image], Image.Image], expected: set[Flaw]
) -> None:
    assert [found_in(change(photo)) for photo in good] == [expected] * len(good)


def test_the_size_is_the_files_own_not_the_decoded_ones(good: list[Image.Image]) -> None:
    measured = measure(resized(good[0], 90), (4000, 3000))
    assert measured.shorter == 3000
    assert measured.elongation == pytest.approx(4 / 3)


@given(
    sharpness=st.floats(0, 2), darkest=st.floats(0, 255), brightest=st.floats(0, 255), contrast=st.floats(0, 128),
    shorter=st.integers(8, 5000), elongation=st.floats(1, 1000),
)  # fmt: skip
def test_a_blank_picture_is_called_nothing_else_that_follows(
    sharpness: float, darkest: float, brightest: float, contrast: float, shorter: int, elongation: float
) -> None:
    quality = Quality(sharpness, darkest, brightest, contrast, shorter, elongation)
    named = [flaw for flaw, _ in flaws(quality=quality)]
    assert len(named) == len(set(named))
    assert (Flaw.BLANK in named) == (contrast < DEFAULT_THRESHOLDS.least_contrast)
    if Flaw.BLANK in named:
        assert not {Flaw.BLURRED, Flaw.DARK, Flaw.BRIGHT} & set(named)


@pytest.mark.parametrize("size", [(8, 8), (1, 900), (5000, 9), (256, 3)])
def test_any_size_can_be_measured(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    quality = measure(Image.fromarray(pixels), size)
    assert all(np.isfinite(value) for value in vars(quality).values())


@pytest.mark.slow
def test_few_photos_of_bears_are_flagged() -> None:
    """A warning that everybody gets is read by nobody."""
    if not BEARS.is_dir():
        pytest.skip("the photos to measure with are not here")
    photos = [path for path in files_in([BEARS]) if path.suffix.lower() in SUFFIXES]
    flagged = 0
    for path in photos:
        data = path.read_bytes()
        head = header(data)
        flagged += any(flaws(quality=measure(decode(data, shrink_to=512), (head.width, head.height))))
    assert flagged <= 0.01 * len(photos)
