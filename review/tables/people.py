"""Those who send photos, those who let them in, and those who review."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base
from review.tables.vocabularies import ChatAccess, Role


class Asker(Base):
    """Somebody who sends photos. Deleting the row leaves their submissions nameless: figures survive a person."""

    __tablename__ = "askers"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    language: Mapped[str | None] = mapped_column(String(35), comment="IETF tag as Telegram tells it, e.g. pt-BR")
    chosen_language: Mapped[str | None] = mapped_column(String(35), comment="IETF tag; what they asked for themselves")
    admitted_at: Mapped[datetime | None] = mapped_column(comment="by an invitation")
    blocked_at: Mapped[datetime | None] = mapped_column(comment="by an operator; none: not blocked")
    created_at: Mapped[datetime]

    # The number of somebody who is gone is never given to another: old model versions name groups by it.
    __table_args__ = ({"sqlite_autoincrement": True},)


class Invitation(Base):
    """Lets somebody in where the bot is for invited people only."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True, comment="the code itself is told once, not kept")
    uses_left: Mapped[int]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Reviewer(Base):
    """Somebody who answers for the model; one identity in terminal, page and chat."""

    __tablename__ = "reviewers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    telegram_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    role: Mapped[Role]
    chat_access: Mapped[ChatAccess | None] = mapped_column(comment="none: the settings alone say who may review")
    same_as_id: Mapped[int | None] = mapped_column(
        ForeignKey("reviewers.id"), index=True, comment="who this really is: two identities that were linked later"
    )
    login_sha256: Mapped[str | None] = mapped_column(
        String(64), comment="of the token that opens the page; the token itself is told once"
    )
    removed_at: Mapped[datetime | None] = mapped_column(comment="may review no more; their verdicts stay")
    reliability: Mapped[float | None] = mapped_column(
        comment="the chance that their label is right, 0..1 (review.reliability); none: too little is known"
    )
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "login_sha256", unique=True),)
