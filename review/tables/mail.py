"""What comes from Telegram and what goes there, until it is handled."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base


class InboxUpdate(Base):
    """A Telegram update, committed before Telegram is told that it was received."""

    __tablename__ = "inbox"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInteger, comment="whose line it waits in; 0: of no chat")
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, index=True, comment="who sent it; none: nobody, or a chat itself"
    )
    is_photo: Mapped[bool] = mapped_column(
        default=False,
        server_default=false(),
        comment="photos wait in a line of their own, behind which nothing waits",
    )
    album: Mapped[str | None] = mapped_column(String(64), comment="photos that were sent together, within a chat")
    payload: Mapped[str] = mapped_column(Text, comment="the update's JSON as it came")
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    set_aside_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text, comment="of the last attempt; holds no user data")

    __table_args__ = (
        Index(
            "ix_inbox_pending",
            "is_photo",
            "chat_id",
            "update_id",
            sqlite_where=text("handled_at IS NULL AND set_aside_at IS NULL"),
            postgresql_where=text("handled_at IS NULL AND set_aside_at IS NULL"),
        ),
    )


class OutboxMessage(Base):
    """Something a person is to be told; written in the transaction that caused it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(32), comment="review.outbox.OutboxKind")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_to_message_id: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(String(35), comment="IETF tag of the reader; none: not known")
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    sent_message_id: Mapped[int | None] = mapped_column(BigInteger)
    abandoned_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text, comment="of the last attempt; holds no user data")

    __table_args__ = (
        Index(None, "chat_id", "sent_message_id"),
        Index(
            "ix_outbox_pending",
            "chat_id",
            "id",
            sqlite_where=text("sent_at IS NULL AND abandoned_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND abandoned_at IS NULL"),
        ),
        # A message that is being sent may be deleted: its number must not be another's when that is recorded.
        {"sqlite_autoincrement": True},
    )
