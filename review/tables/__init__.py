"""The tables of the database, typed. Columns carry comments; `alembic/versions` is what creates them.

Telegram's ids need 64 bits. Times are UTC and aware. Closed vocabularies are stored by value.
"""

from review.tables.base import Base, Json
from review.tables.installation import RetrainingRun, Secret
from review.tables.items import CLAIMABLE, CLAIMABLE_INDEX, POLICY_VERSION, ReviewItem
from review.tables.mail import InboxUpdate, OutboxMessage
from review.tables.people import Asker, Invitation, Reviewer
from review.tables.submissions import Claim, Image, PredictionRecord, Submission
from review.tables.verdicts import PASSED, REOPENS, GoldCheck, ImportedBefore, Verdict
from review.tables.vocabularies import (
    NONE_OF_THESE,
    VOTES,
    Channel,
    ChatAccess,
    ItemStatus,
    RetrainingOutcome,
    Role,
    VerdictKind,
)

__all__ = [
    "CLAIMABLE",
    "CLAIMABLE_INDEX",
    "NONE_OF_THESE",
    "PASSED",
    "POLICY_VERSION",
    "REOPENS",
    "VOTES",
    "Asker",
    "Base",
    "Channel",
    "ChatAccess",
    "Claim",
    "GoldCheck",
    "Image",
    "ImportedBefore",
    "InboxUpdate",
    "Invitation",
    "ItemStatus",
    "Json",
    "OutboxMessage",
    "PredictionRecord",
    "RetrainingOutcome",
    "RetrainingRun",
    "ReviewItem",
    "Reviewer",
    "Role",
    "Secret",
    "Submission",
    "Verdict",
    "VerdictKind",
]
