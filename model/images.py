"""Untrusted bytes to an upright RGB picture. The only place that decodes what people send."""

import io
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from model.errors import ImageError, ImageProblem

# Formats people really send; everything else Pillow could open (PostScript through Ghostscript, say) stays shut.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO", "HEIF", "AVIF")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"})
_JPEG_QUALITY = 92  # what is stored is looked at by people and learnt from: no visible loss


@dataclass(frozen=True)
class ImageLimits:
    """What is refused before it is decoded. Telegram lets bots download at most 20 MB."""

    max_bytes: int = 20_000_000
    max_pixels: int = 60_000_000  # a 48-megapixel phone photo passes; decoded it needs 180 MB
    min_side: int = 8  # below this there is nothing to see


DEFAULT_LIMITS = ImageLimits()


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
    try:
        with warnings.catch_warnings():
            # Pillow warns of a possible bomb and of damaged EXIF; our own limits and failures speak for themselves.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                _check_size(picture, limits)
                picture.load()
                return _to_rgb(_upright(picture))
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


def encode(picture: Image.Image) -> bytes:
    """JPEG bytes of an RGB picture without any metadata: no GPS, no names, no thumbnails. This is what is stored."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return buffer.getvalue()


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named and, sorted and recursive, those in folders named (no hidden ones), in input order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        else:
            yield path


def _check_size(picture: Image.Image, limits: ImageLimits) -> None:
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise ImageError(
            ImageProblem.TOO_MANY_PIXELS,
            f"the picture has {width} x {height} pixels; at most {limits.max_pixels / 1e6:.0f} megapixels are accepted",
        )
    if min(width, height) < limits.min_side:
        raise ImageError(
            ImageProblem.TOO_SMALL, f"the picture has {width} x {height} pixels; each side needs {limits.min_side}"
        )


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - hostile EXIF raises anything; a picture that may lie on its side is still a picture
        return picture.copy()


def _to_rgb(picture: Image.Image) -> Image.Image:
    picture = _to_srgb(picture)
    if picture.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        # 16 bits and more: Pillow would clip to white instead of scaling.
        _, high = cast(tuple[float, float], picture.getextrema())
        top = 65535.0 if high > 255 else 255.0
        return picture.convert("F").point(lambda value: value * (255.0 / top)).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        # Cut-outs go onto white, as every viewer shows them; dropping alpha would uncover whatever lies beneath.
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
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
