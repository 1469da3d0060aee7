"""The same picture under two labels: by its bytes, or nearly the same to look at. One of both is filed wrongly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.duplicates import DuplicateIndex
from model.glance import Unseen, glances
from model.progress import Walk
from model.quality import DEFAULT_THRESHOLDS


@dataclass(frozen=True)
class Twin:
    """A file of which there is another one under another label; all of one `group` (from 1 on) look the same."""

    sha256: str
    group: int


def twins(labels: Mapping[Path, str], walk: Walk) -> Mapping[Path, Twin]:
    """Of files with their labels those that are there under two labels; what cannot be read is none of them."""
    index: DuplicateIndex[Path] = DuplicateIndex()
    alike: dict[Path, list[Path]] = {}  # each -> all that look the same: one list, which is theirs together
    sha256s: dict[Path, str] = {}
    for path, seen in glances(list(labels), walk, DEFAULT_THRESHOLDS):
        if isinstance(seen, Unseen):
            continue
        sha256s[path] = seen.sha256
        nearest = index.find(seen.sha256, seen.fingerprint)
        matches = [nearest] if nearest is not None and nearest.exact else index.alike(seen.fingerprint)
        together = alike[path] = [path]
        for match in matches:  # all of them: the nearest one may lie under the same label, and another one not
            others = alike[match.key]
            if others is together:
                continue
            others.extend(together)
            alike.update(dict.fromkeys(together, others))
            together = others
        index.add(path, seen.sha256, seen.fingerprint)
    groups = {id(paths): paths for paths in alike.values()}.values()
    divided = [paths for paths in groups if len({labels[path] for path in paths}) > 1]
    return {path: Twin(sha256s[path], group) for group, paths in enumerate(divided, start=1) for path in paths}
