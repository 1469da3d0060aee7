"""Small pictures of photos, made when they are asked for and kept in memory only.

A photo that is deleted leaves no copy on disk.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable

from PIL import Image

from model.images import decode

THUMBNAIL_SIDE = 360  # pixels at most; a card is 180 wide, and screens of phones have two for each
_QUALITY = 78
_KEPT_BYTES = 64_000_000  # of thumbnails in memory: some thousands


class Thumbnails:
    """Small pictures by the sha256 of the photo, whose bytes `read` gives; the ones asked for last are kept."""

    def __init__(self, read: Callable[[str], bytes], kept_bytes: int = _KEPT_BYTES) -> None:
        self._read = read
        self._most = kept_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, sha256: str) -> bytes:
        """JPEG bytes, at most `THUMBNAIL_SIDE` wide and high. Raises what `read` does; `ImageError` if damaged."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
                return self._kept[sha256]
        made = _thumbnail(self._read(sha256))
        with self._lock:
            if sha256 not in self._kept:
                self._kept[sha256] = made
                self._bytes += len(made)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


def _thumbnail(data: bytes) -> bytes:
    picture = decode(data, shrink_to=THUMBNAIL_SIDE)
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
