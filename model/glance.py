"""Many files looked at quickly: each photo's sum, format, size, fingerprint and flaws."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.errors import ImageError
from model.fingerprint import fingerprint
from model.images import Header, decode, header, read_photo
from model.progress import Walk
from model.quality import Flaw, QualityThresholds, flaws, measure

_SIDE = 512  # pixels: neither a fingerprint nor the measures of quality need more
_IN_FLIGHT = 4  # files for each thread that are looked at ahead of their turn


@dataclass(frozen=True)
class Glance:
    """What was seen of a photo; `bytes` is how many its file has, the fingerprint is `model.fingerprint`'s."""

    sha256: str
    header: Header
    bytes: int
    fingerprint: int
    flaws: tuple[tuple[Flaw, str], ...]


@dataclass(frozen=True)
class Unseen:
    """A file that is no usable photo, and why; `sha256` is empty if it cannot even be read."""

    sha256: str
    why: str


def glance(path: Path, thresholds: QualityThresholds) -> Glance | Unseen:
    """Look at one file. Decodes it, so that a damaged one is found."""
    try:
        data = read_photo(path)
    except OSError as error:
        return Unseen("", f"cannot be read: {error.strerror or error}")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        picture = decode(data, shrink_to=_SIDE)
    except ImageError as error:
        return Unseen(sha256, str(error))
    head = header(data)
    quality = measure(picture, (head.width, head.height))
    found = tuple(flaws(quality=quality, thresholds=thresholds))
    return Glance(sha256, head, len(data), fingerprint(picture), found)


def glances(paths: Sequence[Path], walk: Walk, thresholds: QualityThresholds) -> Iterator[tuple[Path, Glance | Unseen]]:
    """Each file with what was seen of it, in order; only a few are in memory at a time, however many there are.

    In threads, one a core: decoders work without the interpreter's lock.
    """
    workers = os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers)
    ahead: deque[tuple[Path, Future[Glance | Unseen]]] = deque()
    try:
        for path in walk(paths):
            ahead.append((path, pool.submit(glance, path, thresholds)))
            if len(ahead) > workers * _IN_FLIGHT:
                first, future = ahead.popleft()
                yield first, future.result()
        for first, future in ahead:
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C waits for no file that was not begun
