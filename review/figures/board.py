"""All figures of the dashboard in their order, and the few numbers above them."""

from dataclasses import dataclass

from review.figures import people, promise, quality, traffic
from review.figures.figure import Figure
from review.overview import Overview
from review.phrases import duration
from review.risk_coverage import RiskCoverage
from review.statistics import ModelPromise


@dataclass(frozen=True)
class Tile:
    """A number that is seen first; `more` says what stands behind it."""

    name: str
    value: str
    more: str


def figures(found: Overview, curve: RiskCoverage | None, promised: ModelPromise) -> tuple[Figure, ...]:
    """Whatever there is to be seen; a figure without data says why it has none."""
    waiting = found.production.missing.waiting
    return (
        traffic.volumes(found.volumes, found.bucket),
        traffic.queue_age(found.waits),
        quality.accuracy(found.accuracy, found.naive, found.production, found.accuracy_bucket),
        promise.risk_coverage(curve, promised),
        quality.confusion(found.confusion, weighted=True, waiting=waiting),
        quality.confusion(found.confusion, weighted=False),
        people.reviewers(found.workload),
    )


def tiles(found: Overview) -> tuple[Tile, ...]:
    """What waits and since when, how right answers are, how much is done."""
    right = found.production.accuracy
    today = [share for share in found.workload.shares if share.today]
    verdicts = sum(share.today for share in today)
    answered, photos = found.production.answered, found.production.photos
    if right.value is None:
        waiting = found.production.missing.waiting
        known = f"{waiting:,} audited answers wait" if waiting else "no audits yet: set REVIEW_AUDIT_RATE"
    else:
        known = f"{quality.share(right.low)} to {quality.share(right.high)}, by {right.checked:,} audited answers"
    return (
        Tile("waiting", f"{found.open_items:,}", "for people, now"),
        Tile(
            "oldest waits",
            "-" if found.oldest_seconds is None else duration(found.oldest_seconds),
            "nothing waits" if found.oldest_seconds is None else "since it was opened",
        ),
        Tile("answers that are right", quality.share(right.value), known),
        Tile(
            "answered alone",
            quality.share(answered / photos if photos else None),
            f"{answered:,} of {photos:,} photos",
        ),
        Tile("reviewers today", f"{len(today):,}", f"{verdicts:,} verdicts since midnight UTC"),
    )
