"""The figures of a version as a table, for the card, the README and the terminal."""

from collections.abc import Iterator

from model.evaluation import EvaluationReport

_VIEWS = {"grey": "right label, the same in black and white", "thumbnail": "right label, the same as 64 px thumbnails"}
_OUTLIERS = {
    "near": "only look like the subject",
    "far": "show something else",
    "none": "people call none of the labels",
}


def rows(report: EvaluationReport) -> Iterator[tuple[str, str]]:
    """Measure and figure, with 95 % intervals."""
    yield f"right label, {report.photos} test photos", str(report.accuracy)
    for label, proportion in report.per_label.items():
        yield f"of {label}", str(proportion)
    for view, proportion in report.views.items():
        yield _VIEWS.get(view, f"right label, the same {view}"), str(proportion)
    if report.cross_fitted:
        yield "right label, training photos by heads without them", str(report.cross_fitted)
    for kind, outliers in report.outliers.items():
        what = _OUTLIERS.get(kind, kind)
        yield f"out-of-domain AUROC, pictures that {what}", str(outliers.separation)
        yield "of those pass where 95 % of the test photos pass (FPR95)", str(outliers.separation.fpr95)
        yield "of those would be answered", str(outliers.answered)
    yield "answered without a person", str(report.answered)
    yield "wrong among answered", str(report.wrong_among_answered)
    if report.outliers:
        yield "wrong among answered, photos and outliers as they are here", str(report.wrong_among_answered_mixed)
    yield "calibration error (equal mass, 10 bins)", f"{report.expected_calibration_error:.3f}"
    yield (
        "the same of a perfectly calibrated model, by chance",
        f"{report.calibration_error_by_chance:.3f} (95 % below {report.calibration_error_by_chance_95:.3f})",
    )
    yield "log-likelihood loss", f"{report.negative_log_likelihood:.3f} nats"
    yield "Brier score", f"{report.brier_score:.3f}"


def markdown(report: EvaluationReport) -> str:
    """The table in Markdown."""
    lines = [f"| {measure} | {figure} |" for measure, figure in rows(report)]
    return "\n".join(["| measure | figure (95 % interval) |", "|---|---|", *lines]) + "\n"


def text(report: EvaluationReport) -> str:
    """The table for a terminal."""
    found = list(rows(report))
    width = max(len(measure) for measure, _ in found)
    return "".join(f"{measure:<{width}}  {figure}\n" for measure, figure in found)
