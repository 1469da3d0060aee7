"""From verdicts to one final label. One verdict settles an item; skipping and "can't tell" settle nothing."""

from collections.abc import Sequence

from review.tables import NONE_OF_THESE, Verdict, VerdictKind


def final_label(verdicts: Sequence[Verdict]) -> str | None:
    """What the standing verdicts (oldest first) come to: a label, "none" for none of these, or None for nothing yet."""
    for verdict in reversed(verdicts):
        if verdict.kind is VerdictKind.LABEL:
            return verdict.label
        if verdict.kind is VerdictKind.NONE:
            return NONE_OF_THESE
    return None
