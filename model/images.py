"""Untrusted bytes to an upright RGB picture. The only place that decodes what people send."""

import contextlib
import errno
import io
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError

from model.colours import to_rgb
from model.effort import check_container, check_effort, is_halved
from model.errors import ImageError, ImageProblem

# Formats people really send; everything else Pillow could open (PostScript through Ghostscript, say) stays shut.
# MPO, what phones with two lenses write, opens as a JPEG; named here, it would break whatever is looked up after it.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
_SUFFIX_OF = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "HEIF": ".heic",
    "AVIF": ".avif",
}
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"})
# Pillow walks a file's pieces (chunks, markers, comments) in Python: millions of tiny ones keep a thread busy for long.
# Real photos of 20 MB need a few thousand reads.
_MAX_READS = 20_000
_REDUCIBLE = ("L", "RGB", "RGBA", "CMYK")  # Pillow can average these; the others once they are RGB
_DECODERS = r"(PIL|pillow_heif)\."
_BLOCKS_KEPT = 8  # of 16 MiB at most each
_JPEG_QUALITY = 92  # what is stored is looked at by people and learnt from: no visible loss


@dataclass(frozen=True)
class ImageLimits:
    """What is refused before it is decoded. Telegram lets bots download at most 20 MB."""

    max_bytes: int = 20_000_000
    max_pixels: int = 60_000_000  # a 48-megapixel phone photo passes; decoding it takes up to 600 MB
    min_side: int = 8  # below this there is nothing to see
    max_side: int = 65_500  # photos are stored as JPEG, which holds no longer ones
    max_seconds: float = 2.0  # of one core, as estimated in `model.effort`


DEFAULT_LIMITS = ImageLimits()


@dataclass(frozen=True)
class Header:
    """What a picture's file says of itself: its `format` by content ("JPEG"), width and height as they are stored."""

    format: str
    width: int
    height: int


class _Pieces(io.BytesIO):
    """Bytes that lose patience with whoever reads them in too many pieces."""

    _reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        if self._reads > _MAX_READS:
            raise ImageError(ImageProblem.DAMAGED, "the file consists of far too many pieces")
        return super().read(size)


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS, *, shrink_to: int | None = None) -> Image.Image:
    """Decode `data` to an upright RGB picture in sRGB; of an animation the first frame.

    A picture of more than 25 megapixels comes in half its width and height (but for narrow ones, see `model.effort`).
    With `shrink_to` (pixels, at least 1) a JPEG is decoded at the smallest of 1/1, 1/2, 1/4 and 1/8 of its size at
    which both sides keep at least as many pixels, for who needs no more: a 12-megapixel photo takes a third of the
    time. Other formats are decoded whole. What is accepted and refused does not depend on it.

    Raises `ImageError` with its `problem`; never anything else for bad bytes.
    """
    if not data:
        raise ImageError(ImageProblem.EMPTY, "the file is empty (0 bytes)")
    if len(data) > limits.max_bytes:
        raise ImageError(
            ImageProblem.TOO_MANY_BYTES, f"the file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted"
        )
    if shrink_to is not None and shrink_to < 1:
        raise ValueError(f"shrink_to must be at least 1 pixel, got {shrink_to}")
    _register_heif()
    _silence_decoders()
    _reuse_memory()
    check_container(data)
    try:
        with Image.open(_Pieces(data), formats=_FORMATS) as picture:
            _check_size(picture, limits)
            check_effort(picture, data, max_pixels=limits.max_pixels, max_seconds=limits.max_seconds)
            halve = is_halved(picture.size)
            if isinstance(picture, JpegImagePlugin.JpegImageFile):
                _shrink(picture, shrink_to, halve=halve)
            picture.load()
            _turn_upright(picture)
            if halve and picture.mode in _REDUCIBLE and is_halved(picture.size):
                return to_rgb(picture.reduce(2))
            whole = to_rgb(picture)
            return whole.reduce(2) if halve and is_halved(whole.size) else whole
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


@dataclass(frozen=True)
class Container:
    """What a file's first bytes say of the picture in it: its sides in pixels, and how files of its format end."""

    width: int
    height: int
    suffix: str


def container_of(data: bytes) -> Container:
    """Of bytes that `decode` takes; of others it raises whatever comes. `suffix` is one of `SUFFIXES`."""
    _register_heif()
    _silence_decoders()
    with Image.open(_Pieces(data), formats=_FORMATS) as picture:
        return Container(*picture.size, _SUFFIX_OF[picture.format or ""])


def header(data: bytes) -> Header:
    """Of bytes that `decode` accepted; nothing of the picture is decoded again."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        kind = "JPEG" if picture.format == "MPO" else picture.format
        return Header(kind or "", *picture.size)


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
    """The files named and, sorted and recursive, all those in folders named, in input order.

    Only the names in one folder and in those above it are held. A folder that cannot be listed comes like a file.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            # A link to a folder is neither followed (it may lead in a circle) nor a file.
            names = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if not _links_to_folder(entry)
            )
    except OSError:
        yield folder
        return
    for name, is_folder in names:
        if is_folder:
            yield from _walk(folder / name)
        else:
            yield folder / name


def _links_to_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and entry.is_dir()


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


def _shrink(picture: JpegImagePlugin.JpegImageFile, shrink_to: int | None, *, halve: bool) -> None:
    """Have libjpeg compute fewer pixels from the start; it keeps both sides at least as long as it is told."""
    width, height = picture.size
    least = (width // 2, height // 2) if halve else (width, height)
    if shrink_to is not None:
        least = (min(least[0], shrink_to), min(least[1], shrink_to))
    picture.draft(None, least)


def _turn_upright(picture: Image.Image) -> None:
    # Hostile EXIF raises anything; a picture that may lie on its side is still a picture.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


@cache
def _reuse_memory() -> None:
    """Let Pillow keep what freed pictures took: new pages from the system cost more than decoding a photo."""
    Image.core.set_blocks_max(_BLOCKS_KEPT)  # type: ignore[attr-defined] # Pillow's stubs leave its allocator out


def _silence_decoders() -> None:
    """Decoders warn of bombs and damaged metadata; our own limits and failures speak for themselves.

    Not by `warnings.catch_warnings`: it swaps the filters of the whole process, and photos are decoded in threads.
    """
    item = ("ignore", None, Warning, re.compile(_DECODERS), 0)
    if item not in warnings.filters:
        warnings.filterwarnings("ignore", module=_DECODERS)
