"""How many reviewers must say the same of an item, by the reasons for which people look at it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from review.policy import Reason

MOST = 9  # nobody has more reviewers to spare for one photo
_PART = re.compile(r"\s*([a-z_]+)\s*=\s*([0-9]+)\s*", re.ASCII)


@dataclass(frozen=True)
class Quorum:
    """`by_reason`: of items with this reason so many reviewers must say the same, each without seeing the others.

    One is enough for what is not named.
    """

    by_reason: Mapping[Reason, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Quorum":
        """ "audit=2,disputed=2"; empty: one is always enough. Raises `ValueError`."""
        expected = (
            f"expected how many reviewers must agree (1 to {MOST}), by reason, such as audit=2,disputed=2 "
            f"(reasons are {', '.join(Reason)})"
        )
        by_reason: dict[Reason, int] = {}
        for part in filter(str.strip, text.split(",")):
            found = _PART.fullmatch(part)
            if found is None or found[1] not in list(Reason) or not 1 <= int(found[2]) <= MOST:
                raise ValueError(expected)
            if Reason(found[1]) in by_reason:
                raise ValueError(f"{expected}, each reason once")
            by_reason[Reason(found[1])] = int(found[2])
        return cls(by_reason)

    def of(self, reasons: Collection[str]) -> int:
        """The largest number that any of the reasons (`Reason` values) asks for."""
        return max((self.by_reason.get(Reason(reason), 1) for reason in reasons), default=1)


ONE = Quorum()
