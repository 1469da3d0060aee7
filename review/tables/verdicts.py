"""What reviewers say, and the known answers that they are measured by."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, filled
from review.tables.vocabularies import Channel, VerdictKind

PASSED = "kind IN ('skip', 'cant_tell')"
REOPENS = "kind = 'reopen'"


class Verdict(Base):
    """What a reviewer said, once and for ever: a trigger refuses changes. Taking back is another row."""

    __tablename__ = "verdicts"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("review_items.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewers.id"))
    kind: Mapped[VerdictKind]
    label: Mapped[str | None] = mapped_column(String(64), comment="set if kind is label")
    undoes_id: Mapped[int | None] = mapped_column(
        ForeignKey("verdicts.id"), unique=True, comment="set if kind is undo; nothing is undone twice"
    )
    with_id: Mapped[int | None] = mapped_column(comment="the verdict on a near-duplicate that settled this item, too")
    free_name: Mapped[str | None] = mapped_column(String(64), comment="what it shows instead, if kind is none")
    note: Mapped[str | None] = mapped_column(String(200), comment="why it was reopened, if kind is reopen")
    channel: Mapped[Channel | None] = mapped_column(comment="none: from before this was recorded")
    seconds: Mapped[float | None] = mapped_column(comment="that the reviewer looked at it; none: not known")
    answer_shown: Mapped[bool | None] = mapped_column(comment="whether the reviewer saw the model's answer")
    policy_version: Mapped[int | None] = mapped_column(comment="of the rules that ranked the item at that time")
    adjudicates: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="settles what reviewers disagreed on"
    )
    checks_gold: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="measures the reviewer by a known answer; settles nothing"
    )
    import_key: Mapped[str | None] = mapped_column(
        String(200), comment="where it was imported from, exactly: what makes a repeated import do nothing"
    )
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(kind = 'label') = (label IS NOT NULL)", name="label_has_label"),
        CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name="undo_undoes"),
        Index(None, "import_key", unique=True),
        Index(None, "reviewer_id", "id"),
        Index(  # who said how much, what settled near-duplicates, too, being one verdict
            "ix_verdicts_said",
            "reviewer_id",
            "kind",
            sqlite_where=text("with_id IS NULL"),
            postgresql_where=text("with_id IS NULL"),
        ),
        Index("ix_verdicts_by_item", "item_id", "reviewer_id", "kind", "checks_gold"),  # all that a claim asks of them
        filled("ix_verdicts_with_id", "with_id"),
        Index("ix_verdicts_reopens", "item_id", sqlite_where=text(REOPENS), postgresql_where=text(REOPENS)),
        Index("ix_verdicts_passed", "reviewer_id", "item_id", sqlite_where=text(PASSED), postgresql_where=text(PASSED)),
    )


class ImportedBefore(Base):
    """A verdict of a file that changed nothing when it came, and so is none here: when it comes again, it is known."""

    __tablename__ = "imported_before"

    key: Mapped[str] = mapped_column(String(200), primary_key=True, comment="as `verdicts.import_key`")
    created_at: Mapped[datetime]


class GoldCheck(Base):
    """An item with a known answer in a reviewer's hands, as if it were any other; once for each reviewer."""

    __tablename__ = "gold_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("review_items.id", ondelete="CASCADE"), index=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewers.id"))
    token: Mapped[str] = mapped_column(String(64), comment="what the claim gave; a verdict brings it back")
    expires_at: Mapped[datetime]
    verdict_id: Mapped[int | None] = mapped_column(ForeignKey("verdicts.id"), comment="none: not answered yet")

    __table_args__ = (UniqueConstraint("reviewer_id", "item_id"),)
