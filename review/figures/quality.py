"""How right the answers are that people got: over time, and what was taken for what."""

from collections.abc import Mapping, Sequence
from datetime import date

from model.proportion import Proportion
from review.confusion import Confusion
from review.estimate import Estimate
from review.figures.drawing import WIDTH, Drawing, Frame, across
from review.figures.figure import Figure, Table
from review.figures.traffic import day
from review.overview import Agreed
from review.production import AccuracyIn, Bucket, Production
from review.tables import NONE_OF_THESE

NO_AUDITS = (
    "No audits yet: set REVIEW_AUDIT_RATE above 0, and people look at a random share of what the model answers alone."
)
_FLOORS = (0.98, 0.95, 0.9, 0.8, 0.5, 0.0)  # of the axis: the highest that leaves nothing out
_FEWEST = 20  # settled items that may speak for all photos that arrive; of fewer chance says most
_MOST_LABELS = 12  # of a matrix that can be read; of more the most frequent


def accuracy(found: Sequence[AccuracyIn], naive: Sequence[Agreed], whole: Production, bucket: Bucket) -> Figure:
    """The estimate with its interval for each day or week, and beside it the figure that misleads."""
    title = f"Right among the model's own answers, each {bucket.value}"
    estimates = {one.start.date(): one.accuracy for one in found}
    misleading = {one.start: one.share for one in naive}
    days = sorted({*estimates, *misleading})
    table = Table(
        (
            "week from" if bucket is Bucket.WEEK else "day",
            "right",
            "95 % interval",
            "audited",
            "wrong",
            "people agreed (misleading)",
        ),
        tuple(_row(start, estimates, misleading) for start in days),
    )
    settled = {start: one for start, one in estimates.items() if one.value is not None}
    if not settled:
        waiting = whole.missing.waiting
        why = f"{waiting:,} audited answers wait for people to settle them." if waiting else NO_AUDITS
        return Figure("accuracy", title, None, (why,), table if days else None)
    total = whole.accuracy
    lowest = min(
        [one.low for one in settled.values()] + [one.value for one in misleading.values() if one.value is not None]
    )
    floor = next(one for one in _FLOORS if one <= lowest)
    description = (
        f"In this whole time {share(total.value)} are right, 95 % interval {share(total.low)} to {share(total.high)}, "
        f"by {total.checked:,} audited answers of which {total.wrong:,} were wrong"
    )
    drawing = Drawing(title, description, 270)
    frame = Frame(54, WIDTH - 12, 44, 240)
    drawing.legend([("right, 95 % interval", "line s0"), ("how often people agreed: misleads", "thin s4 dash-4")], 2)
    frame.draw(drawing, [(step / 5, share(floor + (1 - floor) * step / 5)) for step in range(6)])
    frame.below(drawing, [day(start) for start in days])

    def point(start: date, value: float) -> tuple[float, float]:
        return frame.at(across(days.index(start), len(days)), (max(value, floor) - floor) / (1 - floor))

    drawing.line([point(s, one.value) for s, one in misleading.items() if one.value is not None], "thin s4 dash-4")
    drawing.area(
        [
            *(point(s, one.low) for s, one in settled.items()),
            *(point(s, one.high) for s, one in reversed(settled.items())),
        ],
        "band",
    )
    drawing.line([point(s, one.value or 0) for s, one in settled.items()], "line s0")
    for start, one in settled.items():
        drawing.line([point(start, one.low), point(start, one.high)], "whisker s0")
        told = f"{start}: {share(one.value)} right, {share(one.low)} to {share(one.high)}, {one.checked:,} audited"
        drawing.dot(point(start, one.value or 0), 3, "f0", told)
    notes = (
        "The thin line is how often people agreed with the model among all that they settled. It misleads: they are "
        "shown what the model doubts and what askers dispute.",
    )
    return Figure("accuracy", title, drawing.svg(), notes, table)


