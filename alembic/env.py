"""How Alembic reaches the database: through a connection that `review.schema` hands over, or one of its own.

The connection is inside one exclusive transaction already, so a migration happens wholly or not at all.
"""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from review.columns import UtcDateTime
from review.tables import Base


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write plain types into new migrations: they must go on working when our own types change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters a table by rebuilding it
        render_item=_render,
    )
    context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _migrate(handed_over)
else:
    # Somebody runs `alembic` itself, to write a new migration.
    from review.database import Database
    from review.settings import ReviewSettings

    with Database(ReviewSettings.load().database_url).migrating() as own:
        _migrate(own)
