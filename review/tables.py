"""The tables of the database, typed. Columns carry comments; `alembic/versions` is what creates them.

Telegram's ids need 64 bits. Times are UTC and aware. Closed vocabularies are stored by value.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Union

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from review.columns import UtcDateTime, stored_by_value

# What may stand in a JSON column. Covariant containers, so that a list[str] is one too.
Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007 - it refers to itself

POLICY_VERSION = 2  # of the rules that rank items; a new one ranks new items, and old ones keep their rank
CLAIMABLE = (
    "status = 'open' AND represented_by_id IS NULL"  # what the index of claims holds; queries repeat it to the letter
)
CLAIMABLE_INDEX = "ix_review_items_claimable"
PASSED = "kind IN ('skip', 'cant_tell')"
NONE_OF_THESE = "none"  # the final label of a photo that shows none of the model's labels


def filled(name: str, column: str) -> Index:
    """An index of a column that is mostly empty: without the empty rows, which would make its values look frequent.

    SQLite plans by the average: it would rather read a table of a million rows than use an index with a million NULLs.
    """
    condition = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=condition, postgresql_where=condition)


_ASKED_BY_CLAIMS = ("lease_expires_at", "deferred_until", "needs_adjudicator", "reopened_after")


class Role(StrEnum):
    """What a reviewer may do; each role may do what the ones before it may."""

    REVIEWER = "reviewer"
    MODERATOR = "moderator"
    ADMIN = "admin"


class ItemStatus(StrEnum):
    """Where a review item stands."""

    OPEN = "open"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    """nobody looks at it any more: its photo was deleted before people settled it"""


class ChatAccess(StrEnum):
    """What an admin decided in the chat about a reviewer, whatever the settings say."""

    GRANTED = "granted"
    REVOKED = "revoked"


class VerdictKind(StrEnum):
    """What a reviewer did with an item."""

    LABEL = "label"
    NONE = "none"
    CANT_TELL = "cant_tell"
    SKIP = "skip"
    """left to others"""

    DEFER = "defer"
    """left for later, by everybody"""

    UNDO = "undo"
    REOPEN = "reopen"
    """what was said before settles nothing any more"""


class Channel(StrEnum):
    """Where a verdict was given."""

    COMMAND = "command"
    TERMINAL = "terminal"
    PAGE = "page"
    CHAT = "chat"
    IMPORT = "import"


class RetrainingOutcome(StrEnum):
    """How a retraining ended."""

    PROMOTED = "promoted"
    KEPT = "kept"
    FAILED = "failed"


class Base(DeclarativeBase):
    """Names for every constraint, so that a later migration can name what it changes."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Role: stored_by_value(Role),
        ChatAccess: stored_by_value(ChatAccess),
        ItemStatus: stored_by_value(ItemStatus),
        VerdictKind: stored_by_value(VerdictKind),
        Channel: stored_by_value(Channel),
        RetrainingOutcome: stored_by_value(RetrainingOutcome),
    }


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
    settled_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("reviewers.id"), index=True, comment="whose verdict settled it"
    )
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
        Index(None, "status", "opened_at"),
        Index(None, "status", "settled_at"),
        Index(  # what people said beside what the model said, counted without reading the items
            "ix_review_items_final_label",
            "reason",
            "suggested_label",
            "final_label",
            sqlite_where=text("final_label IS NOT NULL"),
            postgresql_where=text("final_label IS NOT NULL"),
        ),
        filled("ix_review_items_gold", "gold_at"),
        # A deleted item's number is never given to another: scripts and people hold on to numbers.
        {"sqlite_autoincrement": True},
    )


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
        Index(None, "item_id", "reviewer_id", "kind"),
        filled("ix_verdicts_with_id", "with_id"),
        Index("ix_verdicts_passed", "reviewer_id", "item_id", sqlite_where=text(PASSED), postgresql_where=text(PASSED)),
    )


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


class Secret(Base):
    """A random key of this installation, made on first use."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))
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
