"""What belongs to the installation itself: its keys and how its model was retrained."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base
from review.tables.vocabularies import RetrainingOutcome


class Secret(Base):
    """A random key of this installation, made on first use."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]


class RetrainingRun(Base):
    """One retraining: what went in, what came out, what was decided and why."""

    __tablename__ = "retraining_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[RetrainingOutcome | None] = mapped_column(comment="none while it runs, or if it was killed")
    explanation: Mapped[str | None] = mapped_column(Text)
    champion_version: Mapped[str | None] = mapped_column(String(128), comment="at the start")
    candidate_version: Mapped[str | None] = mapped_column(String(128))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSON, comment="what it was trained on")
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON)
