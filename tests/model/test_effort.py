"""What would cost too much to decode is refused by its headers; what phones write is not."""

import io
import struct
import time
import zlib

import pillow_heif
import pytest
from PIL import Image

from model.errors import ImageError, ImageProblem
from model.images import DEFAULT_LIMITS, ImageLimits, decode


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def refused(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> ImageError:
    """Why; and at once."""
    begin = time.process_time()
    with pytest.raises(ImageError) as caught:
        decode(data, limits)
    assert time.process_time() - begin < 0.5
    return caught.value


@pytest.fixture(scope="module")
def phone_photo() -> bytes:
    """48 megapixels."""
    return saved(Image.new("RGB", (8000, 6000), (40, 160, 60)), "JPEG")


def test_a_48_megapixel_photo_is_accepted_and_comes_halved(phone_photo: bytes) -> None:
    assert decode(phone_photo).size == (4000, 3000)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "I;16", "L"])
def test_every_mode_comes_halved(mode: str) -> None:
    picture = decode(saved(Image.new(mode, (6002, 4999)), "PNG", compress_level=1))
    assert (picture.mode, picture.size) == ("RGB", (3001, 2500))


@pytest.mark.parametrize(("size", "expected"), [((6000, 4000), (6000, 4000)), ((26_000, 1_000), (26_000, 1_000))])
def test_what_cameras_usually_write_and_panoramas_stay_whole(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert decode(saved(Image.new("L", size), "JPEG")).size == expected


@pytest.mark.parametrize(
    ("size", "shrink_to", "expected"),
    [
        ((1280, 960), None, (1280, 960)),
        ((1280, 960), 1000, (1280, 960)),
        ((1280, 960), 480, (640, 480)),
        ((1280, 960), 481, (1280, 960)),
        ((1280, 960), 224, (320, 240)),
        ((1280, 960), 1, (160, 120)),
        ((960, 1280), 300, (480, 640)),
        ((1001, 903), 224, (251, 226)),
        ((100, 80), 224, (100, 80)),
        ((8000, 6000), 2000, (4000, 3000)),
        ((8000, 6000), 224, (1000, 750)),
    ],
)
def test_a_jpeg_shrinks_as_far_as_both_sides_allow(
    size: tuple[int, int], shrink_to: int | None, expected: tuple[int, int]
) -> None:
    assert decode(saved(Image.new("RGB", size), "JPEG"), shrink_to=shrink_to).size == expected


def test_a_jpeg_on_its_side_shrinks_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scene = Image.new("RGB", (1280, 960), "black")
    scene.paste("white", (0, 480, 640, 960))  # at the left bottom as it lies, at the left top once it is upright
    picture = decode(saved(scene, "JPEG", exif=exif), shrink_to=200)
    assert picture.size == (240, 320)
    assert picture.getpixel((20, 20)) == (255, 255, 255)
    assert picture.getpixel((220, 20)) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "BMP"])
def test_other_formats_are_decoded_whole(kind: str) -> None:
    assert decode(saved(Image.new("RGB", (640, 480)), kind), shrink_to=64).size == (640, 480)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_every_kind_of_jpeg_shrinks(mode: str) -> None:
    picture = decode(saved(Image.new(mode, (640, 480)), "JPEG", progressive=True), shrink_to=64)
    assert (picture.mode, picture.size) == ("RGB", (160, 120))


def test_a_shrunk_photo_shows_the_same(demo_photos: dict[str, bytes]) -> None:
    data = demo_photos["black_dod.jpg"]
    whole, small = decode(data), decode(data, shrink_to=200)
    assert min(small.size) >= 200
    assert small.width < whole.width
    one, other = (list(picture.resize((8, 8), Image.Resampling.BOX).tobytes()) for picture in (whole, small))
    assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 16


def test_shrinking_to_nothing_is_a_mistake_of_ours(phone_photo: bytes) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel, got 0"):
        decode(phone_photo, shrink_to=0)


