"""What all tables have in common: names of constraints, types of columns, an index for what is mostly empty."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Union

from sqlalchemy import Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from review.columns import UtcDateTime, stored_by_value
from review.tables.vocabularies import Channel, ChatAccess, ItemStatus, RetrainingOutcome, Role, VerdictKind

# What may stand in a JSON column. Covariant containers, so that a list[str] is one too.
Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007 - it refers to itself


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


def filled(name: str, column: str) -> Index:
    """An index of a column that is mostly empty: without the empty rows, which would make its values look frequent.

    SQLite plans by the average: it would rather read a table of a million rows than use an index with a million NULLs.
    """
    condition = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=condition, postgresql_where=condition)
