"""Labels that people give: one of the folder's, or a new one that may be a label."""

import difflib
from collections.abc import Sequence

from model.errors import DatasetError
from model.labels import check_label


def given_label(label: str, labels: Sequence[str], *, new: bool) -> str:
    """The label, if it may be given; raises `DatasetError` that says why not.

    A new one is taken only from who says that it is `new`, and never one that differs from another by its capitals.
    """
    if label in labels:
        return label
    if not new or any(one.casefold() == label.casefold() for one in labels):
        raise DatasetError(unknown_label(label, labels))
    check_label(label)
    return label


def unknown_label(label: str, labels: Sequence[str]) -> str:
    """A sentence that says so, with the likely guess."""
    folded = {one.casefold(): one for one in labels}
    close = difflib.get_close_matches(label.casefold(), folded, n=1)
    guess = f": did you mean {folded[close[0]]!r}?" if close else ""
    return f"unknown label {label!r}{guess} (expected one of {', '.join(labels)})"
