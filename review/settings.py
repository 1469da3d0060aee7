"""Settings of `review`."""

import re
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from model.settings import Settings
from review.database import POSTGRES, sqlite_file
from review.quorum import Quorum


class ReviewSettings(Settings):
    """The database, the photos, and how reviewing goes."""

    model_config = SettingsConfigDict(env_prefix="REVIEW_")

    review_database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("REVIEW_DATABASE_URL", "review_database_url"),
        description="URL of the database: a SQLite file (default: review.db in BEARBOT_HOME), or PostgreSQL",
    )
    review_image_store: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("REVIEW_IMAGE_STORE", "review_image_store"),
        description="folder of the photos (default: images in BEARBOT_HOME)",
    )
    lease_seconds: int = Field(
        default=300, ge=5, le=604_800, description="how long a claimed item stays with its reviewer"
    )
    audit_rate: float = Field(
        default=0.02, ge=0, le=1, description="share of the photos answered alone that a person looks at as well, 0..1"
    )
    verdicts_needed: str = Field(
        default="",
        description="how many reviewers must say the same, each without seeing the others' answer, by the reason of an "
        "item, such as audit=2,disputed=2; one is enough for what is not named. The running bot reads it, for photos "
        "sent and answers disputed from then on",
    )
    gold_rate: float = Field(
        default=0, ge=0, le=1, description="share of claims that give an item with a known answer, unnoticed, 0..1"
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,  # a century is as good as for ever, and some 2000 years reach back before the first of all times
        description="how long photos are kept that wait for nobody (0: until their senders delete them)",
    )
    messages_days: int = Field(
        default=30,
        ge=2,  # Telegram may bring an update again for 24 hours, and it must be known then
        le=36_500,
        description="how long is kept what people were told, and which updates were handled",
    )
    min_free_megabytes: int = Field(
        default=200, ge=0, description="room on the photos' disk below which no more photos are taken in"
    )
    backups_kept: int = Field(default=5, ge=1, description="database backups kept in the home folder")

    @field_validator("review_database_url")
    @classmethod
    def _valid_url(cls, value: str | None) -> str | None:
        if value is not None:
            expected = (
                "expected the URL of a SQLite file such as sqlite:////srv/bearbot/review.db, "
                "or of a PostgreSQL database such as postgresql+psycopg://bearbot@localhost/bearbot"
            )
            try:
                known = sqlite_file(value) is not None or make_url(value).drivername in POSTGRES
            except ArgumentError:
                raise ValueError(expected) from None
            if not known:
                # Claims lean on a lock that writers take at their start; another database has to be taught it first.
                raise ValueError(f"{expected}; other databases are not supported")
        return value

    @field_validator("verdicts_needed")
    @classmethod
    def _valid_quorum(cls, value: str) -> str:
        Quorum.parse(value)
        return value

    @classmethod
    def _sentence(cls, detail: dict[str, Any]) -> str:
        """The URL of a database server may hold a password: nobody is to read it in a log."""
        if isinstance(detail["input"], str):
            detail["input"] = re.sub(r"//.*@", "//...@", detail["input"])
        return super()._sentence(detail)

    @property
    def database_url(self) -> URL:
        """The database's URL; the default is SQLite under the home folder, whatever characters its path has."""
        if self.review_database_url:
            return make_url(self.review_database_url)
        return URL.create("sqlite", database=str(self.home_folder() / "review.db"))

    @property
    def quorum(self) -> Quorum:
        """How many reviewers must agree."""
        return Quorum.parse(self.verdicts_needed)

    @property
    def image_store(self) -> Path:
        """The photos' folder."""
        return self.review_image_store.expanduser() if self.review_image_store else self.home_folder() / "images"

    @property
    def backup_folder(self) -> Path:
        """Where backups go."""
        return self.home_folder() / "backups"
