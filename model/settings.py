"""Settings of `model`, and the base class that every package's settings share."""

import os
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Self, get_args

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from model.errors import DatasetError, SettingsError
from model.labels import Vocabulary

_KINDS: dict[object, str] = {int: "a whole number", float: "a number", bool: "true or false", Path: "a folder"}
_BOUNDS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}


class Device(StrEnum):
    """Where networks run; `auto` takes CUDA when there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Unfit(ValueError):
    """Raised by validators of settings: what was expected, and if it is not to correct the value, what to do."""

    def __init__(self, expected: str, remedy: str | None = None) -> None:
        super().__init__(f"expected {expected}")
        self.remedy = remedy


class Settings(BaseSettings):
    """Frozen settings from the environment or `.env` in the current folder; the environment wins."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    bearbot_home: Path = Field(
        default=Path("~/.local/share/bearbot"),
        validation_alias=AliasChoices("BEARBOT_HOME", "bearbot_home"),
        description="folder of everything bearbot keeps: database, photos, models",
    )

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the settings; raises `SettingsError` naming the key and the value (never a secret's)."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            problems = "; ".join(cls._sentence(dict(detail)) for detail in error.errors())
            raise SettingsError(problems) from None  # the cause would repeat the input, which may be a secret
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f".env: expected a readable file in UTF-8 ({type(error).__name__})") from None

    @classmethod
    def key_of(cls, field: str) -> str:
        """The environment variable that sets `field`."""
        alias = cls.model_fields[field].validation_alias
        if isinstance(alias, AliasChoices):
            return str(alias.choices[0])
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @classmethod
    def _sentence(cls, detail: dict[str, Any]) -> str:
        name = str(detail["loc"][0]) if detail["loc"] else ""
        field = next((f for f in cls.model_fields if name in (f, cls.key_of(f))), None)
        key = cls.key_of(field) if field else name
        if detail["type"] == "missing":
            return f"{key} is not set: put it into the environment or into .env"
        raised = detail.get("ctx", {}).get("error")  # by a validator of ours
        if field is None:  # about the settings together, so the input would be all of them, secrets too
            problem = str(raised or detail["msg"])
            return f"{key}: {problem}" if key else problem
        info = cls.model_fields[field]
        secret = info.annotation is SecretStr or SecretStr in get_args(info.annotation)
        came = "something else (a secret, so it is not shown)" if secret else repr(detail["input"])
        problem = str(raised) if raised is not None else f"expected {expected(info)}"
        remedy = getattr(raised, "remedy", None) or (
            "correct it in the environment or in .env" + ("" if info.is_required() else ", or leave it out")
        )
        return f"{key}: {problem}, got {came}: {remedy}"

    def home_folder(self) -> Path:
        """`BEARBOT_HOME` with `~` resolved."""
        return self.bearbot_home.expanduser()


def expected(field: FieldInfo) -> str:
    """What a setting takes, by its type and bounds: "a whole number from 1 to 1024", "auto, cpu or cuda"."""
    annotation = next((part for part in get_args(field.annotation) if part is not NoneType), field.annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(filter(None, (", ".join(list(annotation)[:-1]), list(annotation)[-1])))
    bounds = {name: getattr(bound, name) for bound in field.metadata for name in _BOUNDS if hasattr(bound, name)}
    words = [f"{_BOUNDS[name]} {value}" for name, value in bounds.items()]
    if bounds.keys() == {"ge", "le"}:
        words = [f"from {bounds['ge']} to {bounds['le']}"]
    return " ".join((_KINDS.get(annotation, "a text"), " and ".join(words))).strip()


class ModelSettings(Settings):
    """Where models live and where they run."""

    model_config = SettingsConfigDict(env_prefix="MODEL_")

    model_home: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("MODEL_HOME", "model_home"),
        description="folder of the model registry and the feature store (default: models in BEARBOT_HOME)",
    )
    labels: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="labels of a project of your own, comma-separated; the model that comes with bearbot then answers "
        "only if it has the same ones (`bearbot new` sets this)",
    )
    device: Device = Field(default=Device.AUTO, description="auto, cpu or cuda")
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="CPU threads of the network (default: all cores)"
    )
    batch_size: int = Field(default=16, ge=1, le=1024, description="photos in one batch at most")
    batch_wait_milliseconds: float = Field(
        default=2.0, ge=0, le=1000, description="how long a batch waits for more photos when callers are many"
    )
    max_waiting: int = Field(
        default=1024, ge=1, description="photos that wait for the model at most; more are tried again later"
    )
    deadline_seconds: float = Field(
        default=60.0, gt=0, description="how long a photo waits for the model at most; then it is tried again later"
    )
    poll_seconds: float = Field(
        default=1.0, gt=0, description="how often a running bot looks whether another model was promoted"
    )

    @field_validator("labels", mode="before")
    @classmethod
    def _a_vocabulary(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        labels = tuple(part.strip() for part in value.split(",") if part.strip())
        try:
            return Vocabulary(labels).labels
        except DatasetError as error:
            raise Unfit(f"labels such as cat,dog ({error})") from None

    @property
    def home(self) -> Path:
        """The registry's folder."""
        return self.model_home.expanduser() if self.model_home else self.home_folder() / "models"
