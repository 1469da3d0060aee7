"""What decoding a picture will cost, judged from its headers before any of it is decoded.

A decoder in C cannot be stopped from another thread, and a process for each photo would cost more than most photos do
(and its own answer to being killed half-way): so time and memory are bounded by refusing what would take too much.
"""

import math
import re
from dataclasses import dataclass, replace

from PIL import Image, TiffImagePlugin

from model.errors import ImageError, ImageProblem

# Each scan of a progressive JPEG is a pass over the whole picture and costs an attacker under 100 bytes. Cameras and
# optimisers write about ten; metadata comes in segments of 64 kB.
_MAX_JPEG_SCANS = 40
_MAX_JPEG_MARKERS = 1_000
# Pillow joins the segments of split EXIF by copying all that came before; cameras write one.
_MAX_EXIF_SEGMENTS = 16
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")  # neither stuffing nor restart
_ARITHMETIC = frozenset(b"\xc9\xca\xcb\xcd\xce\xcf")  # start of a frame that is coded arithmetically
# Inside a TIFF, too; the length and the 8 bits a sample keep other bytes from looking like it.
_PROGRESSIVE_IN_TIFF = re.compile(rb"\xff\xc2\x00[\x0b-\x14]\x08")
_TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH = 322, 323
_NANO = 1e-9


# From here on half the width and height show and teach as much, and whatever follows costs a quarter: a 48-megapixel
# HEIC of 10 MB in Display P3 would take 2.2 s, halved before its colours are converted it takes 1.6. Panoramas stay.
_HALVED_ABOVE = 25_000_000  # 24 megapixels, the most that cameras usually write, stay whole
_HALVED_SIDE = 2_000


@dataclass(frozen=True)
class _Cost:
    """Nanoseconds of one core of the 2-core machine that this was measured on, at worst, of the usual kinds of files.

    `pixel` of each pixel, up to the RGB picture; `byte` of each byte of the file, for entropy coding; `max_pixels`
    where the decoder needs so much memory (20 bytes a pixel, with alpha) that the general limit would allow gigabytes.
    """

    pixel: float
    byte: float
    max_pixels: int | None = None


_COSTS = {
    "JPEG": _Cost(pixel=6, byte=20),
    "PNG": _Cost(pixel=15, byte=10),
    "WEBP": _Cost(pixel=16, byte=45, max_pixels=40_000_000),
    "GIF": _Cost(pixel=8, byte=10),
    "BMP": _Cost(pixel=4, byte=1),
    "TIFF": _Cost(pixel=12, byte=40),
    "HEIF": _Cost(pixel=26, byte=90),
    "AVIF": _Cost(pixel=18, byte=60, max_pixels=40_000_000),
}
# Tiles, as phones write HEIC, are decoded by several threads: 1.6 s where one took 2.4.
_TILED = 0.67
_ALPHA = 8.0
_SCAN = 0.8
_INTERLACED = 14.0
# The same for each pixel of the picture that is left after halving.
_ICC = 17.0  # for matrices, as cameras write them
_ICC_TABLE = 36.0  # for tables in three and four dimensions
_LARGEST_MATRIX_PROFILE = 8_000  # bytes


def check_container(data: bytes) -> None:
    """Refuse what costs much merely to open. Raises `ImageError`."""
    if data[:2] == b"\xff\xd8":
        _count_scans(data)


def is_halved(size: tuple[int, int]) -> bool:
    """Whether a picture of `size` (width, height) has so many pixels that half its width and height do."""
    return size[0] * size[1] > _HALVED_ABOVE and min(size) >= _HALVED_SIDE


