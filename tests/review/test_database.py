"""The engine: what it says of its errors."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from review.database import Database


def test_an_error_does_not_repeat_what_was_being_written(database: Database) -> None:
    """It ends up in logs, and what is written is people's data."""
    statement, row = text("INSERT INTO alembic_version VALUES (:version)"), {"version": "my home address"}
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.execute(statement, [row, row])  # a revision is there once
    assert "alembic_version" in str(caught.value)
    assert "my home address" not in str(caught.value)
