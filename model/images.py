"""Untrusted bytes to an upright RGB picture. The only place that decodes what people send."""

import contextlib
import errno
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageCms, ImageOps, TiffImagePlugin, UnidentifiedImageError

from model.errors import ImageError, ImageProblem

# Formats people really send; everything else Pillow could open (PostScript through Ghostscript, say) stays shut.
# MPO, what phones with two lenses write, opens as a JPEG; named here, it would break whatever is looked up after it.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"})
# Pillow walks a file's pieces (chunks, markers, comments) in Python: millions of tiny ones keep a thread busy for long.
# Real photos of 20 MB need a few thousand reads.
_MAX_READS = 20_000
# Each scan of a progressive JPEG is a pass over the whole picture and costs an attacker under 100 bytes. Cameras and
# optimisers write about ten; metadata comes in segments of 64 kB.
_MAX_JPEG_SCANS = 40
_MAX_JPEG_MARKERS = 1_000
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")  # neither stuffing nor restart
_TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH = 322, 323
_DECODERS = r"(PIL|pillow_heif)\."
_JPEG_QUALITY = 92  # what is stored is looked at by people and learnt from: no visible loss


@dataclass(frozen=True)
class ImageLimits:
    """What is refused before it is decoded. Telegram lets bots download at most 20 MB."""

    max_bytes: int = 20_000_000
    max_pixels: int = 60_000_000  # a 48-megapixel phone photo passes; decoded it needs 180 MB
    min_side: int = 8  # below this there is nothing to see
    max_side: int = 65_500  # photos are stored as JPEG, which holds no longer ones


DEFAULT_LIMITS = ImageLimits()


class _Pieces(io.BytesIO):
    """Bytes that lose patience with whoever reads them in too many pieces."""

    _reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        if self._reads > _MAX_READS:
            raise ImageError(ImageProblem.DAMAGED, "the file consists of far too many pieces")
        return super().read(size)


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image.Image:
    """Decode `data` to an upright RGB picture in sRGB; of an animation the first frame.

    Raises `ImageError` with its `problem`; never anything else for bad bytes.
    """
    if not data:
        raise ImageError(ImageProblem.EMPTY, "the file is empty (0 bytes)")
    if len(data) > limits.max_bytes:
        raise ImageError(
            ImageProblem.TOO_MANY_BYTES, f"the file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted"
        )
    _register_heif()
    _silence_decoders()
    try:
        with Image.open(_Pieces(data), formats=_FORMATS) as picture:
            _check_size(picture, limits)
            _check_effort(picture, data, limits)
            picture.load()
            _turn_upright(picture)
            return _to_rgb(picture)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(ImageProblem.NOT_AN_IMAGE, "the file is no picture of a known format") from None
    except Image.DecompressionBombError:
        raise ImageError(ImageProblem.TOO_MANY_PIXELS, "the picture claims far too many pixels") from None
    except Exception as error:  # decoders raise anything (struct.error, SyntaxError) on hostile bytes
        raise ImageError(
            ImageProblem.DAMAGED, f"the picture is damaged or cut off and cannot be read ({type(error).__name__})"
        ) from error


def read_photo(path: Path, limits: ImageLimits = DEFAULT_LIMITS) -> bytes:
    """The bytes of a file, but never (many) more than are accepted. Raises `OSError`, also for what is no file.

    Opening a named pipe would wait for a writer for ever.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")
    with path.open("rb") as file:
        return file.read(limits.max_bytes + 1)


def encode(picture: Image.Image) -> bytes:
    """JPEG bytes of an RGB picture without any metadata: no GPS, no names, no thumbnails. This is what is stored."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return buffer.getvalue()


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named and, sorted and recursive, all those in folders named, in input order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if not file.is_dir())
        else:
            yield path


def _check_size(picture: Image.Image, limits: ImageLimits) -> None:
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise ImageError(
            ImageProblem.TOO_MANY_PIXELS,
            f"the picture has {width} x {height} pixels; at most {limits.max_pixels / 1e6:.0f} megapixels are accepted",
        )
    if max(width, height) > limits.max_side:
        raise ImageError(
            ImageProblem.TOO_MANY_PIXELS,
            f"the picture has {width} x {height} pixels; each side may have {limits.max_side:,}",
        )
    if min(width, height) < limits.min_side:
        raise ImageError(
            ImageProblem.TOO_SMALL, f"the picture has {width} x {height} pixels; each side needs {limits.min_side}"
        )


def _check_effort(picture: Image.Image, data: bytes, limits: ImageLimits) -> None:
    """Refuse files whose decoding costs far more than their size in pixels tells."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        width, length = (picture.tag_v2.get(tag, 0) for tag in (_TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH))
        if width * length > limits.max_pixels:
            raise ImageError(
                ImageProblem.TOO_MANY_PIXELS, f"the picture is stored in tiles of {width} x {length} pixels"
            )
    if picture.format in ("JPEG", "MPO") and not _few_scans(data):
        raise ImageError(
            ImageProblem.DAMAGED, f"the JPEG has more than {_MAX_JPEG_SCANS} scans or far too many segments"
        )


def _few_scans(data: bytes) -> bool:
    """Whether the first JPEG in `data` keeps to the limits on scans and segments."""
    position = scans = 0
    for _ in range(_MAX_JPEG_MARKERS):
        found = _JPEG_MARKER.search(data, position)
        if found is None or found[1] == b"\xd9":  # the end; phones append films behind it
            return True
        position = found.end()
        if found[1] not in (b"\x01", b"\xd8"):  # all others but these begin with their length
            position += max(int.from_bytes(data[position : position + 2], "big"), 2)
        scans += found[1] == b"\xda"
        if scans > _MAX_JPEG_SCANS:
            return False
    return False


def _turn_upright(picture: Image.Image) -> None:
    # Hostile EXIF raises anything; a picture that may lie on its side is still a picture.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)


def _to_rgb(picture: Image.Image) -> Image.Image:
    picture = _to_srgb(picture)
    if picture.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        # 16 bits and more: Pillow would clip to white instead of scaling. Big-endian ones have no extrema for it.
        picture = picture.convert("I") if picture.mode == "I;16B" else picture
        _, high = cast(tuple[float, float], picture.getextrema())
        top = 65535.0 if high > 255 else 255.0
        return picture.convert("F").point(lambda value: value * (255.0 / top)).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        # Cut-outs go onto white, as every viewer shows them; dropping alpha would uncover whatever lies beneath.
        layered = picture.convert("RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _to_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a damaged colour profile costs some colour, not the photo
    return converted if converted is not None else picture


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _silence_decoders() -> None:
    """Decoders warn of bombs and damaged metadata; our own limits and failures speak for themselves.

    Not by `warnings.catch_warnings`: it swaps the filters of the whole process, and photos are decoded in threads.
    """
    item = ("ignore", None, Warning, re.compile(_DECODERS), 0)
    if item not in warnings.filters:
        warnings.filterwarnings("ignore", module=_DECODERS)
