"""Versions on disk, the aliases that say which one serves, and a ledger of every move."""

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from model.artifact import Artifact, ModelCard, load, load_card, outdated_labels, publish, save
from model.errors import ArtifactError, ChampionChanged, NoChampion, RegistryError
from model.features import FeatureStore
from model.weights import StoredWeights, WeightsFolder

_VERSION = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


class Alias(StrEnum):
    """`champion` answers; `previous` is where a rollback goes; `challenger` is on trial."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the append-only ledger."""

    at: str
    event: str
    version: str
    reason: str


class Registry:
    """`HOME/versions/VERSION/`, `HOME/aliases.json` (the one truth, replaced atomically), `HOME/ledger.jsonl`.

    `labels` are those of a project of somebody's own (MODEL_LABELS), if it is one. The model that comes with bearbot
    answers there only if it has the same: better no answers than answers about something else.
    """

    def __init__(self, home: Path, labels: tuple[str, ...] = ()) -> None:
        self.home = home
        self._labels = labels

    def make_home(self) -> None:
        """Make the folder if it is not there. It may lie in the folder of all that bearbot keeps, people's photos too,
        and be what makes that: whatever is made here is readable by its owner only.
        """
        missing = [folder for folder in (self.home, *self.home.parents) if not folder.exists()]
        for folder in reversed(missing):  # one by one: mkdir gives its mode to the last folder only
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def alias_file(self) -> Path:
        """What a running bot polls."""
        return self.home / "aliases.json"

    @property
    def feature_store(self) -> FeatureStore:
        """People's features, beside the versions that refer to them."""
        return FeatureStore(self.home / "features")

    @property
    def weights_folder(self) -> WeightsFolder:
        """Weights of bodies that came from files."""
        return WeightsFolder(self.home / "weights")

    def stored_weights(self, card: ModelCard) -> StoredWeights | None:
        """Where the weights of a version's body are, if they came from a file."""
        return StoredWeights(folder=self.weights_folder, sha256=card.weights) if card.weights else None

    def folder(self, version: str) -> Path:
        """The version's folder; raises `RegistryError` when there is none."""
        versions = self.versions()
        if version not in versions:
            raise RegistryError(f"no model version {version!r}; there are: {', '.join(versions) or 'none'}")
        return self.home / "versions" / version

    def versions(self) -> list[str]:
        """Registered versions, oldest first."""
        folder = self.home / "versions"
        if not folder.is_dir():
            return []
        return sorted(p.name for p in folder.iterdir() if (p / "card.json").is_file() and not p.name.startswith("."))

    def aliases(self) -> Mapping[Alias, str]:
        """Alias -> version. The bundled model is installed if it is not there: on a fresh installation as champion.

        In a project with other labels it is not, and whatever alias it has there does not count.
        """
        if self._bundled_is_foreign():
            return {alias: version for alias, version in self._stored().items() if version != _bundled_version()}
        if not self.alias_file.exists() or not (self.home / "versions" / _bundled_version()).exists():
            self._install_bundled()
        stored = self._stored()
        if self._why_bundled_must_answer(_bundled_version()):
            self._install_bundled()
            stored = self._stored()
        return stored

    def _stored(self) -> dict[Alias, str]:
        """What the alias file says; nothing where there is none."""
        try:
            stored = json.loads(self.alias_file.read_text(encoding="utf-8"))
            return {Alias(name): str(version) for name, version in stored.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise RegistryError(f"{self.alias_file} cannot be read: {error}") from error

    def champion(self) -> str:
        """The version that answers; raises `NoChampion` where none does."""
        try:
            return self.aliases()[Alias.CHAMPION]
        except KeyError:
            raise NoChampion(self._way_to_a_champion()) from None

    def _way_to_a_champion(self) -> str:
        if self.versions() and not (self._bundled_is_foreign() and self.versions() == [_bundled_version()]):
            return "no model is champion: `bearbot model promote VERSION` makes one, of those in `bearbot model list`"
        return (
            f"no model yet that tells {', '.join(self._labels)}: gather photos of each (`bearbot data gather`), then "
            "`bearbot model train photos --promote`"
        )

    def labels(self) -> tuple[str, ...]:
        """What can be said of a photo: the champion's labels; where no model answers yet, those of the project.

        Raises `NoChampion` where there are neither, `ArtifactError` for a champion that cannot be read.
        """
        try:
            return self.champion_card().labels
        except NoChampion:
            if not self._labels:
                raise
            return self._labels

    def champion_card(self) -> ModelCard:
        """The champion's card; imports no torch."""
        return self.card(self.champion())

    def card(self, version: str) -> ModelCard:
        return load_card(self.folder(version))

    def load(self, version: str) -> Artifact:
        """Verify and read a version. Raises `ArtifactError`, also for one that was copied under another name."""
        artifact = load(self.folder(version))
        if artifact.card.version != version:
            raise ArtifactError(
                f"{self.folder(version)} holds the version {artifact.card.version}: answers would be recorded under a "
                "wrong name; give the folder its name"
            )
        return artifact

    def register(self, artifact: Artifact, *, reason: str, plots: Mapping[str, bytes] | None = None) -> None:
        """Add a version; it serves nobody until promoted."""
        version = artifact.card.version
        if not _VERSION.fullmatch(version):
            raise RegistryError(f"{version!r} is no name of a version: expected letters, digits, '.', '-' and '_'")
        with self._locked():
            folder = self.home / "versions" / version
            if folder.exists():
                raise RegistryError(f"version {version} exists already")
            save(artifact, folder, plots)
            self._write_ledger("registered", version, reason)

    def promote(self, version: str, *, reason: str, replacing: str | None = None) -> None:
        """Make `version` champion; the former one becomes previous. A damaged version is refused.

        Raises `ChampionChanged` if the champion is not the one that whoever decided this saw (`replacing`) any more.
        """
        self.load(version)
        if version == _bundled_version() and self._bundled_is_foreign():
            raise RegistryError(
                f"{version}, which comes with bearbot, tells {', '.join(_bundled_card().labels)}, and this project is "
                f"about {', '.join(self._labels)} (MODEL_LABELS): train a model on photos of these"
            )
        aliases = self.aliases()  # installs the bundled model first, so that a rollback has somewhere to go
        with self._locked():
            aliases = self.aliases()
            former = aliases.get(Alias.CHAMPION)
            if former == version:
                raise RegistryError(f"{version} is champion already")
            _refuse_if_changed(former, replacing)
            moved = {**aliases, Alias.CHAMPION: version}
            moved.pop(Alias.CHALLENGER, None)
            if former:
                moved[Alias.PREVIOUS] = former
            self._write_aliases(moved)
            self._write_ledger("promoted", version, reason)

    def rollback(self, *, reason: str, replacing: str | None = None) -> str:
        """Make the previous version champion again; returns it. Raises `ChampionChanged` as `promote` does."""
        self.aliases()  # installs the bundled model first; under the lock below it would wait for itself
        with self._locked():
            aliases = dict(self.aliases())
            _refuse_if_changed(aliases.get(Alias.CHAMPION), replacing)
            previous = aliases.pop(Alias.PREVIOUS, None)
            if previous is None:
                raise RegistryError("there is no previous model to roll back to")
            self.load(previous)
            if Alias.CHAMPION in aliases:
                aliases[Alias.PREVIOUS] = aliases[Alias.CHAMPION]
            aliases[Alias.CHAMPION] = previous
            self._write_aliases(aliases)
            self._write_ledger("rolled back", previous, reason)
        return previous

    def ledger(self) -> Iterator[LedgerEntry]:
        """Every move, oldest first. A line that a crash or a full disk cut off is passed over."""
        path = self.home / "ledger.jsonl"
        if path.exists():
            for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
                with suppress(ValueError, TypeError):
                    yield LedgerEntry(**json.loads(line))

    def _bundled_is_foreign(self) -> bool:
        return bool(self._labels) and set(self._labels) != set(_bundled_card().labels)

    def _install_bundled(self) -> None:
        version = _bundled_version()
        target = self.home / "versions" / version
        with self._locked():
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as temporary:
                    shutil.copytree(bundled_folder(), Path(temporary) / "version")
                    publish(Path(temporary) / "version", target)
            reason = self._why_bundled_must_answer(version)
            if reason:
                self._write_aliases({Alias.CHAMPION: version})
                self._write_ledger("installed", version, reason)

    def _why_bundled_must_answer(self, version: str) -> str | None:
        """Where there is no champion yet, or an update of bearbot no longer reads the one there is.

        A champion with other labels stays, readable or not: better no answers than answers about something else.
        """
        if not self.alias_file.exists():
            return "the model that comes with bearbot"
        with suppress(OSError, ValueError, AttributeError):  # a damaged file is for `aliases` to tell
            champion = json.loads(self.alias_file.read_text(encoding="utf-8")).get(Alias.CHAMPION.value)
            labels = outdated_labels(self.home / "versions" / str(champion))
            if labels is not None and labels == self.card(version).labels:
                return f"the model that comes with bearbot; the format of {champion} is no longer read"
        return None

    def _write_aliases(self, aliases: Mapping[Alias, str]) -> None:
        text = json.dumps({alias.value: version for alias, version in aliases.items()}, indent=2) + "\n"
        draft = self.home / ".aliases.new"  # one name: only who holds the lock writes, and a crash leaves no heap
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.alias_file)

    def _write_ledger(self, event: str, version: str, reason: str) -> None:
        entry: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "event": event,
            "version": version,
            "reason": reason,
        }
        with (self.home / "ledger.jsonl").open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # a crash cut the last line off; do not lose this one with it
                    file.write(b"\n")
            file.write(json.dumps(entry).encode() + b"\n")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.make_home()
        with (self.home / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _refuse_if_changed(champion: str | None, expected: str | None) -> None:
    if expected is not None and champion != expected:
        raise ChampionChanged(f"{champion} is champion now, not {expected} any more: nothing was changed")


@cache
def _bundled_card() -> ModelCard:
    return load_card(bundled_folder())


def _bundled_version() -> str:
    return _bundled_card().version


def bundled_folder() -> Path:
    """The model that comes with bearbot; raises `ArtifactError` when the installation lacks it."""
    path = Path(str(files("model"))) / "bundled"
    if not (path / "card.json").is_file():
        raise ArtifactError(f"the bundled model is missing from {path}: reinstall bearbot")
    return path
