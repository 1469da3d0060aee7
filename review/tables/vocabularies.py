"""The closed vocabularies that columns are written in, stored by value."""

from enum import StrEnum

NONE_OF_THESE = "none"  # the final label of a photo that shows none of the model's labels


class Role(StrEnum):
    """What a reviewer may do; each role may do what the ones before it may."""

    REVIEWER = "reviewer"
    MODERATOR = "moderator"
    ADMIN = "admin"


class ChatAccess(StrEnum):
    """What an admin decided in the chat about a reviewer, whatever the settings say."""

    GRANTED = "granted"
    REVOKED = "revoked"


class ItemStatus(StrEnum):
    """Where a review item stands."""

    OPEN = "open"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    """nobody looks at it any more: its photo was deleted before people settled it"""


class VerdictKind(StrEnum):
    """What a reviewer did with an item."""

    LABEL = "label"
    NONE = "none"
    CANT_TELL = "cant_tell"
    SKIP = "skip"
    """left to others"""

    DEFER = "defer"
    """left for later, by everybody"""

    UNDO = "undo"
    REOPEN = "reopen"
    """what was said before settles nothing any more"""


VOTES = (VerdictKind.LABEL, VerdictKind.NONE)  # what settles an item, if enough reviewers say the same


class Channel(StrEnum):
    """Where a verdict was given."""

    COMMAND = "command"
    TERMINAL = "terminal"
    PAGE = "page"
    CHAT = "chat"
    IMPORT = "import"


class RetrainingOutcome(StrEnum):
    """How a retraining ended."""

    PROMOTED = "promoted"
    KEPT = "kept"
    FAILED = "failed"
