"""Fingerprints: copies of a photo have nearly the same, other photos others, blank pictures none."""

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from model.fingerprint import FLAT, differing_bits, fingerprint, quarters
from model.images import SUFFIXES, decode, files_in

PHOTOS = [path for path in files_in([Path(__file__).parents[2] / "bot" / "demo" / "photos"]) if path.suffix in SUFFIXES]
signed = st.integers(min_value=-(2**63), max_value=2**63 - 1)


def recompressed(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [decode(path.read_bytes()) for path in PHOTOS]


@pytest.mark.parametrize(
    "copy",
    [
        recompressed,
        lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
        lambda picture: picture.resize((320, 320 * picture.height // picture.width)),
        lambda picture: picture.resize((2 * picture.width, 2 * picture.height)),
        lambda picture: ImageEnhance.Brightness(picture).enhance(0.8),
        lambda picture: picture.convert("L").convert("RGB"),
    ],
    ids=["recompressed", "half", "small", "double", "darker", "grey"],
)
def test_copies_of_a_photo_share_its_fingerprint(
    photos: list[Image.Image], copy: Callable[[Image.Image], Image.Image]
) -> None:
    differing = [differing_bits(fingerprint(photo), fingerprint(copy(photo))) for photo in photos]
    assert len(differing) >= 9
    assert np.mean(np.array(differing) <= 3) >= 8 / 9


def test_different_photos_differ(photos: list[Image.Image]) -> None:
    found = [fingerprint(photo) for photo in photos]
    assert min(differing_bits(one, other) for one, other in combinations(found, 2)) > 3


def test_what_shows_nothing_is_told_apart_from_what_looks_alike() -> None:
    shaded = np.tile(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], (300, 1, 3))
    assert fingerprint(Image.new("RGB", (640, 480), "white")) == FLAT
    assert fingerprint(Image.fromarray(shaded)) == FLAT


@pytest.mark.parametrize("size", [(8, 8), (1, 900), (5000, 9)])
def test_any_size_has_one(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    assert -(2**63) <= fingerprint(Image.fromarray(pixels)) < 2**63


@given(one=signed, other=signed)
def test_differing_bits_are_a_distance(one: int, other: int) -> None:
    assert differing_bits(one, one) == 0
    assert differing_bits(one, other) == differing_bits(other, one) <= 64
    assert (differing_bits(one, other) == 0) == (one == other)


@given(value=signed, flipped=st.sets(st.integers(min_value=0, max_value=63), max_size=3))
def test_what_differs_in_three_bits_shares_a_quarter(value: int, flipped: set[int]) -> None:
    other = value ^ sum(1 << bit for bit in flipped)
    assert any(one == two for one, two in zip(quarters(value), quarters(other), strict=True))
    assert all(0 <= quarter < 2**16 for quarter in quarters(value))
