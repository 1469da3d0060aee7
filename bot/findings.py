"""What the checks of `bearbot doctor` find."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """`note` is worth knowing and stops nothing."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found; `mend` says what to do about it."""

    check: str
    health: Health
    found: str
    mend: str | None = None
