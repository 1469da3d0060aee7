"""Photos, who sent them when, what the model said of them, and what their senders say of that."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, filled


class Image(Base):
    """A picture in the image store, without metadata."""

    __tablename__ = "images"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, comment="of the stored bytes: the store's key")
    received_sha256: Mapped[str] = mapped_column(
        String(64), index=True, comment="of the bytes as they came: the same file again is known by it"
    )
    width: Mapped[int] = mapped_column(comment="pixels, upright")
    height: Mapped[int] = mapped_column(comment="pixels, upright")
    byte_size: Mapped[int] = mapped_column(comment="of the stored bytes")
    fingerprint: Mapped[int | None] = mapped_column(
        BigInteger, comment="perceptual hash, 64 bits as a signed number (review.near_duplicates); none: not computed"
    )
    # Its four quarters, each with an index: two hashes that differ in at most three bits share one of them.
    quarter_0: Mapped[int | None] = mapped_column(index=True)
    quarter_1: Mapped[int | None] = mapped_column(index=True)
    quarter_2: Mapped[int | None] = mapped_column(index=True)
    quarter_3: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime]


class Submission(Base):
    """One photo that one asker sent once."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(
        String(200), unique=True, comment="where it came from, exactly: what makes a repeated intake do nothing"
    )
    source: Mapped[str] = mapped_column(String(32), comment="telegram, ...")
    asker_id: Mapped[int | None] = mapped_column(
        ForeignKey("askers.id", ondelete="SET NULL"), comment="none: the asker had their data deleted"
    )
    chat_id: Mapped[int | None] = mapped_column(BigInteger, comment="where the answers go; none: nobody is told")
    message_id: Mapped[int | None] = mapped_column(BigInteger, comment="the message that answers quote")
    thread_id: Mapped[int | None] = mapped_column(BigInteger, comment="forum topic")
    file_unique_id: Mapped[str | None] = mapped_column(String(128), index=True)
    album: Mapped[str | None] = mapped_column(String(64), comment="photos that were sent together, within a chat")
    repeats_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id"), comment="the first submission of the same photo, if it is not this one"
    )
    image_sha256: Mapped[str | None] = mapped_column(
        ForeignKey("images.sha256", ondelete="SET NULL"), index=True, comment="none: the photo was deleted"
    )
    submitted_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "asker_id", "submitted_at"),
        Index(None, "chat_id", "message_id"),
        filled("ix_submissions_repeats_id", "repeats_id"),
        filled("ix_submissions_album", "album"),
    )


class PredictionRecord(Base):
    """What the model said of a submission and where that sent it; there is none if no model could be loaded."""

    __tablename__ = "predictions"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), unique=True)
    model_version: Mapped[str] = mapped_column(String(128), index=True)
    label: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float] = mapped_column(comment="calibrated, 0..1")
    probabilities: Mapped[dict[str, float]] = mapped_column(JSON)
    out_of_domain_score: Mapped[float] = mapped_column(comment="higher: further out of domain")
    in_domain: Mapped[bool]
    route: Mapped[str] = mapped_column(String(16), index=True, comment="review.policy.Decision: answer, review")
    reasons: Mapped[list[str]] = mapped_column(JSON, comment="review.policy.Reason values")
    inclusion_probability: Mapped[float] = mapped_column(comment="with which it came to be reviewed, 0..1")
    audit_draw: Mapped[float | None] = mapped_column(
        comment="0..1: an answer whose draw is below the audit rate is looked at; none: there was no draw"
    )
    created_at: Mapped[datetime]


class Claim(Base):
    """What an asker says of an answer: evidence that a person should look, never a verdict."""

    __tablename__ = "claims"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(String(200), unique=True, comment="the very tap: recorded exactly once")
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    agrees: Mapped[bool]
    label: Mapped[str | None] = mapped_column(
        String(64), comment="what they say it shows, none: none of these; null: they agree, or do not know"
    )
    created_at: Mapped[datetime]
