"""What /stats says: photos, queue, random checks and model, a paragraph each; pure functions, no Telegram."""

from bot.assumptions import assumed
from bot.catalogue import Catalogue
from model.risk import RiskThreshold
from review.estimate import Estimate
from review.policy import Reason
from review.statistics import ModelPromise, QueueStatistics

_CONFIDENCE = 0.95  # of the intervals of `review.estimate`


def stats(
    words: Catalogue, figures: QueueStatistics, accuracy: Estimate, promise: ModelPromise | None, *, stranded: bool
) -> str:
    """Four paragraphs.

    `accuracy` is that of what the model answered alone (`review.production`), as random checks tell it.
    `promise` is None while no model can be loaded; a model is `stranded` when it answers only because the one that
    should cannot be loaded.
    """
    return "\n\n".join(
        [
            words("stats-photos", sent=figures.submissions, alone=figures.answered_alone),
            _queue(words, figures),
            _random_checks(words, accuracy),
            _model(words, promise, stranded=stranded),
        ]
    )


def _queue(words: Catalogue, figures: QueueStatistics) -> str:
    lines = [words("stats-waiting", count=figures.open_items)]
    lines += [
        words("stats-reason", reason=words(f"reason-{Reason(reason)}"), count=count)
        for reason, count in figures.open_by_reason.items()
    ]
    if figures.oldest_waiting_seconds is not None:
        lines.append(words("stats-longest-wait", seconds=figures.oldest_waiting_seconds))
    lines.append(words("stats-settled", count=figures.settled_items))
    return "\n".join(lines)


def _random_checks(words: Catalogue, accuracy: Estimate) -> str:
    title = words("stats-random-checks")
    if not accuracy.checked:
        return f"{title}\n{words('stats-no-random-checks')}"
    right = accuracy.checked - accuracy.wrong
    said = words(
        "stats-agreement",
        count=right,
        total=accuracy.checked,
        share=right / accuracy.checked,  # of those that were checked; the limits are of all, each by its chance
        low=accuracy.low,
        high=accuracy.high,
        confidence=_CONFIDENCE,
    )
    return f"{title}\n{said}"


def _model(words: Catalogue, promise: ModelPromise | None, *, stranded: bool) -> str:
    if promise is None:
        return f"{words('stats-model-unnamed')}\n{words('stats-no-model')}"
    lines = [words("stats-model", version=promise.version) if promise.version else words("stats-model-unnamed")]
    if stranded:
        lines.append(words("stats-stranded"))
    if promise.risk is None:
        lines.append(words("stats-no-promise"))
    else:
        lines += promised(words, promise.risk)
    return "\n".join(lines)


def promised(words: Catalogue, risk: RiskThreshold) -> list[str]:
    """From when on the model answers, and what that promises, without the terms of a model's card."""
    if risk.threshold > 1:
        return [words("stats-answers-nothing")]
    start = words("stats-answers-from", threshold=risk.threshold)
    if risk.guaranteed:
        return [
            start,
            words("stats-guaranteed", risk=risk.risk, confidence=1 - risk.delta),
            assumed(words, risk.assumption),
            words("stats-measured", errors=risk.errors, answered=risk.answered),
        ]
    too_few = risk.errors <= risk.risk * risk.answered  # more photos alone could bear the promise out
    return [
        start,
        words("stats-too-few-photos" if too_few else "stats-too-often-wrong"),
        words(
            "stats-measured-bound",
            errors=risk.errors,
            answered=risk.answered,
            bound=risk.upper_bound,
            risk=risk.risk,
        ),
        words("stats-cautious"),
    ]
