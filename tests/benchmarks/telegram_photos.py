"""Photos as phones send them and Telegram passes them on, each with bytes of its own."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image

from bot.sandbox.files import FileStore
from model.errors import ImageError
from model.images import decode

LONGEST_SIDE = 1280  # of what Telegram gives to bots
_MOST_CUT = 0.04  # of each side


def different_photos(files: Sequence[Path], count: int, store: FileStore) -> list[bytes]:
    """`count` JPEGs, 1280 pixels long, made of `files` in turn by cutting a little off each side.

    No two become the same photo in `store`, which recompresses them here already: a bot that remembers photos must
    judge each of them. Raises `ImageError` naming the file that cannot be read.
    """
    originals = [_read(path) for path in files]
    random = Random(4)
    cuts = [[random.uniform(0, _MOST_CUT) for _ in range(4)] for _ in range(count)]

    def made(place: int) -> tuple[bytes, str]:
        picture = _at_size(originals[place % len(originals)], cuts[place])
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=90)
        return buffer.getvalue(), store.photo(buffer.getvalue())[-1].file_unique_id

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        photos = list(threads.map(made, range(count)))
    different = len({unique_id for _, unique_id in photos})
    if different != count:
        raise RuntimeError(f"expected {count} different photos, made {different}")
    return [data for data, _ in photos]


def _read(path: Path) -> Image.Image:
    try:
        return decode(path.read_bytes(), shrink_to=LONGEST_SIDE)
    except ImageError as error:
        raise ImageError(error.problem, f"{path} cannot be read: {error}") from error


def _at_size(picture: Image.Image, cuts: Sequence[float]) -> Image.Image:
    """Without `cuts` (shares of left, top, right and bottom), at Telegram's size."""
    width, height = picture.size
    left, top, right, bottom = cuts
    box = (width * left, height * top, width * (1 - right), height * (1 - bottom))
    scale = LONGEST_SIDE / max(box[2] - box[0], box[3] - box[1])
    size = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC, box=box)
