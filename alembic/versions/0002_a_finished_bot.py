"""What the finished bot keeps: albums, repeats, claims of askers, languages, who may ask and who may review.

Columns are added without rebuilding a table where SQLite can; two small tables are rebuilt.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PENDING = sa.text("handled_at IS NULL AND set_aside_at IS NULL")


def upgrade() -> None:
    op.add_column(
        "askers",
        sa.Column(
            "chosen_language", sa.String(length=35), nullable=True, comment="IETF tag; what they asked for themselves"
        ),
    )
    op.add_column(
        "askers", sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True, comment="by an invitation")
    )
    op.add_column(
        "askers",
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True, comment="by an operator; none: not blocked"),
    )
    op.add_column(
        "reviewers",
        sa.Column(
            "chat_access",
            sa.Enum("granted", "revoked", name="chataccess", native_enum=False, length=16),
            nullable=True,
            comment="none: the settings alone say who may review",
        ),
    )

    op.add_column(
        "submissions",
        sa.Column(
            "album", sa.String(length=64), nullable=True, comment="photos that were sent together, within a chat"
        ),
    )
    op.create_index(op.f("ix_submissions_album"), "submissions", ["album"], unique=False)
    # Alembic would rebuild the table to add a foreign key; SQLite takes one with the column.
    op.execute(
        "ALTER TABLE submissions ADD COLUMN repeats_id INTEGER "
        "CONSTRAINT fk_submissions_repeats_id_submissions REFERENCES submissions (id)"
    )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.execute(
            "COMMENT ON COLUMN submissions.repeats_id IS "
            "'the first submission of the same photo, if it is not this one'"
        )
    op.create_index(op.f("ix_submissions_repeats_id"), "submissions", ["repeats_id"], unique=False)

    op.add_column(
        "review_items",
        sa.Column(
            "reopened_after",
            sa.Integer(),
            nullable=True,
            comment="the last verdict's id when the item was reopened: it and those before it settle nothing any more",
        ),
    )
    op.add_column(
        "outbox",
        sa.Column("language", sa.String(length=35), nullable=True, comment="IETF tag of the reader; none: not known"),
    )

    op.add_column(
        "inbox",
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="who sent it; none: nobody, or a chat itself"),
    )
    op.add_column(
        "inbox",
        sa.Column(
            "is_photo",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="photos wait in a line of their own, behind which nothing waits",
        ),
    )
    op.add_column(
        "inbox",
        sa.Column(
            "album", sa.String(length=64), nullable=True, comment="photos that were sent together, within a chat"
        ),
    )
    op.drop_index("ix_inbox_pending", table_name="inbox")
    op.create_index(
        "ix_inbox_pending",
        "inbox",
        ["is_photo", "chat_id", "update_id"],
        unique=False,
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )

    op.create_index(op.f("ix_inbox_user_id"), "inbox", ["user_id"], unique=False)
    op.drop_index(op.f("ix_submissions_asker_id"), table_name="submissions")
    op.create_index(
        op.f("ix_submissions_asker_id_submitted_at"), "submissions", ["asker_id", "submitted_at"], unique=False
    )
    op.create_index(op.f("ix_submissions_chat_id_message_id"), "submissions", ["chat_id", "message_id"], unique=False)

    # Numbers of deleted rows are given to no others from now on; SQLite learns that by a new table only.
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_outbox_pending", table_name="outbox")
        for table in ("askers", "outbox"):
            with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                pass
        _index_pending_messages()
    op.create_index(op.f("ix_outbox_chat_id_sent_message_id"), "outbox", ["chat_id", "sent_message_id"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code_sha256", sa.String(length=64), nullable=False, comment="the code itself is told once, not kept"
        ),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_invitations_code_sha256")),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=200), nullable=False, comment="the very tap: recorded exactly once"),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column(
            "label",
            sa.String(length=64),
            nullable=True,
            comment="what they say it shows, none: none of these; null: they agree, or do not know",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_claims_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("source_key", name=op.f("uq_claims_source_key")),
    )
    op.create_index(op.f("ix_claims_submission_id"), "claims", ["submission_id"], unique=False)


def _index_pending_messages() -> None:
    pending = sa.text("sent_at IS NULL AND abandoned_at IS NULL")
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["chat_id", "id"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )


def downgrade() -> None:
    """Keeps all that the older schema can hold; an item that was withdrawn is open again, as it knows no such state."""
    op.drop_table("claims")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_outbox_chat_id_sent_message_id"), table_name="outbox")
    op.drop_index(op.f("ix_submissions_chat_id_message_id"), table_name="submissions")
    op.drop_index(op.f("ix_submissions_asker_id_submitted_at"), table_name="submissions")
    op.create_index(op.f("ix_submissions_asker_id"), "submissions", ["asker_id"], unique=False)
    op.drop_index(op.f("ix_inbox_user_id"), table_name="inbox")
    op.drop_index("ix_inbox_pending", table_name="inbox")
    for table, columns in (
        ("askers", ("chosen_language", "admitted_at", "blocked_at")),
        ("reviewers", ("chat_access",)),
        ("review_items", ("reopened_after",)),
        ("outbox", ("language",)),
        ("inbox", ("user_id", "is_photo", "album")),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.create_index(
        "ix_inbox_pending",
        "inbox",
        ["chat_id", "update_id"],
        unique=False,
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.execute("UPDATE review_items SET status = 'open' WHERE status = 'withdrawn'")
    op.drop_index(op.f("ix_submissions_repeats_id"), table_name="submissions")
    op.drop_index(op.f("ix_submissions_album"), table_name="submissions")
    with op.batch_alter_table("submissions") as submissions:
        submissions.drop_column("repeats_id")
        submissions.drop_column("album")
