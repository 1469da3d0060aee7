"""What the demo borrows from the project in whose folder it is started: copies, so that the project stays as it is."""

import shutil
from contextlib import suppress
from pathlib import Path

from bot.label_names import FILE
from model.registry import Registry
from model.settings import ModelSettings


def borrow(project: ModelSettings, home: Path) -> str:
    """Let `home`, a demo's own, have the project's champion and what it calls its labels; returns the version.

    Raises `NoChampion` where the project has no model yet (its names are there then), else `ModelError` or `OSError`.
    """
    with suppress(FileNotFoundError):
        shutil.copyfile(project.home_folder() / FILE, home / FILE)
    owner, borrower = Registry(project.home, project.labels), Registry(home / "models", project.labels)
    version = owner.champion()
    borrower.aliases()  # where the labels are the bundled model's, it is there now
    if version in borrower.versions():
        return version
    artifact = owner.load(version)
    if artifact.card.weights:
        copy = borrower.weights_folder.path(artifact.card.weights)
        copy.parent.mkdir(parents=True)
        shutil.copyfile(owner.weights_folder.path(artifact.card.weights), copy)
    borrower.register(artifact, reason=f"borrowed from {owner.home}")
    borrower.promote(version, reason="the demo's project lets it answer")
    return version
