"""The photos that people look at, with the indexes that queues and lists are read from."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, filled
from review.tables.vocabularies import ItemStatus

POLICY_VERSION = 2  # of the rules that rank items; a new one ranks new items, and old ones keep their rank
CLAIMABLE = (
    "status = 'open' AND represented_by_id IS NULL"  # what the index of claims holds; queries repeat it to the letter
)
CLAIMABLE_INDEX = "ix_review_items_claimable"
_ASKED_BY_CLAIMS = ("lease_expires_at", "deferred_until", "needs_adjudicator", "reopened_after")


class ReviewItem(Base):
    """A submission that people look at; at most one for each."""

    __tablename__ = "review_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), unique=True)
    status: Mapped[ItemStatus]
    reasons: Mapped[list[str]] = mapped_column(JSON, comment="review.policy.Reason values")
    reason: Mapped[str] = mapped_column(
        String(32), server_default="", comment="the weightiest of them: what queues are counted by"
    )
    suggested_label: Mapped[str | None] = mapped_column(String(64), comment="the model's best guess")
    confidence: Mapped[float | None] = mapped_column(comment="of the best guess, 0..1")
    priority: Mapped[float] = mapped_column(comment="higher comes first; never depends on the present time")
    uncertainty: Mapped[float | None] = mapped_column(comment="of the model, 0..1, as it was ranked by; none: unknown")
    novelty: Mapped[float | None] = mapped_column(
        comment="how far from what is labelled, 0..1, as it was ranked by; none: unknown"
    )
    policy_version: Mapped[int] = mapped_column(
        default=POLICY_VERSION, server_default="1", comment="of the rules that ranked it (review.policy)"
    )
    # No foreign key here, nor on `Verdict.with_id`: SQLite would have to rebuild the largest tables to give one back.
    represented_by_id: Mapped[int | None] = mapped_column(
        comment="the near-duplicate item that people see in its place"
    )
    separate: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="a person split it off: it is never grouped again"
    )
    verdicts_needed: Mapped[int] = mapped_column(
        default=1, server_default="1", comment="how many reviewers must agree, each without seeing the others' answer"
    )
    needs_adjudicator: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="reviewers disagree: a moderator who said nothing yet decides"
    )
    deferred_until: Mapped[datetime | None] = mapped_column(comment="nobody is given it before")
    opened_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(64), comment="what a claim gave; a verdict brings it back")
    lease_reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("reviewers.id"))
    lease_expires_at: Mapped[datetime | None]
    final_label: Mapped[str | None] = mapped_column(String(64), comment="a label, or none: none of these")
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("reviewers.id"), comment="whose verdict settled it")
    told_label: Mapped[str | None] = mapped_column(
        String(64), comment="what the asker heard last from a person; kept when the item is reopened"
    )
    reopened_after: Mapped[int | None] = mapped_column(
        comment="the last verdict's id when the item was reopened: it and those before it settle nothing any more"
    )
    gold_at: Mapped[datetime | None] = mapped_column(
        comment="since when its final label is sure enough to check reviewers by; none: it is not"
    )

    __table_args__ = (
        CheckConstraint("(status = 'settled') = (final_label IS NOT NULL)", name="settled_has_label"),
        CheckConstraint("(lease_token IS NULL) = (lease_expires_at IS NULL)", name="lease_expires"),
        CheckConstraint("(lease_token IS NULL) = (lease_reviewer_id IS NULL)", name="lease_has_holder"),
        Index("ix_review_items_queue", "status", priority.desc(), "id"),
        # What a claim asks of an item stands in the indexes themselves: thousands at the top that are in hands or put
        # off are passed by without a look at their rows.
        Index(
            CLAIMABLE_INDEX,
            priority.desc(),
            "id",
            *_ASKED_BY_CLAIMS,
            sqlite_where=text(CLAIMABLE),
            postgresql_where=text(CLAIMABLE),
        ),
        Index(
            "ix_review_items_by_label",
            "status",
            "suggested_label",
            priority.desc(),
            "id",
            *_ASKED_BY_CLAIMS,
            "represented_by_id",
        ),
        Index(
            "ix_review_items_by_reason",
            "status",
            "reason",
            priority.desc(),
            "id",
            *_ASKED_BY_CLAIMS,
            "represented_by_id",
        ),
        filled("ix_review_items_represented_by_id", "represented_by_id"),
        filled("ix_review_items_lease_reviewer_id", "lease_reviewer_id"),
        # Behind the order of a page stands what it may be asked for besides: other rows are passed by unread.
        Index("ix_review_items_status_opened_at", "status", "opened_at", "id", "suggested_label", "reason"),
        Index("ix_review_items_status_settled_at", "status", "settled_at", "id", "final_label", "reason"),
        Index("ix_review_items_settled_by_id", "settled_by_id", "id", "final_label", "reason"),
        Index(  # what people said beside what the model said, counted without reading the items
            "ix_review_items_final_label",
            "reason",
            "suggested_label",
            "final_label",
            sqlite_where=text("final_label IS NOT NULL"),
            postgresql_where=text("final_label IS NOT NULL"),
        ),
        Index(  # the pages of what people said it shows; of another reason nothing is read
            "ix_review_items_by_final_label",
            "final_label",
            priority.desc(),
            "id",
            "reason",
            sqlite_where=text("final_label IS NOT NULL"),
            postgresql_where=text("final_label IS NOT NULL"),
        ),
        filled("ix_review_items_gold", "gold_at"),
        # A deleted item's number is never given to another: scripts and people hold on to numbers.
        {"sqlite_autoincrement": True},
    )
