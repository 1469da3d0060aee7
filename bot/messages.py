"""Every sentence that a person reads in the chat; pure functions, no Telegram."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from model.errors import ImageProblem
from model.proportion import Proportion
from model.risk import RiskThreshold
from review.explanations import ExplainedPhoto, Unexplained
from review.outbox import OutboxKind
from review.phrases import duration, percent
from review.policy import Reason
from review.statistics import ModelPromise, QueueStatistics
from review.tables import NONE_OF_THESE

MENU = {"start": "What this bot does", "help": "How to use it", "why": "How I came to my answer"}
MODERATOR_MENU = {
    **MENU,
    "review": "Look at the next photo that waits",
    "stats": "How much waits, and how good the answers are",
}


def start(labels: Sequence[str]) -> str:
    known = f": {listed(labels)}" if labels else ""
    return (
        f"Hello! Send me a photo and I tell you what it shows{known}. "
        "When I am not sure, a person looks at it and you hear from them.\n\n"
        "Photos are kept, without their location and camera data, so that people can check and improve the answers."
    )


def help_text(labels: Sequence[str], *, moderator: bool) -> str:
    known = f" I know: {listed(labels)}." if labels else ""
    text = (
        f"Send a photo, or an image as a file.{known}\n"
        "I answer at once when I am sure; otherwise a person looks at the photo, and I tell you what they say.\n"
        "/why shows how I came to my last answer; as a reply to an answer, how I came to that one."
    )
    if not moderator:
        return text
    return (
        f"{text}\n\nYou are a moderator: /review brings you the next photo that waits.\n"
        "/stats shows how much waits, and how good the answers are."
    )


def not_a_picture(labels: Sequence[str]) -> str:
    wanted = f" Send me one that shows {listed(labels, last='or')}." if labels else ""
    return f"I can only look at photos and image files.{wanted}"


def listed(labels: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f" {last} ".join([", ".join(labels[:-1]), labels[-1]]) if len(labels) > 1 else "".join(labels)


def render(kind: OutboxKind, parameters: Mapping[str, Any]) -> str:
    """The words of an outbox message; its parameters are described at `OutboxKind`."""
    match kind:
        case OutboxKind.ANSWERED:
            return _answered(parameters)
        case OutboxKind.IN_REVIEW:
            return _in_review(parameters)
        case OutboxKind.REJECTED:
            return _rejected(parameters)
        case OutboxKind.HUMAN_ANSWER:
            return _human_answer(parameters)
        case OutboxKind.FAILED:
            return "Something is wrong on my side: I could not handle this message. Please send it once more later."
        case OutboxKind.EXPLANATION:
            raise ValueError("an explanation is drawn, see `explanation_caption` and `unexplained`")
        case OutboxKind.CORRECTION:
            return (
                f"A correction: a person looked at your photo once more, and {_it_shows(parameters['label'])}. "
                f"Earlier you heard that {_it_shows(parameters['previous_label'])}. Sorry for the confusion."
            )


def _answered(parameters: Mapping[str, Any]) -> str:
    text = f"This is {parameters['label']}: I am {percent(parameters['confidence'])} sure."
    if parameters["runner_up"] is not None:
        text += f" It might also be {parameters['runner_up']} ({percent(parameters['runner_up_confidence'])})."
    return text


def _in_review(parameters: Mapping[str, Any]) -> str:
    promise = "A person will look at it, and I will tell you what they say."
    if Reason.OUT_OF_DOMAIN in parameters["reasons"]:
        return f"I do not know this kind of picture, so I had better not guess. {promise}"
    if parameters["label"] is None:
        return f"I cannot judge photos at the moment, but yours is safe. {promise}"
    return f"I am not sure. My best guess is {parameters['label']} ({percent(parameters['confidence'])}). {promise}"


def _rejected(parameters: Mapping[str, Any]) -> str:
    match ImageProblem(parameters["problem"]):
        case ImageProblem.EMPTY:
            return "This file is empty. Please send it once more."
        case ImageProblem.NOT_AN_IMAGE:
            return "This file is no picture that I can read. Please send a photo, or a JPEG, PNG, WebP or HEIC file."
        case ImageProblem.DAMAGED:
            return "This picture is damaged or cut off, and I cannot read it. Please send it once more."
        case ImageProblem.TOO_MANY_BYTES:
            limit = parameters.get("limit")
            size = f" (over {limit / 1_000_000:.0f} MB)" if limit else ""
            return f"This file is too large for me{size}. Please send it as a photo instead of as a file."
        case ImageProblem.TOO_MANY_PIXELS:
            return "This picture has too many pixels for me. Please send it as a photo instead of as a file."
        case ImageProblem.TOO_SMALL:
            return "This picture is too small to see anything. Please send a larger one."


def _human_answer(parameters: Mapping[str, Any]) -> str:
    label, guess = parameters["label"], parameters["model_label"]
    text = f"A person looked at your photo: {_it_shows(label)}."
    if parameters["told"] == "answer":
        return f"{text} I had said {guess}: that was wrong, sorry."
    return f"{text} That was my guess, too." if label == guess else text


def _it_shows(label: str) -> str:
    return "it shows none of the kinds that I know" if label == NONE_OF_THESE else f"it is {label}"


# What /why brings.

NO_PHOTO_YET = "You have not sent me a photo yet. Send one, and then /why shows how I came to my answer."
NOT_YOUR_PHOTO = "That is not about a photo of yours. Reply with /why to a photo that you sent, or to my answer to it."


def explanation_caption(explained: ExplainedPhoto) -> str:
    """Under the sheet."""
    if explained.judged_by is None:
        return "I could not judge this photo when it came; this is how I see it now."
    if explained.judged_by != explained.explained_by:
        return "I have learnt since I judged this photo; this is how I see it now."
    if not explained.in_domain:
        return "This is why I would not guess: I do not know this kind of picture."
    return f"This is how I came to {explained.label} ({percent(explained.confidence)})."


def unexplained(why: Unexplained) -> str:
    """In place of the sheet."""
    match why:
        case Unexplained.PHOTO_GONE:
            return "This photo was deleted, so I can no longer show how I came to my answer."
        case Unexplained.NO_MODEL:
            return "I cannot judge photos at the moment, so I cannot explain this one either. Please ask again later."
        case Unexplained.FAILED:
            return "Something is wrong on my side: I could not explain this photo."


# What moderators read.

NOT_A_MODERATOR = "Only moderators can do that."
NOTHING_WAITS = "Nothing waits for review. Well done!"
OUTDATED_BUTTON = "This button is out of date. /review brings the next photo."
PHOTO_GONE = "(the photo cannot be shown)"

NONE_BUTTON = "None of these"
CANT_TELL_BUTTON = "Can't tell"
SKIP_BUTTON = "Skip"

_CARD = re.compile(rf"(?:{re.escape(PHOTO_GONE)}\n)?#([0-9]{{1,15}}): ")
_REASONS = {
    Reason.LOW_CONFIDENCE: "not sure",
    Reason.OUT_OF_DOMAIN: "unlike the photos it learnt from",
    Reason.AUDIT: "random check",
    Reason.DISPUTED: "the asker disagrees",
    Reason.NO_MODEL: "no model was running",
}


def review_card(
    *,
    item_id: int,
    reasons: Sequence[str],
    probabilities: Mapping[str, float] | None,
    waiting_seconds: float,
    left: int,
) -> str:
    """The caption under a photo that waits; `left` counts what waits besides."""
    lines = [f"#{item_id}: {', '.join(_REASONS[Reason(reason)] for reason in reasons)}"]
    if probabilities:
        ranked = sorted(probabilities.items(), key=lambda pair: -pair[1])
        lines.append("The model: " + ", ".join(f"{label} {percent(p)}" for label, p in ranked))
    lines.append(f"Waiting {duration(waiting_seconds)}; {left} more in the queue")
    return "\n".join(lines)


def item_on_card(text: str) -> int | None:
    """The item that a review card, or what became of it, is about; None if `text` is neither."""
    found = _CARD.match(text)
    return int(found[1]) if found else None


def review_result(*, item_id: int, choice: str, reviewer: str) -> str:
    """What a review card becomes once it was answered."""
    return f"#{item_id}: {choice}, said {reviewer}"


# What /stats brings.

_ASK_THE_DOCTOR = '"bearbot doctor" tells the operator why.'


def stats(figures: QueueStatistics, promise: ModelPromise | None, *, stranded: bool) -> str:
    """Photos, queue, random checks and model, a paragraph each.

    `promise` is None while no model can be loaded; a model is `stranded` when it answers only because the one that
    should cannot be loaded.
    """
    return "\n\n".join(
        [
            f"Photos sent: {figures.submissions}\nAnswered by the model alone: {figures.answered_alone}",
            _queue(figures),
            _random_checks(figures.agreement_in_audit),
            _model(promise, stranded=stranded),
        ]
    )


def _queue(figures: QueueStatistics) -> str:
    lines = [f"Waiting for people: {figures.open_items}"]
    lines += [f"- {_REASONS[Reason(reason)]}: {count}" for reason, count in figures.open_by_reason.items()]
    if sum(figures.open_by_reason.values()) > figures.open_items:
        lines.append("(some for more than one reason)")
    if figures.oldest_waiting_seconds is not None:
        lines.append(f"Longest wait: {duration(figures.oldest_waiting_seconds)}")
    lines.append(f"Settled by people: {figures.settled_items}")
    return "\n".join(lines)


def _random_checks(agreement: Proportion) -> str:
    title = "Random checks of what the model answered alone"
    if agreement.value is None:
        return f"{title}\nNone yet, so how many of these answers are right is not known."
    return (
        f"{title}\nPeople agreed with {agreement.count} of {agreement.total} ({_share(agreement.value)}).\n"
        f"Of all such answers, {_share(agreement.low)} to {_share(agreement.high)} are right, with 95 % confidence."
    )


def _model(promise: ModelPromise | None, *, stranded: bool) -> str:
    if promise is None:
        return f"Model\nNone can be loaded, so every photo goes to people. {_ASK_THE_DOCTOR}"
    lines = [f"Model {promise.version}" if promise.version else "Model"]
    if stranded:
        lines.append(f"It goes on because the one that should answer cannot be loaded. {_ASK_THE_DOCTOR}")
    if promise.risk is None:
        lines.append(f"What it promises cannot be read. {_ASK_THE_DOCTOR}")
    else:
        lines += _promised(promise.risk)
    return "\n".join(lines)


def _promised(risk: RiskThreshold) -> list[str]:
    """From when on the model answers, and what that promises, without the terms of a model's card."""
    if risk.threshold > 1:
        return ["It answers nothing alone: every photo goes to people."]
    start = f"It answers alone when it is at least {_share(risk.threshold)} sure."
    measured = f"Measured: {risk.errors} wrong of {risk.answered} such answers"
    if risk.guaranteed:
        condition, *remarks = risk.assumption.split("; ")
        return [
            start,
            f"At most {_share(risk.risk)} of such answers are wrong, with {_share(1 - risk.delta)} confidence.",
            " ".join(
                [f"That holds as long as {condition}.", *(f"{remark[:1].upper()}{remark[1:]}." for remark in remarks)]
            ).replace("%", " %"),
            f"{measured}.",
        ]
    too_few = risk.errors <= risk.risk * risk.answered  # more photos alone could bear the promise out
    return [
        start,
        f"It promises nothing, because {'it was measured on too few photos' if too_few else 'it was wrong too often'}.",
        f"{measured}, so up to {_share(risk.upper_bound)} might be wrong; at most {_share(risk.risk)} was asked for.",
        "Until that changes it answers only what it is almost sure of, and more photos go to people.",
    ]


def _share(share: float) -> str:
    """0..1 as a figure of a statistic, to a tenth of a percent."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
