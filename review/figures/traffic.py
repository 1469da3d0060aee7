"""How much comes and how much is done; what waits for people, why, and for how long."""

from collections.abc import Sequence
from datetime import date

from review.figures.drawing import WIDTH, Drawing, Frame, across, scale, short
from review.figures.figure import Figure, Table
from review.overview import AGES, Volume, Waits
from review.production import Bucket

_SERIES = (
    ("photos sent", "s4", "wide"),  # it lies below the others, and looks out where they are the same
    ("answered by the model alone", "s0", "dash-1"),
    ("sent to people", "s1", "dash-3"),
    ("settled by people", "s2", "dash-2"),
)
_MOST_DOTS = 31  # of a line; more would hide it


def volumes(found: Sequence[Volume], bucket: Bucket) -> Figure:
    """Lines by day or week."""
    title = f"Photos and answers, each {bucket.value}"
    rows = [(one.submissions, one.answered_alone, one.sent_to_people, one.settled) for one in found]
    names = [name for name, _, _ in _SERIES]
    table = Table(
        (_begins(bucket), *names), tuple((str(v.start), *map(_whole, r)) for v, r in zip(found, rows, strict=True))
    )
    if not any(map(any, rows)):
        return Figure("volumes", title, None, ("Nothing was sent in this time.",), table)
    sums = [sum(row[series] for row in rows) for series in range(len(_SERIES))]
    description = "; ".join(f"{name} {_whole(total)}" for name, total in zip(names, sums, strict=True))
    drawing = Drawing(title, f"From {found[0].start} to today: {description}", 270)
    top, steps = scale(max(map(max, rows)))
    frame = Frame(42, WIDTH - 10, 60, 240)
    drawing.legend([(name, f"line {kind} {dash}") for name, kind, dash in _SERIES], 2)
    frame.draw(drawing, [(step / top, short(step)) for step in steps])
    frame.below(drawing, [day(one.start) for one in found])
    for series, (name, kind, dash) in enumerate(_SERIES):
        points = [frame.at(across(place, len(rows)), row[series] / top) for place, row in enumerate(rows)]
        drawing.line(points, f"line {kind} {dash}")
        for place, point in enumerate(points):
            shown = len(rows) <= _MOST_DOTS
            drawing.dot(
                point,
                2.4 if shown else 4,
                f"f{kind[1]}" if shown else "hit",
                f"{found[place].start}: {name} {_whole(rows[place][series])}",
            )
    return Figure("volumes", title, drawing.svg(), (), table)


def queue_age(waits: Sequence[Waits]) -> Figure:
    """Bars by how long items wait, in pieces by reason."""
    title = "What waits, for how long and why"
    ages = [name for name, _ in AGES]
    table = Table(("why", *ages), tuple((words(one.reason), *map(_whole, one.items)) for one in waits))
    sums = [sum(one.items[age] for one in waits) for age in range(len(ages))]
    if not any(sums):
        return Figure("queue_age", title, None, ("Nothing waits for people.",), None)
    description = "; ".join(f"{name}: {_whole(count)}" for name, count in zip(ages, sums, strict=True))
    drawing = Drawing(title, f"Open items by waiting time. {description}", 270)
    top, steps = scale(max(sums))
    frame = Frame(42, WIDTH - 4, 44, 240)
    drawing.legend([(words(one.reason), f"piece f{place % 5}") for place, one in enumerate(waits)], 2)
    frame.draw(drawing, [(step / top, short(step)) for step in steps])
    width = (frame.right - frame.left) / len(ages) * 0.7
    for age, name in enumerate(ages):
        below = 0
        for place, one in enumerate(waits):
            if not one.items[age]:
                continue
            x, y = frame.at(across(age, len(ages), middle=True), (below + one.items[age]) / top)
            height = one.items[age] / top * (frame.bottom - frame.top)
            told = f"{name}: {_whole(one.items[age])} for {words(one.reason)}"
            drawing.box((x - width / 2, y), width, height, f"piece f{place % 5}", told)
            below += one.items[age]
    for age, name in enumerate(ages):
        x = frame.at(across(age, len(ages), middle=True), 0)[0]
        drawing.text(
            (x, frame.bottom + 17), name.replace("under ", "< ").replace("over ", "> ").replace(" to ", "-"), "middle"
        )
    return Figure("queue_age", title, drawing.svg(), (), table)


def day(of: date) -> str:
    """As it stands below a picture."""
    return f"{of.day} {of:%b}"


def words(value: str) -> str:
    """A value of a closed vocabulary, for people."""
    return value.replace("_", " ")


def _begins(bucket: Bucket) -> str:
    return "week from" if bucket is Bucket.WEEK else "day"


def _whole(count: int) -> str:
    return f"{count:,}"
