"""The present time, as everything here takes it: as an argument that tests replace."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)