def check_effort(picture: Image.Image, data: bytes, *, max_pixels: int, max_seconds: float) -> None:
    """Refuse a picture (opened, not loaded) whose decoding costs far more than its size tells. Raises `ImageError`."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        _check_tiff(picture, data, max_pixels)
    cost = _COSTS["JPEG" if picture.format == "MPO" else picture.format or ""]
    width, height = picture.size
    pixels = width * height
    if cost.max_pixels is not None and pixels > cost.max_pixels:
        raise ImageError(
            ImageProblem.TOO_MANY_PIXELS,
            f"the picture has {width} x {height} pixels; of {picture.format} at most {cost.max_pixels / 1e6:.0f} "
            "megapixels are accepted: send it smaller, or as JPEG",
        )
    if "tiling" in picture.info:  # only pillow_heif tells it
        cost = replace(cost, pixel=cost.pixel * _TILED, byte=cost.byte * _TILED)
    seconds = (pixels * _pixel_cost(picture, data, cost) + len(data) * cost.byte) * _NANO
    if seconds > max_seconds:
        raise ImageError(
            ImageProblem.TOO_MANY_PIXELS,
            f"the picture ({width} x {height} pixels, {len(data):,} bytes of {picture.format}) would take too long to "
            f"decode, about {seconds:.1f} s; at most {max_seconds:g} s are spent on one: send it smaller",
        )


def _pixel_cost(picture: Image.Image, data: bytes, cost: _Cost) -> float:
    """Nanoseconds for each pixel, with all that its headers announce."""
    pixel = cost.pixel
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        # HEIF keeps alpha as a second picture.
        pixel += pixel if picture.format == "HEIF" else _ALPHA
    if profile := picture.info.get("icc_profile"):
        icc = _ICC_TABLE if picture.mode == "CMYK" or len(profile) > _LARGEST_MATRIX_PROFILE else _ICC
        pixel += icc / 4 if is_halved(picture.size) else icc
    if picture.format == "PNG" and picture.info.get("interlace"):
        pixel += _INTERLACED
    if picture.format in ("JPEG", "MPO"):
        pixel += _SCAN * _count_scans(data)
    return pixel


def _count_scans(data: bytes) -> int:
    """How many scans the first JPEG in `data` has. Raises `ImageError` for too many, or for segments without end."""
    position = scans = exif = 0
    for _ in range(_MAX_JPEG_MARKERS):
        found = _JPEG_MARKER.search(data, position)
        if found is None or found[1] == b"\xd9":  # the end; phones append films behind it
            return scans
        if found[1][0] in _ARITHMETIC:  # slow, and no camera, browser or phone knows it
            raise ImageError(ImageProblem.DAMAGED, "the JPEG is coded arithmetically, which is not supported")
        position = found.end()
        exif += found[1] == b"\xe1" and data[position + 2 : position + 6] == b"Exif"
        if found[1] not in (b"\x01", b"\xd8"):  # all others but these begin with their length
            position += max(int.from_bytes(data[position : position + 2], "big"), 2)
        scans += found[1] == b"\xda"
        if scans > _MAX_JPEG_SCANS or exif > _MAX_EXIF_SEGMENTS:
            break
    raise ImageError(ImageProblem.DAMAGED, f"the JPEG has more than {_MAX_JPEG_SCANS} scans or far too many segments")


def _check_tiff(picture: TiffImagePlugin.TiffImageFile, data: bytes, max_pixels: int) -> None:
    width, length = (int(picture.tag_v2.get(tag, 0)) for tag in (_TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH))
    if width > 0 and length > 0:
        # Every tile is unpacked whole, however little of it lies within the picture.
        tiles = math.ceil(picture.width / width) * math.ceil(picture.height / length)
        if width * length > max_pixels or tiles * width * length > 2 * max_pixels:
            raise ImageError(
                ImageProblem.TOO_MANY_PIXELS, f"the picture is stored in {tiles} tiles of {width} x {length} pixels"
            )
    if _PROGRESSIVE_IN_TIFF.search(data):  # each strip could have any number of scans; nobody writes it
        raise ImageError(ImageProblem.DAMAGED, "the TIFF contains progressive JPEG, which is not supported")