def test_what_is_refused_does_not_depend_on_shrinking(phone_photo: bytes) -> None:
    with pytest.raises(ImageError):
        decode(phone_photo, ImageLimits(max_pixels=40_000_000), shrink_to=64)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_formats_whose_decoders_take_most_memory_are_held_to_fewer_pixels(kind: str) -> None:
    options = {"method": 0, "quality": 1} if kind == "WEBP" else {"speed": 10}
    error = refused(saved(Image.new("L", (6400, 6300)), kind, **options))
    assert error.problem is ImageProblem.TOO_MANY_PIXELS
    assert f"of {kind} at most 40 megapixels" in str(error)


def png_claiming(width: int, height: int, interlaced: bool) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_the_time_that_decoding_would_take_is_bounded() -> None:
    error = refused(png_claiming(10_000, 6_000, True))
    assert error.problem is ImageProblem.TOO_MANY_PIXELS
    assert "would take too long to decode, about 2.2 s; at most 2 s are spent on one" in str(error)
    patient = ImageLimits(max_seconds=3.0)
    with pytest.raises(ImageError) as caught:
        decode(png_claiming(10_000, 6_000, True), patient)
    assert caught.value.problem is ImageProblem.DAMAGED  # it was tried


def test_scans_count_by_the_pixels_that_they_pass_over() -> None:
    def with_scans(side: int) -> bytes:
        data = saved(Image.new("RGB", (side, side)), "JPEG", progressive=True, subsampling=0)
        return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 28 + data[-2:]

    assert decode(with_scans(640)).size == (640, 640)
    assert "would take too long" in str(refused(with_scans(7700)))


def tiff(width: int, length: int, tile: tuple[int, int], content: bytes) -> bytes:
    """Of grey pixels, deflated, all tiles in the same place."""
    count = -(-width // tile[0]) * -(-length // tile[1])
    places = struct.pack("<I", 8) * count + struct.pack("<I", len(content)) * count
    begin = 8 + len(content)
    entries = [(256, 1, width), (257, 1, length), (258, 1, 8), (259, 1, 8), (262, 1, 1), (277, 1, 1)]
    entries += [(322, 1, tile[0]), (323, 1, tile[1]), (324, count, begin), (325, count, begin + 4 * count)]
    tags = b"".join(struct.pack("<HHII", tag, 4, number, value) for tag, number, value in entries)
    head = b"II*\0" + struct.pack("<I", begin + len(places))
    return head + content + places + struct.pack("<H", len(entries)) + tags + struct.pack("<I", 0)


def test_tiles_that_reach_far_beyond_the_picture_are_refused() -> None:
    """Each is unpacked whole: this 0.5-megapixel picture would cost as much as 472 megapixels."""
    assert decode(tiff(64, 64, (32, 32), zlib.compress(b"\x55" * 1024))).getpixel((40, 40)) == (85, 85, 85)
    bomb = tiff(8, 60_000, (7680, 7680), zlib.compress(b"\0" * 7680 * 7680))
    assert "8 tiles of 7680 x 7680" in str(refused(bomb))


def test_progressive_jpeg_within_tiff_is_refused() -> None:
    """It may have any number of scans, in each of any number of strips."""
    data = saved(Image.new("RGB", (64, 64)), "TIFF", compression="jpeg")
    assert decode(data).size == (64, 64)
    assert b"\xff\xc0\0\x11\x08" in data
    assert "progressive" in str(refused(data.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc2\0\x11\x08")))


def test_arithmetically_coded_jpeg_is_refused() -> None:
    data = saved(Image.new("RGB", (64, 64)), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc9\0\x11\x08")
    assert "arithmetically" in str(refused(data))


def test_endless_exif_is_refused() -> None:
    """Pillow joins the segments of one JPEG in time that grows with their square."""
    data = saved(Image.new("RGB", (64, 64)), "JPEG")
    segment = b"\xff\xe1\xff\xffExif\0\0" + b"\0" * (0xFFFF - 8)
    assert decode(data[:2] + segment * 3 + data[2:]).size == (64, 64)
    assert refused(data[:2] + segment * 250 + data[2:]).problem is ImageProblem.DAMAGED
