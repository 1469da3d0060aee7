"""What can go wrong in `model`.

ModelError                 catch it at a command or a task border to report one failure and go on
├── SettingsError          a setting is wrong; names the key, what was expected and what came
├── ImageError             bytes from outside are no usable picture; `.problem` says which kind of bad
├── DatasetError           a folder or a manifest cannot be trained on, or a gallery not be shown
├── ArtifactError          a model version on disk is missing, damaged or of an unknown format
├── RegistryError          a version or an alias does not exist, or a move between them is refused
│   ├── ChampionChanged    another version answers than the one that was to be replaced: look again, then decide
│   └── NoChampion         no model answers yet: photos go to people, and its text says how to get one
├── GatheringError         pictures cannot be gathered; catch it where one picture or one source may fail alone
│   ├── SourceError        a source of pictures refuses or cannot be reached; `.status` is what it answered, if it did
│   │   └── UnknownSubject nothing failed: the source has no such thing, or none under such licences
│   └── Stopped            nobody waits any more for what was being fetched: end, without a word about it
└── Overloaded             more photos wait than can be judged in time; trying again later may help
"""

from enum import StrEnum


class ModelError(Exception):
    """Any expected failure in `model`; its text is fit to be shown to an operator."""


class SettingsError(ModelError):
    """A setting is missing or wrong."""


class ImageProblem(StrEnum):
    """Why bytes could not become a picture; stored and sent by value."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    DAMAGED = "damaged"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"


class ImageError(ModelError):
    """Bytes from outside are no usable picture."""

    def __init__(self, problem: ImageProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class DatasetError(ModelError):
    """A data set cannot be used as it is."""


class ArtifactError(ModelError):
    """A model version on disk cannot be used."""


class Overloaded(ModelError):
    """More photos wait for the model than it can judge in time."""


class RegistryError(ModelError):
    """The registry refuses: unknown version, unknown alias, nothing to roll back to."""


class ChampionChanged(RegistryError):
    """Another version answers than the one that was to be replaced."""


class GatheringError(ModelError):
    """Pictures cannot be gathered, or one of them cannot."""


class SourceError(GatheringError):
    """A source of pictures refuses or cannot be reached. `status`: the HTTP status of its answer, None without one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class UnknownSubject(SourceError):
    """The source can have nothing of what is searched for: it knows no such name, or no such licences. Others may."""


class Stopped(GatheringError):
    """The fetching was told to end before it was done."""


class NoChampion(RegistryError):
    """No model answers yet."""