def confusion(found: Confusion, *, weighted: bool, waiting: int = 0) -> Figure:
    """Rows are what people found, columns what the model said; `weighted` to all photos that arrive, or counted.

    `waiting` audited answers are not settled yet.
    """
    name = "confusion_weighted" if weighted else "confusion_counted"
    title = "What arrives, taken for what (estimated)" if weighted else "What people settled, taken for what"
    values = {(c.people, c.model): c.photos if weighted else float(c.items) for c in found.cells}
    values = {key: value for key, value in values.items() if value}
    notes = []
    if weighted and not found.audited:
        why = f"{waiting:,} audited answers wait for people to settle them." if waiting else NO_AUDITS
        notes.append(f"Only of what the model doubts. {why}")
    if weighted and 0 < found.speaking < _FEWEST:
        few = f"Too few to estimate from: {found.speaking} checked photos of the {_FEWEST} that it takes."
        return Figure(name, title, None, (few, *notes), None)
    if not values:
        return Figure(name, title, None, ("People settled nothing yet that the model had an answer to.", *notes), None)
    sums = _sums(values)
    shown = sorted(sorted(sums, key=lambda label: (-sums[label], label))[:_MOST_LABELS])
    if NONE_OF_THESE in shown:
        shown = [*(label for label in shown if label != NONE_OF_THESE), NONE_OF_THESE]
    if len(sums) > len(shown):
        notes.append(f"The {len(shown)} most frequent of {len(sums)} labels; the table has all.")
    if weighted:
        audited = "; an audited answer counts for as many as the chance says with which it was drawn"
        notes.append(f"Estimated from {found.speaking:,} checked photos{audited if found.audited else ''}.")
    columns = [label for label in shown if label != NONE_OF_THESE]
    total, right = sum(values.values()), sum(v for (people, model), v in values.items() if people == model)
    what = "photos that arrive, estimated" if weighted else "settled items"
    drawing = Drawing(
        title, f"Of {total:,.0f} {what}, {share(right / total)} are what the model said", 62 + 40 * len(shown)
    )
    left = 118.0
    side = (WIDTH - left - 4) / max(1, len(columns))
    drawing.text((left + (WIDTH - left) / 2, 14), "the model said", "middle")
    drawing.text((left - 8, 34), "it is", "end")
    for column, label in enumerate(columns):
        drawing.text((left + (column + 0.5) * side, 34), _fitting(label, side), "middle ink")
    for row, people in enumerate(shown):
        y = 44 + 40.0 * row
        drawing.text(
            (left - 8, y + 24), _fitting("none of these" if people == NONE_OF_THESE else people, left - 12), "end ink"
        )
        for column, model in enumerate(columns):
            value = values.get((people, model), 0.0)
            part = value / sums[people] if sums[people] else 0.0
            kind = "f0" if people == model else "f1"
            shown_value = f"{'~' if weighted and value else ''}{value:,.0f}"
            told = f"{people}, the model said {model}: {shown_value}, {share(part)} of this row"
            drawing.box((left + column * side + 1, y), side - 2, 38, f"piece {kind}", told, 0.06 + 0.94 * part)
            ink = "middle on" if part > 0.55 else "middle ink"
            drawing.text((left + (column + 0.5) * side, y + 24), shown_value, ink)
    return Figure(name, title, drawing.svg(), tuple(notes), _matrix(found, weighted))


def share(value: float | None) -> str:
    """0..1 with one digit behind the point."""
    return "unknown" if value is None else f"{value:.1%}"


def _row(start: date, estimates: Mapping[date, Estimate], misleading: Mapping[date, Proportion]) -> tuple[str, ...]:
    one, naive = estimates.get(start), misleading.get(start)
    told = ("-", "-", "-", "-")
    if one is not None and one.value is not None:
        told = (share(one.value), f"{share(one.low)} to {share(one.high)}", f"{one.checked:,}", f"{one.wrong:,}")
    return (str(start), *told, "-" if naive is None else share(naive.value))


def _sums(values: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """By what people found, of all labels that occur."""
    sums = dict.fromkeys((label for key in values for label in key), 0.0)
    for (people, _), value in values.items():
        sums[people] += value
    return sums


def _fitting(name: str, room: float) -> str:
    most = max(3, int(room / 6.6))
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _matrix(found: Confusion, weighted: bool) -> Table:
    rows = sorted(found.cells, key=lambda cell: (-cell.photos if weighted else -cell.items, cell.people, cell.model))
    return Table(
        ("it is", "the model said", "settled items", "photos they speak for (estimated)"),
        tuple((c.people, c.model, f"{c.items:,}", f"{c.photos:,.0f}") for c in rows),
    )
