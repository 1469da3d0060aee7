"""What reviewing keeps: ranking, near-duplicates, consensus, gold items, who reviews, how a verdict came about.

Columns are added without rebuilding a large table; indexes, and what is filled in from older columns, take the time:
about a minute for a million items (71 s were measured on two cores), in which nobody else writes.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SETTLED = sa.text("final_label IS NOT NULL")
_SAID = sa.text("with_id IS NULL")
_CLAIMABLE = sa.text("status = 'open' AND represented_by_id IS NULL")
# Indexes of mostly empty columns: those that there were, and those that are new.
_FILLED_ANEW = {
    "ix_submissions_repeats_id": ("submissions", "repeats_id"),
    "ix_submissions_album": ("submissions", "album"),
    "ix_review_items_lease_reviewer_id": ("review_items", "lease_reviewer_id"),
}
_FILLED = {
    **_FILLED_ANEW,
    "ix_review_items_represented_by_id": ("review_items", "represented_by_id"),
    "ix_review_items_gold": ("review_items", "gold_at"),
    "ix_verdicts_with_id": ("verdicts", "with_id"),
}
_PASSED = sa.text("kind IN ('skip', 'cant_tell')")
_REOPENS = sa.text("kind = 'reopen'")
_ASKED_BY_CLAIMS = ("lease_expires_at", "deferred_until", "needs_adjudicator", "reopened_after")
_AT_ONCE = 5000
_WEIGHTIEST_FIRST = ("disputed", "out_of_domain", "low_confidence", "no_model", "audit")


def _reviewers() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "same_as_id",
            sa.Integer(),
            nullable=True,
            comment="who this really is: two identities that were linked later",
        ),
        sa.Column(
            "login_sha256",
            sa.String(length=64),
            nullable=True,
            comment="of the token that opens the page; the token itself is told once",
        ),
        sa.Column(
            "removed_at", sa.DateTime(timezone=True), nullable=True, comment="may review no more; their verdicts stay"
        ),
        sa.Column(
            "reliability",
            sa.Double(),
            nullable=True,
            comment="the chance that their label is right, 0..1 (review.reliability); none: too little is known",
        ),
    )


def _images() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "fingerprint",
            sa.BigInteger(),
            nullable=True,
            comment="perceptual hash, 64 bits as a signed number (review.near_duplicates); none: not computed",
        ),
        *(sa.Column(f"quarter_{number}", sa.Integer(), nullable=True) for number in range(4)),
    )


def _items() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "reason",
            sa.String(length=32),
            nullable=False,
            server_default="",
            comment="the weightiest of them: what queues are counted by",
        ),
        sa.Column(
            "uncertainty",
            sa.Double(),
            nullable=True,
            comment="of the model, 0..1, as it was ranked by; none: unknown",
        ),
        sa.Column(
            "novelty",
            sa.Double(),
            nullable=True,
            comment="how far from what is labelled, 0..1, as it was ranked by; none: unknown",
        ),
        sa.Column(
            "policy_version",
            sa.Integer(),
            nullable=False,
            server_default="1",
            comment="of the rules that ranked it (review.policy)",
        ),
        sa.Column(
            "represented_by_id",
            sa.Integer(),
            nullable=True,
            comment="the near-duplicate item that people see in its place",
        ),
        sa.Column(
            "separate",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="a person split it off: it is never grouped again",
        ),
        sa.Column(
            "verdicts_needed",
            sa.Integer(),
            nullable=False,
            server_default="1",
            comment="how many reviewers must agree, each without seeing the others' answer",
        ),
        sa.Column(
            "needs_adjudicator",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="reviewers disagree: a moderator who said nothing yet decides",
        ),
        sa.Column("deferred_until", sa.DateTime(timezone=True), nullable=True, comment="nobody is given it before"),
        sa.Column(
            "gold_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when its final label is sure enough to check reviewers by; none: it is not",
        ),
    )


def _verdicts() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "with_id",
            sa.Integer(),
            nullable=True,
            comment="the verdict on a near-duplicate that settled this item, too",
        ),
        sa.Column("free_name", sa.String(length=64), nullable=True, comment="what it shows instead, if kind is none"),
        sa.Column("note", sa.String(length=200), nullable=True, comment="why it was reopened, if kind is reopen"),
        sa.Column(
            "channel",
            sa.Enum("command", "terminal", "page", "chat", "import", name="channel", native_enum=False, length=16),
            nullable=True,
            comment="none: from before this was recorded",
        ),
        sa.Column("seconds", sa.Double(), nullable=True, comment="that the reviewer looked at it; none: not known"),
        sa.Column("answer_shown", sa.Boolean(), nullable=True, comment="whether the reviewer saw the model's answer"),
        sa.Column(
            "policy_version",
            sa.Integer(),
            nullable=True,
            comment="of the rules that ranked the item at that time",
        ),
        sa.Column(
            "adjudicates",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="settles what reviewers disagreed on",
        ),
        sa.Column(
            "checks_gold",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="measures the reviewer by a known answer; settles nothing",
        ),
        sa.Column(
            "import_key",
            sa.String(length=200),
            nullable=True,
            comment="where it was imported from, exactly: what makes a repeated import do nothing",
        ),
    )


def _predictions() -> tuple[sa.Column, ...]:
    return (
        sa.Column(
            "audit_draw",
            sa.Double(),
            nullable=True,
            comment="0..1: an answer whose draw is below the audit rate is looked at; none: there was no draw",
        ),
    )


_ADDED = {
    "images": _images,
    "predictions": _predictions,
    "review_items": _items,
    "reviewers": _reviewers,
    "verdicts": _verdicts,
}


def upgrade() -> None:
    for table, columns in _ADDED.items():
        for column in columns():
            op.add_column(table, column)
    with op.batch_alter_table("reviewers") as reviewers:
        reviewers.create_foreign_key("fk_reviewers_same_as_id_reviewers", "reviewers", ["same_as_id"], ["id"])
    _fill_in()

    op.create_index(op.f("ix_reviewers_login_sha256"), "reviewers", ["login_sha256"], unique=True)
    op.create_index(op.f("ix_reviewers_same_as_id"), "reviewers", ["same_as_id"], unique=False)
    for number in range(4):
        op.create_index(op.f(f"ix_images_quarter_{number}"), "images", [f"quarter_{number}"], unique=False)
    for index, columns in _ITEM_INDEXES.items():
        op.create_index(index, "review_items", columns, unique=False)
    op.drop_index("ix_review_items_settled_by_id", table_name="review_items")
    op.create_index(
        "ix_review_items_settled_by_id",
        "review_items",
        ["settled_by_id", "id", "final_label", "reason"],
        unique=False,
    )
    for index, (table, _) in _FILLED_ANEW.items():
        op.drop_index(index, table_name=table)
    for index, (table, column) in _FILLED.items():
        filled = sa.text(f"{column} IS NOT NULL")
        op.create_index(index, table, [column], unique=False, sqlite_where=filled, postgresql_where=filled)
    op.create_index(
        "ix_review_items_final_label",
        "review_items",
        ["reason", "suggested_label", "final_label"],
        unique=False,
        sqlite_where=_SETTLED,
        postgresql_where=_SETTLED,
    )
    op.create_index(
        "ix_review_items_by_final_label",
        "review_items",
        ["final_label", sa.literal_column("priority DESC"), "id", "reason"],
        unique=False,
        sqlite_where=_SETTLED,
        postgresql_where=_SETTLED,
    )
    op.create_index(op.f("ix_predictions_route"), "predictions", ["route"], unique=False)
    op.create_index(
        "ix_verdicts_said",
        "verdicts",
        ["reviewer_id", "kind"],
        unique=False,
        sqlite_where=_SAID,
        postgresql_where=_SAID,
    )
    op.create_index(
        "ix_review_items_claimable",
        "review_items",
        [
            sa.literal_column("priority DESC"),
            "id",
            *_ASKED_BY_CLAIMS,
        ],
        unique=False,
        sqlite_where=_CLAIMABLE,
        postgresql_where=_CLAIMABLE,
    )
    op.drop_index(op.f("ix_verdicts_item_id"), table_name="verdicts")
    op.create_index(
        "ix_verdicts_reopens",
        "verdicts",
        ["item_id"],
        unique=False,
        sqlite_where=_REOPENS,
        postgresql_where=_REOPENS,
    )
    op.create_index("ix_verdicts_by_item", "verdicts", ["item_id", "reviewer_id", "kind", "checks_gold"], unique=False)
    op.create_index(
        "ix_verdicts_passed",
        "verdicts",
        ["reviewer_id", "item_id"],
        unique=False,
        sqlite_where=_PASSED,
        postgresql_where=_PASSED,
    )
    op.drop_index(op.f("ix_verdicts_reviewer_id"), table_name="verdicts")
    op.create_index(op.f("ix_verdicts_reviewer_id_id"), "verdicts", ["reviewer_id", "id"], unique=False)
    op.create_index(op.f("ix_verdicts_import_key"), "verdicts", ["import_key"], unique=True)

    op.create_table(
        "gold_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column(
            "token", sa.String(length=64), nullable=False, comment="what the claim gave; a verdict brings it back"
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict_id", sa.Integer(), nullable=True, comment="none: not answered yet"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["review_items.id"], name=op.f("fk_gold_checks_item_id_review_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewers.id"], name=op.f("fk_gold_checks_reviewer_id_reviewers")),
        sa.ForeignKeyConstraint(["verdict_id"], ["verdicts.id"], name=op.f("fk_gold_checks_verdict_id_verdicts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_checks")),
        sa.UniqueConstraint("reviewer_id", "item_id", name=op.f("uq_gold_checks_reviewer_id_item_id")),
    )
    op.create_index(op.f("ix_gold_checks_item_id"), "gold_checks", ["item_id"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "imported_before",
        sa.Column("key", sa.String(length=200), nullable=False, comment="as `verdicts.import_key`"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_imported_before")),
    )


_ITEM_INDEXES = {
    f"ix_review_items_by_{name}": [
        "status",
        column,
        sa.literal_column("priority DESC"),
        "id",
        *_ASKED_BY_CLAIMS,
        "represented_by_id",
    ]
    for name, column in (("label", "suggested_label"), ("reason", "reason"))
} | {
    "ix_review_items_status_opened_at": ["status", "opened_at", "id", "suggested_label", "reason"],
    "ix_review_items_status_settled_at": ["status", "settled_at", "id", "final_label", "reason"],
}


def _fill_in() -> None:
    """Each item's weightiest reason, and the draws as the program of that time drew them, from what is there."""
    connection = op.get_bind()
    items = sa.table("review_items", sa.column("id"), sa.column("reasons", sa.JSON), sa.column("reason"))
    for some in _chunks(items, items.c.reasons):
        connection.execute(
            sa.update(items).where(items.c.id == sa.bindparam("row")).values(reason=sa.bindparam("found")),
            [{"row": row.id, "found": _weightiest(row.reasons)} for row in some],
        )
    submissions = sa.table("submissions", sa.column("id"), sa.column("source_key"))
    predictions = sa.table(
        "predictions", sa.column("id"), sa.column("submission_id"), sa.column("audit_draw", sa.Double)
    )
    drawn = predictions.join(submissions, predictions.c.submission_id == submissions.c.id)
    for some in _chunks(predictions, submissions.c.source_key, drawn):
        connection.execute(
            sa.update(predictions)
            .where(predictions.c.id == sa.bindparam("row"))
            .values(audit_draw=sa.bindparam("found")),
            [{"row": row.id, "found": _draw(row.source_key)} for row in some],
        )


