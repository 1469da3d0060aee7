"""What stands in the place of a submission's `source_key` once its sender had their data deleted.

It keeps what figures need and the prediction, which is gone, told: who answered, and with what chance people came to
look at it. `erased:answer:0.02:TOKEN` is the first submission of a photo; without a chance it is a further one of the
same photo, or was erased by a version that did not keep the chance. Nothing in it is of the person.
"""

import secrets

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from review.policy import Decision
from review.tables import Submission

ERASED = "erased:"
ERASED_ANSWER = f"{ERASED}{Decision.ANSWER}:"

_TOKEN_BYTES = 12
_TOKEN_LENGTH = 1 + 2 * _TOKEN_BYTES  # with the colon before it


def erased_key(decision: Decision, chance: float | None) -> str:
    """A new key; `chance` (0..1) is the inclusion probability, None for what is not the first of its photo."""
    kept = "" if chance is None else f"{chance!r}:"
    return f"{ERASED}{decision}:{kept}{secrets.token_hex(_TOKEN_BYTES)}"


def without_token() -> ColumnElement[str]:
    """All of a submission's key but what makes it unique: few different values."""
    return func.substr(Submission.source_key, 1, func.length(Submission.source_key) - _TOKEN_LENGTH)


def chance_in(key: str | None) -> float | None:
    """The inclusion probability in what `without_token` gives; None if there is none."""
    _, _, chance = (key or "").removeprefix(ERASED).partition(":")
    return float(chance) if chance else None


def is_erased() -> ColumnElement[bool]:
    """Of a submission."""
    return Submission.source_key.startswith(ERASED)


def erased_answer() -> ColumnElement[bool]:
    """The model had answered it alone."""
    return Submission.source_key.startswith(ERASED_ANSWER)


def count_erased_answers(session: Session) -> int:
    """Submissions that the model had answered alone, further ones of the same photo included."""
    count = select(func.count()).select_from(Submission).where(erased_answer())
    if session.get_bind().dialect.name == "sqlite":
        # It finds a beginning in an index by comparison only, and compares bytes; others sort as in a language.
        after = f"{ERASED_ANSWER[:-1]}{chr(ord(ERASED_ANSWER[-1]) + 1)}"
        count = count.where(Submission.source_key >= ERASED_ANSWER, Submission.source_key < after)
    return session.scalar(count) or 0


def erased_first(decision: Decision | None = None, *, chance: float | None = None) -> ColumnElement[bool]:
    """The first submission of a photo; answered so, and drawn with this chance, if these are given."""
    answered = "%" if decision is None else decision.value
    drawn = "%" if chance is None else repr(chance)
    return Submission.source_key.like(f"{ERASED}{answered}:{drawn}:%")
