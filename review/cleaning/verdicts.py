"""Decisions that are given by files' names, without a page: all of one call are one batch, or none is recorded."""

from collections.abc import Sequence
from pathlib import Path

from model.cleaning import Action, CleaningManifest, Decision
from model.errors import DatasetError
from model.images import SUFFIXES
from review.cleaning.labels import unknown_label

Wish = tuple[Path, Action, str | None]  # a file, and what is decided about it, with the label of RELABEL


def decide_by_name(manifest: CleaningManifest, wishes: Sequence[Wish], *, by: str) -> tuple[Decision, ...]:
    """Record them as one batch. A path is as it is seen from here, or from the folder.

    Raises `DatasetError`, and records nothing, for what is no photo of the folder, a label that is none, and a photo
    that is named twice; `OSError` for a file that cannot be read.
    """
    folder, labels = manifest.folder, labels_of(manifest)
    decisions: dict[str, Decision] = {}
    for path, action, label in wishes:
        file = _file(folder, path)
        if label is not None and label not in labels:
            raise DatasetError(f"{unknown_label(label, labels)}; a new label is a new folder: mkdir {folder / label}")
        if label == file.parent.resolve().name:
            action, label = Action.KEEP, None
        found = manifest.decision(file, action, label)
        if found.path in decisions:
            raise DatasetError(f"{path} is named twice: decide once about each photo")
        decisions[found.path] = found
    manifest.record(list(decisions.values()), by=by)
    return tuple(decisions.values())


def labels_of(manifest: CleaningManifest) -> tuple[str, ...]:
    """The folder's labels, by its folders, and those that decisions made."""
    folders = (path.name for path in manifest.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    made = (decision.label for decision in manifest.standing().values() if decision.label is not None)
    return tuple(dict.fromkeys((*sorted(folders), *made)))


def _file(folder: Path, path: Path) -> Path:
    there = [file for file in (path, folder / path) if file.is_file()]
    if not there:
        raise DatasetError(f"{path}: no such file, neither here nor in {folder}")
    for file in there:
        if file.parent.resolve().parent == folder.resolve() and file.suffix.lower() in SUFFIXES:
            return file
    raise DatasetError(f"{path}: expected a photo in {folder}/LABEL, got another file")
