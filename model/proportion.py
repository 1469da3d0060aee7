"""A share with its uncertainty."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Proportion:
    """`count` of `total`, with a 95 % Wilson interval; of nothing there is no `value`, and the interval is 0..1."""

    count: int
    total: int
    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int) -> "Proportion":
        if total == 0:
            return cls(0, 0, None, 0.0, 1.0)
        from scipy.stats import binomtest  # not at the top: printing a card needs no scipy

        interval = binomtest(count, total).proportion_ci(method="wilson")
        return cls(count, total, count / total, float(interval.low), float(interval.high))

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%}, {self.count} of {self.total})"
