"""Pictures of an evaluation, as PNG bytes: confusion matrix, risk and coverage, reliability, out-of-domain scores."""

import io
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.artifact import Artifact
from model.calibration import softmax
from model.dataset import OUTLIERS, Kind, Split
from model.evaluation import EvaluationReport
from model.labels import Vocabulary
from model.proportion import Proportion

_BLUE, _GREY, _RED = "#2b6cb0", "#718096", "#c53030"
_BINS = 8  # of the reliability diagram; each holds as many photos as the others


def report_plots(artifact: Artifact, report: EvaluationReport) -> Mapping[str, bytes]:
    """File name -> PNG, of a version's figures on its frozen test set."""
    vocabulary = Vocabulary(artifact.card.labels)
    truth = np.array([vocabulary.index(photo.label) for photo in artifact.manifest.of(Split.TEST)])
    probabilities = softmax(artifact.tests.logits[:, 0].astype(np.float64) / artifact.card.temperature)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    return {
        "confusion_matrix.png": confusion_matrix(report, vocabulary.labels),
        "risk_coverage.png": risk_coverage(confidence, correct, artifact.card.risk.threshold),
        "reliability.png": reliability(confidence, correct, report),
        "out_of_domain.png": out_of_domain(artifact),
    }


def confusion_matrix(report: EvaluationReport, labels: tuple[str, ...]) -> bytes:
    """Rows are the truth, columns what the model said."""
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    crowded = len(labels) > 8
    figure = _figure(scale=max(1.0, len(labels) / 12))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if crowded and not count:
            continue  # a page of zeros hides the others
        ink = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=ink)
    axes.set(
        xticks=range(len(labels)),
        yticks=range(len(labels)),
        xticklabels=labels,
        yticklabels=labels,
        xlabel="the model says",
        ylabel="it is",
        title=f"{report.photos} test photos, right: {report.accuracy}",
    )
    if crowded:
        axes.tick_params(axis="x", labelrotation=90)
    return _png(figure)


def risk_coverage(confidence: NDArray[np.float64], correct: NDArray[np.bool_], threshold: float) -> bytes:
    """The share of wrong answers (N,) against how many photos are answered, most confident first."""
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(order) + 1)
    risk = np.cumsum(~correct[order]) / answered
    figure = _figure()
    axes = figure.subplots()
    axes.plot(answered / len(order), risk, color=_BLUE)
    coverage = float((confidence >= threshold).mean())
    axes.axvline(coverage, color=_RED, linestyle="--", label=f"answers from {threshold:.0%} confidence on")
    axes.set(
        xlabel="share of the photos answered",
        ylabel="wrong among answered",
        xlim=(0, 1),
        ylim=(0, max(0.05, float(risk.max()) * 1.1)),
        title="Risk and coverage",
    )
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.1%}")
    axes.legend()
    return _png(figure)


def reliability(confidence: NDArray[np.float64], correct: NDArray[np.bool_], report: EvaluationReport) -> bytes:
    """How often the model is right when it says that it is p sure; bins hold equally many photos.

    The bars are 95 % Wilson intervals: where they cross the diagonal, the gap may be chance.
    """
    groups = [g for g in np.array_split(np.argsort(confidence, kind="stable"), _BINS) if len(g)]
    said = np.array([float(confidence[g].mean()) for g in groups])
    shares = [Proportion.of(int(correct[g].sum()), len(g)) for g in groups]
    right = np.array([share.value for share in shares], dtype=float)
    low = min(0.5, float(said.min()), *(share.low for share in shares))
    figure = _figure()
    axes = figure.subplots()
    axes.plot([low, 1], [low, 1], color=_GREY, linestyle=":", label="perfectly calibrated")
    spread = np.abs(np.array([[share.low, share.high] for share in shares]).T - right)
    axes.errorbar(said, right, yerr=spread, marker="o", color=_BLUE, capsize=3, label=f"{len(groups)} equal groups")
    axes.set(
        xlabel="how sure it says it is",
        ylabel="how often it is right",
        title=f"Reliability: error {report.expected_calibration_error:.3f}, "
        f"by chance {report.calibration_error_by_chance:.3f} (95 % below {report.calibration_error_by_chance_95:.3f})",
    )
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(loc="lower right")
    return _png(figure)


def out_of_domain(artifact: Artifact) -> bytes:
    """How strange the test photos and the test outliers are to the model, and where the cut lies."""
    outliers = artifact.manifest.of(Split.TEST, *OUTLIERS)
    kinds = np.array([photo.kind for photo in outliers], dtype=object)
    groups = {"test photos": (artifact.tests.scores, _BLUE)}
    for kind, colour in ((Kind.NEAR, _RED), (Kind.FAR, _GREY), (Kind.NONE, _RED)):
        if (kinds == kind).any():
            groups[f"{kind} outliers"] = (artifact.tests.outlier_scores[kinds == kind], colour)
    every = np.concatenate([scores for scores, _ in groups.values()])
    edges = np.linspace(every.min(), every.max() + 1e-6, 40)
    figure = _figure()
    axes = figure.subplots()
    for name, (scores, colour) in groups.items():
        weights = np.full(len(scores), 1 / max(len(scores), 1))
        axes.hist(scores, edges.tolist(), weights=weights, color=colour, alpha=0.6, label=f"{len(scores)} {name}")
    cut = artifact.card.out_of_domain.cut
    axes.axvline(cut, color="black", linestyle="--", label="from here on a person is asked")
    axes.set(xlabel="out-of-domain score (higher: stranger)", ylabel="share of the photos", title="Out of domain")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.35)  # room for the legend
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend()
    return _png(figure)


def _figure(scale: float = 1.0) -> Figure:
    with mpl.rc_context({"font.size": 11, "axes.titlesize": 11}):
        return Figure(figsize=(6 * scale, 4.5 * scale), layout="constrained")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
