"""The tables.

Revision ID: 0001
Revises: nothing
Create Date: 2026-11-24
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "askers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("telegram_user_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True, comment="IETF tag as Telegram tells it, e.g. pt-BR"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_askers")),
        sa.UniqueConstraint("telegram_user_id", name=op.f("uq_askers_telegram_user_id")),
    )
    op.create_table(
        "images",
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the stored bytes: the store's key"),
        sa.Column(
            "received_sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the bytes as they came: the same file again is known by it",
        ),
        sa.Column("width", sa.Integer(), nullable=False, comment="pixels, upright"),
        sa.Column("height", sa.Integer(), nullable=False, comment="pixels, upright"),
        sa.Column("byte_size", sa.Integer(), nullable=False, comment="of the stored bytes"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_images")),
    )
    op.create_index(op.f("ix_images_received_sha256"), "images", ["received_sha256"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False, comment="whose line it waits in; 0: of no chat"),
        sa.Column("payload", sa.Text(), nullable=False, comment="the update's JSON as it came"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True, comment="of the last attempt; holds no user data"),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_pending",
        "inbox",
        ["chat_id", "update_id"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL AND set_aside_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL AND set_aside_at IS NULL"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False, comment="review.outbox.OutboxKind"),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_to_message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_message_id", sa.BigInteger(), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True, comment="of the last attempt; holds no user data"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["chat_id", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND abandoned_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND abandoned_at IS NULL"),
    )

    op.create_table(
        "retraining_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("promoted", "kept", "failed", name="retrainingoutcome", native_enum=False, length=16),
            nullable=True,
            comment="none while it runs, or if it was killed",
        ),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("champion_version", sa.String(length=128), nullable=True, comment="at the start"),
        sa.Column("candidate_version", sa.String(length=128), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=True, comment="what it was trained on"),
        sa.Column("metrics", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraining_runs")),
    )
    op.create_table(
        "reviewers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("telegram_user_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "role", sa.Enum("reviewer", "moderator", "admin", name="role", native_enum=False, length=16), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewers")),
        sa.UniqueConstraint("name", name=op.f("uq_reviewers_name")),
        sa.UniqueConstraint("telegram_user_id", name=op.f("uq_reviewers_telegram_user_id")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_key",
            sa.String(length=200),
            nullable=False,
            comment="where it came from, exactly: what makes a repeated intake do nothing",
        ),
        sa.Column("source", sa.String(length=32), nullable=False, comment="telegram, ..."),
        sa.Column("asker_id", sa.Integer(), nullable=True, comment="none: the asker had their data deleted"),
        sa.Column("chat_id", sa.BigInteger(), nullable=True, comment="where the answers go; none: nobody is told"),
        sa.Column("message_id", sa.BigInteger(), nullable=True, comment="the message that answers quote"),
        sa.Column("thread_id", sa.BigInteger(), nullable=True, comment="forum topic"),
        sa.Column("file_unique_id", sa.String(length=128), nullable=True),
        sa.Column("image_sha256", sa.String(length=64), nullable=True, comment="none: the photo was deleted"),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asker_id"], ["askers.id"], name=op.f("fk_submissions_asker_id_askers"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["image_sha256"], ["images.sha256"], name=op.f("fk_submissions_image_sha256_images"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("source_key", name=op.f("uq_submissions_source_key")),
    )
    op.create_index(op.f("ix_submissions_asker_id"), "submissions", ["asker_id"], unique=False)
    op.create_index(op.f("ix_submissions_file_unique_id"), "submissions", ["file_unique_id"], unique=False)
    op.create_index(op.f("ix_submissions_image_sha256"), "submissions", ["image_sha256"], unique=False)

    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=128), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False, comment="calibrated, 0..1"),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        sa.Column("out_of_domain_score", sa.Double(), nullable=False, comment="higher: further out of domain"),
        sa.Column("in_domain", sa.Boolean(), nullable=False),
        sa.Column("route", sa.String(length=16), nullable=False, comment="review.policy.Decision: answer, review"),
        sa.Column("reasons", sa.JSON(), nullable=False, comment="review.policy.Reason values"),
        sa.Column(
            "inclusion_probability", sa.Double(), nullable=False, comment="with which it came to be reviewed, 0..1"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_predictions_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_predictions_submission_id")),
    )
    op.create_index(op.f("ix_predictions_model_version"), "predictions", ["model_version"], unique=False)

    op.create_table(
        "review_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column(
            "status", sa.Enum("open", "settled", name="itemstatus", native_enum=False, length=16), nullable=False
        ),
        sa.Column("reasons", sa.JSON(), nullable=False, comment="review.policy.Reason values"),
        sa.Column("suggested_label", sa.String(length=64), nullable=True, comment="the model's best guess"),
        sa.Column("confidence", sa.Double(), nullable=True, comment="of the best guess, 0..1"),
        sa.Column(
            "priority", sa.Double(), nullable=False, comment="higher comes first; never depends on the present time"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "lease_token", sa.String(length=64), nullable=True, comment="what a claim gave; a verdict brings it back"
        ),
        sa.Column("lease_reviewer_id", sa.Integer(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_label", sa.String(length=64), nullable=True, comment="a label, or none: none of these"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True, comment="whose verdict settled it"),
        sa.Column(
            "told_label",
            sa.String(length=64),
            nullable=True,
            comment="what the asker heard last from a person; kept when the item is reopened",
        ),
        sa.CheckConstraint(
            "(status = 'settled') = (final_label IS NOT NULL)", name=op.f("ck_review_items_settled_has_label")
        ),
        sa.CheckConstraint(
            "(lease_token IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_review_items_lease_expires")
        ),
        sa.CheckConstraint(
            "(lease_token IS NULL) = (lease_reviewer_id IS NULL)", name=op.f("ck_review_items_lease_has_holder")
        ),
        sa.ForeignKeyConstraint(
            ["lease_reviewer_id"], ["reviewers.id"], name=op.f("fk_review_items_lease_reviewer_id_reviewers")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["reviewers.id"], name=op.f("fk_review_items_settled_by_id_reviewers")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_review_items_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_review_items_submission_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_review_items_lease_reviewer_id"), "review_items", ["lease_reviewer_id"], unique=False)
    op.create_index(
        "ix_review_items_queue", "review_items", ["status", sa.literal_column("priority DESC"), "id"], unique=False
    )
    op.create_index(op.f("ix_review_items_settled_by_id"), "review_items", ["settled_by_id"], unique=False)

    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("label", "none", "cant_tell", "skip", "undo", name="verdictkind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=64), nullable=True, comment="set if kind is label"),
        sa.Column("undoes_id", sa.Integer(), nullable=True, comment="set if kind is undo; nothing is undone twice"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'label') = (label IS NOT NULL)", name=op.f("ck_verdicts_label_has_label")),
        sa.CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name=op.f("ck_verdicts_undo_undoes")),
        sa.ForeignKeyConstraint(["item_id"], ["review_items.id"], name=op.f("fk_verdicts_item_id_review_items")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewers.id"], name=op.f("fk_verdicts_reviewer_id_reviewers")),
        sa.ForeignKeyConstraint(["undoes_id"], ["verdicts.id"], name=op.f("fk_verdicts_undoes_id_verdicts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_verdicts_undoes_id")),
    )
    op.create_index(op.f("ix_verdicts_item_id"), "verdicts", ["item_id"], unique=False)
    op.create_index(op.f("ix_verdicts_reviewer_id"), "verdicts", ["reviewer_id"], unique=False)

    # Verdicts are append-only, whatever program writes: taking back is another row.
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER verdicts_no_{action.lower()} BEFORE {action} ON verdicts "
            "BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END"
        )


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION verdicts_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'verdicts are append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER verdicts_no_{action.lower()} BEFORE {action} ON verdicts "
            "FOR EACH ROW EXECUTE FUNCTION verdicts_stay()"
        )
    # Keys are compared letter by letter and found by their beginnings, in whatever language the server sorts.
    for table, key in (("outbox", "dedupe_key"), ("submissions", "source_key")):
        op.execute(f'ALTER TABLE {table} ALTER COLUMN {key} TYPE varchar(200) COLLATE "C"')


def downgrade() -> None:
    for table in (
        "verdicts",
        "review_items",
        "predictions",
        "submissions",
        "reviewers",
        "retraining_runs",
        "outbox",
        "inbox",
        "images",
        "askers",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION verdicts_stay()")
