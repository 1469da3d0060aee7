"""Colour profiles: pictures look as their profile means, not as their numbers would in sRGB."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from model.images import decode

WHITE = (0.9642, 1.0, 0.8249)  # D50, the white of the profile connection space
# Red, green and blue primaries in XYZ, adapted to D50.
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65_536))


def xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def profile(space: bytes, connection: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr") -> bytes:
    """An ICC profile (ICC.1:2001-04) of these tags and those that every profile has."""
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + b"\0" * 78
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(WHITE), **tags}
    table, body = b"", b""
    for key, value in tags.items():
        table += key + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    size = 132 + len(table) + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, kind, space, connection, b"acsp")
    return (head + b"".join(map(fixed, WHITE))).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix(primaries: tuple[tuple[float, ...], ...], gamma: float = 2.2) -> bytes:
    tags = {key + b"XYZ": xyz(primary) for key, primary in zip((b"r", b"g", b"b"), primaries, strict=True)}
    return profile(b"RGB ", b"XYZ ", tags | {key + b"TRC": curve(gamma) for key in (b"r", b"g", b"b")})


def table(channels: int, to_lab: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> bytes:
    """lut8Type: `to_lab` maps (N, channels) in 0..1 to Lab (N, 3)."""
    grid = 5
    points = np.indices((grid,) * channels).reshape(channels, -1).T / (grid - 1)
    lab = to_lab(points) * (2.55, 1, 1) + (0, 128, 128)
    straight = bytes(range(256))
    identity = b"".join(fixed(float(row == column)) for row in range(3) for column in range(3))
    start = b"mft1\0\0\0\0" + bytes([channels, 3, grid, 0]) + identity + straight * channels
    return start + lab.clip(0, 255).astype(np.uint8).tobytes() + straight * 3


def shown(colour: object, mode: str, kind: str, icc: bytes) -> tuple[int, ...]:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    quality = {"quality": 98} if kind in ("JPEG", "HEIF", "AVIF", "WEBP") else {}
    Image.new(mode, (32, 32), colour).save(buffer, kind, icc_profile=icc, **quality)  # type: ignore[arg-type] # by mode
    pixel = decode(buffer.getvalue()).getpixel((16, 16))
    assert isinstance(pixel, tuple)
    return pixel


def close(one: tuple[int, ...], other: tuple[int, ...], by: int = 6) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF", "AVIF", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("primaries", "colour", "expected"),
    [
        # Computed from the matrices of the two standards, gamma 2.2 in, sRGB's curve out.
        (DISPLAY_P3, (200, 80, 60), (218, 67, 46)),
        (DISPLAY_P3, (128, 128, 128), (129, 129, 129)),
        (ADOBE_RGB, (180, 120, 90), (199, 121, 88)),
        (ADOBE_RGB, (90, 120, 180), (72, 121, 183)),
    ],
)
def test_wide_colours_come_to_srgb(
    kind: str, primaries: tuple[tuple[float, ...], ...], colour: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert close(shown(colour, "RGB", kind, matrix(primaries)), expected)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_profiles_hold_for_palettes_and_for_see_through_pictures(kind: str) -> None:
    assert close(shown((200, 80, 60, 255), "RGBA", kind, matrix(DISPLAY_P3)), (218, 67, 46))
    palette = Image.new("RGB", (32, 32), (200, 80, 60)).quantize(4)
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", icc_profile=matrix(DISPLAY_P3))
    assert close(decode(buffer.getvalue()).getpixel((5, 5)), (218, 67, 46))  # type: ignore[arg-type] # RGB gives tuples


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_grey_profile_is_followed(kind: str) -> None:
    """Linear light: 55 of 255 is 21.6 %, which sRGB writes as 127."""
    linear = profile(b"GRAY", b"XYZ ", {b"kTRC": curve(1.0)})
    assert close(shown(55, "L", kind, linear), (128, 128, 128))
    assert close(shown(55, "L", kind, matrix(DISPLAY_P3)), (55, 55, 55))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_are_what_their_profile_says(kind: str) -> None:
    """A press whose only ink of note is black, and that prints a warm grey."""

    def to_lab(inks: NDArray[np.float64]) -> NDArray[np.float64]:
        light = 100 * (1 - inks[:, 3])
        return np.stack([light, np.full_like(light, 10), np.full_like(light, 20)], axis=1)

    press = profile(b"CMYK", b"Lab ", {b"A2B0": table(4, to_lab)}, b"prtr")
    red, green, blue = shown((0, 0, 0, 128), "CMYK", kind, press)  # L 50, a 10, b 20
    assert close((red, green, blue), (144, 112, 85))


def test_lab_is_converted() -> None:
    """As Pillow and every editor store it: L in 0..255, a and b signed."""
    buffer = io.BytesIO()
    red = ImageCms.profileToProfile(
        Image.new("RGB", (32, 32), (220, 30, 40)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert red is not None
    red.save(buffer, "TIFF")
    assert close(decode(buffer.getvalue()).getpixel((5, 5)), (220, 30, 40))  # type: ignore[arg-type] # RGB gives tuples


@pytest.mark.parametrize(
    "icc",
    [
        profile(b"GRAY", b"XYZ ", {b"kTRC": curve(1.0)}),  # of another kind than the pixels
        matrix(DISPLAY_P3)[:200],
        matrix(DISPLAY_P3).replace(b"curv", b"\xff\xff\xff\xff"),
        profile(b"RGB ", b"Lab ", {b"A2B0": b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, 2**31)}),
    ],
    ids=["grey", "cut off", "no curves", "endless"],
)
def test_a_profile_that_does_not_fit_is_ignored(icc: bytes) -> None:
    assert close(shown((200, 80, 60), "RGB", "PNG", icc), (200, 80, 60), by=0)