def _chunks(table, column, joined=None):
    last = 0
    while True:
        query = sa.select(table.c.id, column).where(table.c.id > last).order_by(table.c.id).limit(_AT_ONCE)
        if joined is not None:
            query = query.select_from(joined)
        rows = op.get_bind().execute(query).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _weightiest(reasons) -> str:
    reasons = json.loads(reasons) if isinstance(reasons, str) else reasons
    return next((reason for reason in _WEIGHTIEST_FIRST if reason in reasons), "")


def _draw(source_key: str) -> float:
    digest = hashlib.sha256(f"audit:{source_key}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def downgrade() -> None:
    """Keeps all that the older schema can hold; it knows no deferring, no reopening by reviewers and no gold items."""
    op.drop_table("imported_before")
    op.drop_table("secrets")
    op.drop_table("gold_checks")
    _let_verdicts_change()
    # Whichever came last, an asker's doubt or a reviewer's: what was said before settles nothing.
    reopened = (
        "SELECT max(v.id) FROM verdicts v WHERE v.item_id = review_items.id AND v.kind = 'reopen'"
        " AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes_id = v.id)"
    )
    op.execute(
        f"UPDATE review_items SET reopened_after = ({reopened})"  # noqa: S608 - a constant
        " WHERE id IN (SELECT item_id FROM verdicts WHERE kind = 'reopen')"
        f" AND ({reopened}) > coalesce(reopened_after, 0)"
    )
    unknown = "kind IN ('defer', 'reopen') OR checks_gold"
    op.execute(f"DELETE FROM verdicts WHERE undoes_id IN (SELECT id FROM verdicts WHERE {unknown})")  # noqa: S608 - a constant
    op.execute(f"DELETE FROM verdicts WHERE {unknown}")  # noqa: S608 - a constant
    op.drop_index(op.f("ix_verdicts_import_key"), table_name="verdicts")
    op.drop_index(op.f("ix_verdicts_reviewer_id_id"), table_name="verdicts")
    op.drop_index("ix_verdicts_passed", table_name="verdicts")
    op.drop_index("ix_verdicts_by_item", table_name="verdicts")
    op.drop_index("ix_verdicts_reopens", table_name="verdicts")
    op.create_index(op.f("ix_verdicts_item_id"), "verdicts", ["item_id"], unique=False)
    op.create_index(op.f("ix_verdicts_reviewer_id"), "verdicts", ["reviewer_id"], unique=False)
    op.drop_index("ix_review_items_claimable", table_name="review_items")
    for index, (table, _) in _FILLED.items():
        op.drop_index(index, table_name=table)
    for index, (table, column) in _FILLED_ANEW.items():
        op.create_index(index, table, [column], unique=False)
    op.drop_index("ix_verdicts_said", table_name="verdicts")
    op.drop_index(op.f("ix_predictions_route"), table_name="predictions")
    op.drop_index("ix_review_items_by_final_label", table_name="review_items")
    op.drop_index("ix_review_items_final_label", table_name="review_items")
    for index in _ITEM_INDEXES:
        op.drop_index(index, table_name="review_items")
    op.drop_index("ix_review_items_settled_by_id", table_name="review_items")
    op.create_index("ix_review_items_settled_by_id", "review_items", ["settled_by_id"], unique=False)
    for number in range(4):
        op.drop_index(op.f(f"ix_images_quarter_{number}"), table_name="images")
    op.drop_index(op.f("ix_reviewers_same_as_id"), table_name="reviewers")
    op.drop_index(op.f("ix_reviewers_login_sha256"), table_name="reviewers")
    with op.batch_alter_table("reviewers") as reviewers:
        reviewers.drop_constraint("fk_reviewers_same_as_id_reviewers", type_="foreignkey")
    for table, columns in _ADDED.items():
        for column in columns():
            op.drop_column(table, column.name)
    _keep_verdicts_as_they_are()


def _let_verdicts_change() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(f"DROP TRIGGER verdicts_no_{action}")
    else:
        op.execute("ALTER TABLE verdicts DISABLE TRIGGER USER")


def _keep_verdicts_as_they_are() -> None:
    """The triggers of 0001 again."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER verdicts_no_{action.lower()} BEFORE {action} ON verdicts "
                "BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END"
            )
    else:
        op.execute("ALTER TABLE verdicts ENABLE TRIGGER USER")
