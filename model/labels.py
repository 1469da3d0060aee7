"""Labels are data: an ordered vocabulary, not code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model.errors import DatasetError

# Labels travel in callback data (64 bytes) and in folder names; "none" and "cant_tell" are verdicts, not labels.
_PATTERN = re.compile(r"[^\W_][\w .'-]{0,39}")
_RESERVED = frozenset({"none", "cant_tell", "skip", "undo"})


def verdict_word(text: str) -> str:
    """`text` as words for verdicts are written, however a person writes them: "Can't tell" is cant_tell."""
    return text.strip().casefold().replace(" ", "_").replace("'", "")


def check_label(label: str) -> None:
    """Raises `DatasetError` for what cannot be a label, saying what can."""
    if not _PATTERN.fullmatch(label) or len(label.encode()) > 40:
        raise DatasetError(
            f"label {label!r}: expected letters, digits, spaces, '.', '-', '_' or \"'\", first a letter or "
            "digit, at most 40 bytes in UTF-8"
        )
    if verdict_word(label) in _RESERVED:
        raise DatasetError(f"label {label!r} is reserved for verdicts: rename it")


@dataclass(frozen=True)
class Vocabulary:
    """Ordered labels; the index of a label is its column in logits (N, K)."""

    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise DatasetError(f"expected at least two labels, got {list(self.labels)}: add a folder for each label")
        if len(set(self.labels)) != len(self.labels):
            raise DatasetError(f"labels repeat: {list(self.labels)}")
        for label in self.labels:
            check_label(label)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    def index(self, label: str) -> int:
        """Column of `label`; raises `DatasetError` for a stranger."""
        try:
            return self.labels.index(label)
        except ValueError:
            raise DatasetError(f"unknown label {label!r}: expected one of {', '.join(self.labels)}") from None
