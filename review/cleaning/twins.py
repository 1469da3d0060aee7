"""The same picture under two labels: by its bytes, or nearly the same to look at. One of both is filed wrongly."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model.duplicates import DuplicateIndex
from model.errors import ImageError
from model.fingerprint import fingerprint
from model.images import decode, read_photo

_SIDE = 512  # pixels that both sides keep: a fingerprint looks at no more


@dataclass(frozen=True)
class Twin:
    """A file of which there is another one under another label; all of one `group` (from 1 on) look the same."""

    sha256: str
    group: int


def twins(files: Iterable[tuple[Path, str]]) -> Mapping[Path, Twin]:
    """Of files with their labels those that are there under two labels; what cannot be read is none of them."""
    index: DuplicateIndex[Path] = DuplicateIndex()
    alike: dict[Path, Path] = {}  # each -> one that was there before it and looks the same, or itself
    sha256s: dict[Path, str] = {}
    labels: dict[Path, str] = {}
    for path, label in files:
        try:
            data = read_photo(path)
            look = fingerprint(decode(data, shrink_to=_SIDE))
        except (ImageError, OSError):
            continue
        labels[path] = label
        sha256s[path] = hashlib.sha256(data).hexdigest()
        match = index.find(sha256s[path], look)
        alike[path] = path if match is None else alike[match.key]
        index.add(path, sha256s[path], look)
    members: dict[Path, list[Path]] = {}
    for path, first in alike.items():
        members.setdefault(first, []).append(path)
    divided = [paths for paths in members.values() if len({labels[path] for path in paths}) > 1]
    return {path: Twin(sha256s[path], group) for group, paths in enumerate(divided, start=1) for path in paths}
