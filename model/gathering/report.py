"""What came of a gathering, counted: by source, and by the reasons why pictures were dropped."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from model.console import aligned
from model.errors import SourceError, UnknownSubject
from model.gathering.drops import DropReason
from model.gathering.ledger import Row
from model.gathering.plain_text import plain_line
from model.gathering.source import Hit


@dataclass
class Report:
    """Counts along. `already`: pictures that were there before, of the same query and label."""

    already: int = 0
    offered: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    kept_of: Counter[str] = field(default_factory=Counter)
    dropped_of: Counter[str] = field(default_factory=Counter)
    dropped_for: Counter[DropReason] = field(default_factory=Counter)
    examples: dict[DropReason, Row] = field(default_factory=dict)
    failures: dict[str, SourceError] = field(default_factory=dict)
    # Nothing failed there: these sources know no such thing.
    strangers: dict[str, UnknownSubject] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Pictures that are new."""
        return self.kept_of.total()

    def found(self, hit: Hit, *, known: bool) -> None:
        """A source offers this one; `known`: what became of it in an earlier run holds."""
        self.offered[hit.source] += 1
        self.known[hit.source] += known

    def ended(self, errors: Mapping[str, SourceError]) -> None:
        """With these errors of sources."""
        for name, error in errors.items():
            if isinstance(error, UnknownSubject):
                self.strangers[name] = error
            else:
                self.failures[name] = error

    def add(self, row: Row) -> None:
        """This became of it."""
        if row.reason is None:
            self.kept_of[row.hit.source] += 1
        else:
            self.dropped_of[row.hit.source] += 1
            self.dropped_for[row.reason] += 1
            self.examples.setdefault(row.reason, row)

    def table(self) -> str:
        """For people: what each source gave, then why pictures were dropped, with an example each."""
        rows: list[tuple[str, ...]] = [("", "found", "known before", "kept", "dropped")]
        for source in list(self.offered):  # a thread may still find something
            counts = (self.offered, self.known, self.kept_of, self.dropped_of)
            rows.append((source, *(str(counter[source]) for counter in counts)))
        parts = [aligned(rows)] if self.offered else []
        reasons = [
            (
                reason.value.replace("_", " "),
                str(self.dropped_for[reason]),
                f"such as {_example(self.examples[reason])}",
            )
            for reason in DropReason
            if reason in self.dropped_for
        ]
        if reasons:
            parts.append("dropped:\n" + aligned(reasons))
        return "\n\n".join(parts)


def _example(row: Row) -> str:
    return f"{plain_line(row.hit.page)}: {plain_line(row.message or '')}"
