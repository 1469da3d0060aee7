"""Settings of `model`, and the base class that every package's settings share."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.errors import SettingsError


class Device(StrEnum):
    """Where networks run; `auto` takes CUDA when there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Settings(BaseSettings):
    """Frozen settings from the environment or `.env` in the current folder; the environment wins."""

    model_config = SettingsConfigDict(
        frozen=True, env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
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
        problem = detail["msg"].removeprefix("Value error, ")
        if field is None:  # about the settings together, so the input would be all of them, secrets too
            return f"{key}: {problem}" if key else problem
        annotation = cls.model_fields[field].annotation
        secret = annotation is SecretStr or SecretStr in get_args(annotation)
        came = "a secret value" if secret else repr(detail["input"])
        return f"{key}: {problem} (got {came})"

    def home_folder(self) -> Path:
        """`BEARBOT_HOME` with `~` resolved."""
        return self.bearbot_home.expanduser()


class ModelSettings(Settings):
    """Where models live and where they run."""

    model_config = SettingsConfigDict(env_prefix="MODEL_")

    model_home: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("MODEL_HOME", "model_home"),
        description="folder of the model registry and the feature store (default: models in BEARBOT_HOME)",
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

    @property
    def home(self) -> Path:
        """The registry's folder."""
        return self.model_home.expanduser() if self.model_home else self.home_folder() / "models"
