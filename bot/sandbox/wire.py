"""What goes over the wire: JSON objects, in which what is absent has no field."""

from typing import Any

Json = dict[str, Any]


def present(**fields: Any) -> Json:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}
