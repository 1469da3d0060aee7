"""What can go wrong in `review`.

ReviewError                catch it at a command or a handler to report one failure and go on
├── NotFound               no such item, photo or person
│   └── PhotoDeleted       the item is there, its photo is not any more; `.item_id` says which
├── LeaseLost              the item is (or may be) with somebody else now: claim it again
├── NotYours               reviewers disagree on the item, and somebody else must decide
├── MayNotReview           somebody who was removed; `.reviewer` says who
├── AlreadySettled         somebody answered first; `.reviewer` and `.label` say who and what
├── UnknownLabel           not a label of the model; `.guess` is the likely one, if any
├── NothingToUndo          this reviewer has no verdict left that could be taken back
├── RetrainingBusy         another retraining runs at the moment
└── DatabaseError          the database cannot be used as it is
    ├── NoDatabase         there is none yet
    └── SchemaMismatch     its schema is older or newer than this program
"""


class ReviewError(Exception):
    """Any expected failure in `review`; its text is fit to be shown to a reviewer."""


class NotFound(ReviewError):
    """No such item, photo or person."""


class PhotoDeleted(NotFound):
    """The photo of an item was deleted: nobody can say what it shows any more."""

    def __init__(self, item_id: int) -> None:
        super().__init__(f"item {item_id} is gone: its photo was deleted")
        self.item_id = item_id


class LeaseLost(ReviewError):
    """The lease is not held (any more) by whoever answers."""


class NotYours(ReviewError):
    """Reviewers disagree on the item: a moderator who said nothing of it yet decides."""


class MayNotReview(ReviewError):
    """Somebody who was removed (`bearbot review who remove`)."""

    def __init__(self, reviewer: str) -> None:
        super().__init__(f"{reviewer} may review no more: `bearbot review who add` brings them back")
        self.reviewer = reviewer


class AlreadySettled(ReviewError):
    """Somebody answered first."""

    def __init__(self, item_id: int, *, reviewer: str, label: str) -> None:
        super().__init__(f"item {item_id} is settled: {reviewer} said {label!r}")
        self.item_id = item_id
        self.reviewer = reviewer
        self.label = label


class UnknownLabel(ReviewError):
    """Not a label of the model."""

    def __init__(self, label: str, *, expected: tuple[str, ...], guess: str | None) -> None:
        hint = f": did you mean {guess!r}?" if guess else ""
        super().__init__(f"unknown label {label!r}{hint} (expected one of {', '.join(expected)})")
        self.label = label
        self.guess = guess


class NothingToUndo(ReviewError):
    """This reviewer has no verdict left that could be taken back."""


class RetrainingBusy(ReviewError):
    """Another retraining runs at the moment."""


class DatabaseError(ReviewError):
    """The database cannot be used as it is."""


class NoDatabase(DatabaseError):
    """There is no database yet."""


class SchemaMismatch(DatabaseError):
    """The schema is older or newer than this program."""
