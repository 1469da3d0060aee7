"""Pictures of an evaluation, as PNG bytes: confusion matrix, risk and coverage, reliability, scores of the detector."""

import io
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.artifact import Artifact
from model.calibration import softmax
from model.dataset import Split
from model.evaluation import EvaluationReport
from model.labels import Vocabulary

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
        "reliability.png": reliability(confidence, correct),
    }


def confusion_matrix(report: EvaluationReport, labels: tuple[str, ...]) -> bytes:
    """Rows are the truth, columns what the model said."""
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = _figure()
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
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


def reliability(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> bytes:
    """How often the model is right when it says that it is p sure; bins hold equally many photos."""
    groups = [g for g in np.array_split(np.argsort(confidence, kind="stable"), _BINS) if len(g)]
    said = [float(confidence[g].mean()) for g in groups]
    right = [float(correct[g].mean()) for g in groups]
    low = min(0.5, *said, *right)
    figure = _figure()
    axes = figure.subplots()
    axes.plot([low, 1], [low, 1], color=_GREY, linestyle=":", label="perfectly calibrated")
    axes.plot(said, right, marker="o", color=_BLUE, label=f"{len(groups)} equal groups of photos")
    axes.set(xlabel="how sure it says it is", ylabel="how often it is right", title="Reliability")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend()
    return _png(figure)


def _figure() -> Figure:
    with mpl.rc_context({"font.size": 11, "axes.titlesize": 11}):
        return Figure(figsize=(6, 4.5), layout="constrained")


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
