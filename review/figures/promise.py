"""What the present model promises of its answers, and what it would cost to have it answer more or less."""

from review.figures.drawing import WIDTH, Drawing, Frame
from review.figures.figure import Figure, Table
from review.figures.quality import share
from review.risk_coverage import RiskCoverage
from review.statistics import ModelPromise

_RISKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # heights of the axis
_ROWS = 12  # of the table


def risk_coverage(found: RiskCoverage | None, promise: ModelPromise) -> Figure:
    """The share of wrong answers by how many photos are answered, on the model's test photos, and where it stands."""
    title = "How much the model answers, and how often wrongly"
    said = in_words(promise)
    if found is None or not found.curve:
        why = "There is no curve to show: the model was tested on no photo, or cannot be read."
        return Figure("risk_coverage", title, None, (said, why), None)
    description = f"On {found.photos:,} test photos of {found.version}."
    if found.today is not None:
        description += (
            f" Today it answers {share(found.today.coverage)} of them, of which {share(found.today.risk)} are wrong"
        )
    drawing = Drawing(title, description, 272)
    frame = Frame(54, WIDTH - 12, 26, 226)
    largest = max(point.risk for point in found.curve)
    top = next(risk for risk in _RISKS if risk >= largest)
    drawing.text((4, 14), "wrong among the answered test photos", "ink")
    frame.draw(drawing, [(step / 5, share(top * step / 5)) for step in range(6)])
    for step in range(5):
        x, y = frame.at(step / 4, 0)
        drawing.text((min(x, WIDTH - 20), y + 17), f"{step / 4:.0%}", "middle")
    drawing.text(
        ((frame.left + frame.right) / 2, frame.bottom + 36), "share of the test photos that it answers", "middle"
    )
    points = [frame.at(point.coverage, point.risk / top) for point in found.curve]
    drawing.line(points, "line s0")
    for point, at in zip(found.curve, points, strict=True):
        drawing.dot(
            at, 4, "hit", f"from {share(point.confidence)}: {share(point.coverage)} answered, {share(point.risk)} wrong"
        )
    if found.today is not None:
        x, y = frame.at(found.today.coverage, found.today.risk / top)
        drawing.line([(x, frame.top), (x, frame.bottom)], "line s1 dash-4")
        drawing.dot((x, y), 4.5, "f1", "today's threshold")
        threshold = promise.risk.threshold if promise.risk else found.today.confidence
        side = "end" if found.today.coverage > 0.5 else ""
        drawing.text(
            (x - 7 if side else x + 7, frame.top + 12), f"today: from {threshold:.0%} on", f"{side} strong".strip()
        )
    places = sorted({round(step * (len(found.curve) - 1) / (_ROWS - 1)) for step in range(_ROWS)})
    table = Table(
        ("answers from confidence", "answers", "wrong among them"),
        tuple(
            (share(p.confidence), share(p.coverage), share(p.risk)) for p in (found.curve[place] for place in places)
        ),
    )
    return Figure("risk_coverage", title, drawing.svg(), (said,), table)


def in_words(promise: ModelPromise) -> str:
    """Which model answers from where on, with what promise."""
    if promise.risk is None:
        return f"What the model promises cannot be read: {promise.problem}."
    caution = "" if promise.risk.guaranteed else "; until that changes it asks people more often"
    return (
        f"{promise.version} answers from {promise.risk.threshold:.0%} confidence on: {promise.risk.claim()}{caution}."
    )
