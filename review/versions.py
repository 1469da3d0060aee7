"""The versions in the model registry, with what retraining found out about them, as admins choose among them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.artifact import ModelCard
from model.errors import ArtifactError
from model.registry import Alias, Registry
from review.tables import RetrainingRun

_MOVES = ("promoted", "rolled back", "installed")  # events of the ledger after which a version answers


@dataclass(frozen=True)
class Version:
    """A version; `card` is None if it cannot be read. `comparison` is what the gate said when it was trained."""

    name: str
    card: ModelCard | None
    comparison: str | None


@dataclass(frozen=True)
class Standing:
    """Who answers, since when (None: not known), where a rollback leads, and the others, newest first."""

    champion: Version
    since: datetime | None
    previous: str | None
    others: tuple[Version, ...]

    def find(self, name: str) -> Version | None:
        """By name; None: it is not (or no longer) there."""
        return next((version for version in (self.champion, *self.others) if version.name == name), None)


def standing(session: Session, registry: Registry) -> Standing:
    """Read the registry and the records of retraining. Raises `ModelError` or `OSError` if there is no champion."""
    champion = registry.champion()
    names = [name for name in reversed(registry.versions()) if name != champion]
    trained = session.execute(
        select(RetrainingRun.candidate_version, RetrainingRun.explanation).order_by(RetrainingRun.id)
    ).all()
    said = {version: explanation for version, explanation in trained if version is not None}

    def described(name: str) -> Version:
        try:
            return Version(name, registry.card(name), said.get(name))
        except ArtifactError:  # damaged, or of a format that is no longer read: it cannot answer
            return Version(name, None, said.get(name))

    return Standing(
        champion=described(champion),
        since=_since(registry, champion),
        previous=registry.aliases().get(Alias.PREVIOUS),
        others=tuple(described(name) for name in names),
    )


def _since(registry: Registry, champion: str) -> datetime | None:
    moves = [entry for entry in registry.ledger() if entry.event in _MOVES]
    if not moves or moves[-1].version != champion:
        return None
    try:
        return datetime.fromisoformat(moves[-1].at)
    except ValueError:
        return None
