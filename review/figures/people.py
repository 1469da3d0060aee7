"""Who reviews how much, and how far reviewers agree."""

from review.figures.drawing import WIDTH, Drawing, Frame, scale, short
from review.figures.figure import Figure, Table
from review.figures.quality import share
from review.workload import Workload

_MOST_BARS = 10


def reviewers(found: Workload) -> Figure:
    """A bar for each; agreement in words."""
    title = "Reviewers"
    notes: tuple[str, ...] = (agreement_in_words(found),)
    if not found.shares:
        return Figure("reviewers", title, None, ("Nobody reviewed in this time.", *notes), None)
    table = Table(
        ("reviewer", "verdicts", "today", "an hour", "median seconds", "reliability"),
        tuple(
            (
                one.name,
                f"{one.verdicts:,}",
                f"{one.today:,}",
                "-" if one.per_hour is None else f"{one.per_hour:,.0f}",
                "-" if one.median_seconds is None else f"{one.median_seconds:.1f}",
                "-" if one.reliability is None else share(one.reliability),
            )
            for one in found.shares
        ),
    )
    shown = found.shares[:_MOST_BARS]
    if len(shown) < len(found.shares):
        notes = (*notes, f"The {len(shown)} busiest of {len(found.shares)} reviewers; the table has all.")
    description = "Verdicts: " + "; ".join(f"{one.name} {one.verdicts:,}" for one in shown)
    drawing = Drawing(title, description, 40 + 36 * len(shown))
    top, steps = scale(max(one.verdicts for one in shown))
    frame = Frame(8, WIDTH - 20, 6, 14 + 36 * len(shown))
    for step in steps:
        x = frame.at(step / top, 0)[0]
        drawing.line([(x, frame.top), (x, frame.bottom)], "grid" if step else "axis")
        drawing.text((x, frame.bottom + 17), short(step), "middle")
    for place, one in enumerate(shown):
        y = frame.top + 6 + 36 * place
        seconds = "" if one.median_seconds is None else f", {one.median_seconds:.1f} s each"
        trusted = "" if one.reliability is None else f", reliability {share(one.reliability)}"
        told = f"{one.verdicts:,}{seconds}{trusted}"
        drawing.text((frame.left + 4, y + 10), _cut(one.name), "strong")
        drawing.text((frame.right, y + 10), told, "end")
        drawing.box(
            (frame.left, y + 15),
            max(1.0, frame.at(one.verdicts / top, 0)[0] - frame.left),
            11,
            "piece f0",
            f"{one.name}: {told}",
        )
    return Figure("reviewers", title, drawing.svg(), notes, table)


def agreement_in_words(found: Workload) -> str:
    """Krippendorff's alpha with its interval, or why there is none."""
    agreed = found.agreement
    if not agreed.items:
        return "How far reviewers agree is not known: no photo was judged by several people, each for themselves."
    if agreed.alpha is None or agreed.low is None or agreed.high is None:
        return (
            f"All {agreed.items} photos that several people judged got one and the same label, which "
            "says nothing of agreement beyond chance."
        )
    return (
        f"Agreement of reviewers (Krippendorff's alpha; 1 is perfect, 0 as by chance): {agreed.alpha:.2f}, 95 % "
        f"interval {agreed.low:.2f} to {agreed.high:.2f}, by {agreed.items} photos that several judged."
    )


def _cut(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
