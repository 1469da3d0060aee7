"""Random keys of this installation, which nobody outside can know: each is made when it is first needed, and stays."""

import secrets
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from review.tables import Secret

AUDIT = "audit"  # of the draws which decide whose answers people look at as well

_BYTES = 32
_NAMED = select(Secret.value).where(Secret.name == bindparam("name"))


def secret_key(session: Session, name: str, now: datetime) -> bytes:
    """The key of this name, 32 bytes; made if there is none yet, so it needs a writing session."""
    found = session.scalar(_NAMED, {"name": name})
    if found is None:
        found = secrets.token_hex(_BYTES)
        session.add(Secret(name=name, value=found, created_at=now))
        session.flush()
    return bytes.fromhex(found)
