"""The pictures: their numbers are the data's, what people wrote stays text, and without data they say why."""

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.proportion import Proportion
from model.risk import RiskThreshold
from review.agreement import Agreement
from review.confusion import Cell, Confusion
from review.estimate import Estimate, Stratum, estimate
from review.figures import people, promise, quality, traffic
from review.figures.drawing import scale, short
from review.figures.figure import Figure, by_itself
from review.overview import AGES, Agreed, Volume, Waits
from review.production import ALWAYS, AccuracyIn, Bucket, Disputes, Missing, Production
from review.production import Share as ShareOf
from review.risk_coverage import Operating, RiskCoverage
from review.statistics import ModelPromise
from review.workload import Share, Workload

SVG = "{http://www.w3.org/2000/svg}"


def parsed(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(by_itself(figure))  # noqa: S314 - our own picture


def told(figure: Figure) -> list[str]:
    """What the mouse is shown, mark by mark."""
    titles = [title.text for mark in parsed(figure) for title in mark.findall(f"{SVG}title")]
    return [title for title in titles if title]


def heights(figure: Figure) -> dict[str, float]:
    """Of bars, by what the mouse is shown."""
    found = {}
    for mark in parsed(figure).iter(f"{SVG}rect"):
        title = mark.find(f"{SVG}title")
        if title is not None and title.text:
            found[title.text] = float(mark.attrib["height"])
    return found


def produced(accuracy: Estimate, waiting: int = 0) -> Production:
    nothing = Proportion.of(0, 0)
    missing = Missing(waiting, 0, 0, 0)
    return Production(ALWAYS, 0, 0, 0, accuracy, {}, ShareOf(None, 0, 1), missing, Disputes(0, 0, 0), nothing)


def test_volumes_are_drawn_and_tabled_as_they_are() -> None:
    days = [Volume(date(2026, 11, 20 + n), 10 * n, 8 * n, 2 * n, n) for n in range(4)]
    figure = traffic.volumes(days, Bucket.DAY)
    assert figure.table is not None
    assert figure.table.rows[3] == ("2026-11-23", "30", "24", "6", "3")
    assert "2026-11-23: settled by people 3" in told(figure)
    assert len(told(figure)) == 16
    lines = [line.attrib["points"] for line in parsed(figure).iter(f"{SVG}polyline") if "line" in line.attrib["class"]]
    sent = [float(point.split(",")[1]) for point in lines[4].split()]  # behind the legend's four
    steps = [before - after for before, after in pairwise(sent)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)
    assert steps[0] > 0


def test_the_queues_age_is_in_pieces_by_reason() -> None:
    figure = traffic.queue_age([Waits("out_of_domain", (0, 3, 0, 0, 0, 0, 0)), Waits("audit", (0, 1, 0, 0, 0, 0, 2))])
    found = heights(figure)
    assert list(found) == [
        "1 to 6 h: 3 for out of domain",
        "1 to 6 h: 1 for audit",
        "over 30 d: 2 for audit",
    ]
    assert found["1 to 6 h: 3 for out of domain"] == pytest.approx(3 * found["1 to 6 h: 1 for audit"], abs=0.2)
    assert figure.table is not None
    assert figure.table.columns == ("why", *(name for name, _ in AGES))
    assert figure.table.rows[1] == ("audit", "0", "1", "0", "0", "0", "0", "2")


def test_accuracy_stands_with_its_interval_beside_what_misleads() -> None:
    start = datetime(2026, 11, 16, tzinfo=UTC)
    one = estimate([Stratum(0.1, 40, 40, 2)])
    misleading = [Agreed(start.date(), Proportion.of(60, 100))]
    figure = quality.accuracy([AccuracyIn(start, one)], misleading, produced(one), Bucket.WEEK)
    low, high = quality.share(one.low), quality.share(one.high)
    assert told(figure) == [f"2026-11-16: 95.0% right, {low} to {high}, 40 audited"]
    assert figure.table is not None
    assert figure.table.rows == (("2026-11-16", "95.0%", f"{low} to {high}", "40", "2", "60.0%"),)
    assert "misleads" in figure.notes[0]
    assert "misleads" in "".join(parsed(figure).itertext())


def test_without_audits_it_says_what_to_do() -> None:
    nothing = estimate([])
    assert quality.accuracy([], [], produced(nothing), Bucket.DAY).notes == (quality.NO_AUDITS,)
    assert "REVIEW_AUDIT_RATE" in quality.NO_AUDITS
    waiting = quality.accuracy([], [], produced(nothing, waiting=7), Bucket.DAY)
    assert waiting.svg is None
    assert waiting.notes == ("7 audited answers wait for people to settle them.",)


def test_confusion_counts_and_weighs() -> None:
    found = Confusion(
        (Cell("black", "black", 30, 300.0), Cell("black", "none", 10, 10.0), Cell("teddy", "black", 20, 100.0)), 4, 55
    )
    weighted, counted = quality.confusion(found, weighted=True), quality.confusion(found, weighted=False)
    assert "black, the model said black: ~300, 75.0% of this row" in told(weighted)
    assert "black, the model said black: 30, 60.0% of this row" in told(counted)
    assert "none, the model said black: 10, 100.0% of this row" in told(counted)
    assert counted.table is not None
    assert counted.table.rows[0] == ("black", "black", "30", "300")
    assert weighted.notes[-1].startswith("Estimated from 55 checked photos; an audited answer counts for")
    unaudited = quality.confusion(Confusion(found.cells, 0, 60), weighted=True)
    assert f"Only of what the model doubts. {quality.NO_AUDITS}" in unaudited.notes
    waiting = quality.confusion(Confusion(found.cells, 0, 60), weighted=True, waiting=7)
    assert any("7 audited answers wait" in note for note in waiting.notes)
    assert not any(quality.NO_AUDITS in note for note in waiting.notes)


def test_of_a_few_verdicts_nothing_is_estimated() -> None:
    cells = (Cell("black", "black", 2, 660.0), Cell("black", "teddy", 1, 0.0))
    figure = quality.confusion(Confusion(cells, 2, 2), weighted=True)
    assert (figure.svg, figure.table) == (None, None)
    assert figure.notes == ("Too few to estimate from: 2 checked photos of the 20 that it takes.",)
    assert quality.confusion(Confusion(cells, 2, 2), weighted=False).svg is not None


def test_many_labels_leave_the_rare_ones_to_the_table() -> None:
    cells = tuple(Cell(f"bear {n:02}", f"bear {n:02}", 100 - n, 100.0 - n) for n in range(30))
    figure = quality.confusion(Confusion(cells, 1, 60), weighted=False)
    assert "The 12 most frequent of 30 labels; the table has all." in figure.notes
    assert figure.table is not None
    assert len(figure.table.rows) == 30


def test_reviewers_and_their_agreement() -> None:
    shares = (Share("mo", 30, 5, 900.0, 2.25, 0.97), Share("<b>&ana", 10, 0, None, None, None))
    figure = people.reviewers(Workload(shares, Agreement(0.743, 0.6, 0.9, 12)))
    assert figure.table is not None
    assert figure.table.rows == (
        ("mo", "30", "5", "900", "2.2", "97.0%"),
        ("<b>&ana", "10", "0", "-", "-", "-"),
    )
    assert told(figure) == ["mo: 30, 2.2 s each, reliability 97.0%", "<b>&ana: 10"]
    assert "<b>" not in (figure.svg or "")
    assert "0.74, 95 % interval 0.60 to 0.90, by 12 photos" in figure.notes[0]
    nobody = people.reviewers(Workload((), Agreement(None, None, None, 0)))
    assert (nobody.svg, nobody.notes[0]) == (None, "Nobody reviewed in this time.")
    assert "no photo was judged by several people" in nobody.notes[1]
    one_label = people.agreement_in_words(Workload((), Agreement(None, None, None, 3)))
    assert "one and the same label" in one_label


def test_the_threshold_of_today_stands_in_the_curve_with_the_promise() -> None:
    points = (Operating(0.99, 0.2, 0.0), Operating(0.95, 0.6, 0.01), Operating(0.4, 1.0, 0.15))
    risk = RiskThreshold(0.95, True, 0.02, 0.05, 60, 0, 100, 0.019, "bears arrive", {"subject": 100})
    figure = promise.risk_coverage(RiskCoverage("v7", 100, points, points[1]), ModelPromise("v7", risk))
    assert "today: from 95% on" in list(parsed(figure).itertext())
    assert "from 40.0%: 100.0% answered, 15.0% wrong" in told(figure)
    assert figure.notes[0] == f"v7 answers from 95% confidence on: {risk.claim()}."
    assert figure.table is not None
    assert figure.table.rows[1] == ("95.0%", "60.0%", "1.0%")
    broken = promise.risk_coverage(None, ModelPromise(None, None, "no registry"))
    assert broken.svg is None
    assert broken.notes[0] == "What the model promises cannot be read: no registry."


def test_a_file_needs_nothing_from_elsewhere() -> None:
    figure = traffic.queue_age([Waits("audit", (1, 0, 0, 0, 0, 0, 0))])
    picture = by_itself(figure)
    assert not re.search(r"href|url\(|@import|<script", picture)
    names = [mark.tag.removeprefix(SVG) for mark in ElementTree.fromstring(picture)]  # noqa: S314 - our own picture
    assert names[:3] == ["title", "desc", "style"]
    assert figure.svg is not None
    assert "style=" not in figure.svg, "the page's policy lets no style stand in a picture"
    with pytest.raises(ValueError, match="has no picture"):
        by_itself(traffic.queue_age([]))


@given(st.floats(0.001, 1e9))
def test_a_scale_is_round_and_holds_the_largest(largest: float) -> None:
    top, steps = scale(largest)
    assert steps[0] == 0
    assert steps[-1] == top >= largest
    assert 2 <= len(steps) <= 7
    assert all(step == int(step) for step in steps)
    assert top <= largest * 1.5 + 1


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (950, "950"), (1200, "1.2k"), (250_000, "250k"), (5e6, "5M")])
def test_large_counts_are_short(count: float, said: str) -> None:
    assert short(count) == said
