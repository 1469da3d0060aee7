"""What is said about what: facts turned into the words of a catalogue; pure functions, no Telegram.

What needs no facts is asked of the catalogue itself: `words("nothing-waits")`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from bot.catalogue import LANGUAGES, Catalogue, catalogue_for
from model.errors import ImageProblem
from review.errors import AlreadySettled, LeaseLost, NotYours, ReviewError
from review.explanations import ExplainedPhoto, Unexplained
from review.outbox import OutboxKind
from review.policy import Reason
from review.tables import NONE_OF_THESE, Role, VerdictKind

_MOST_ON_CARD = 5  # labels


def start(words: Catalogue, labels: Sequence[str]) -> str:
    return words("start", labels=labels, count=len(labels))


def help_text(words: Catalogue, labels: Sequence[str], role: Role | None) -> str:
    """What everybody may do, then what this role may, which may do what those before it may."""
    parts = [words("help", labels=labels, count=len(labels))]
    if role in (Role.MODERATOR, Role.ADMIN):
        parts.append(words("help-for-moderators"))
    if role is Role.ADMIN:
        parts.append(words("help-for-admins"))
    return "\n\n".join(parts)


def not_a_picture(words: Catalogue, labels: Sequence[str]) -> str:
    return words("not-a-picture", labels=labels, count=len(labels))


def render(words: Catalogue, kind: OutboxKind, parameters: Mapping[str, Any]) -> str:
    """The words of an outbox message; its parameters are described at `OutboxKind`."""
    match kind:
        case OutboxKind.ANSWERED:
            return _answered(words, parameters)
        case OutboxKind.IN_REVIEW:
            return _in_review(words, parameters)
        case OutboxKind.KNOWN:
            return words("known", label=parameters["label"])
        case OutboxKind.STILL_IN_REVIEW:
            return words("still-in-review")
        case OutboxKind.ALBUM:
            return _album(words, parameters["parts"])
        case OutboxKind.REJECTED:
            return _rejected(words, parameters)
        case OutboxKind.REFUSED:
            return words(f"refused-{parameters['refusal']}", limit=parameters["limit"] or 0)
        case OutboxKind.HUMAN_ANSWER:
            return _human_answer(words, parameters)
        case OutboxKind.NOT_A_PICTURE:
            return not_a_picture(words, parameters["labels"])
        case OutboxKind.BUSY:
            return words("busy", place=parameters["place"])
        case OutboxKind.FULL:
            return words("full")
        case OutboxKind.FAILED:
            return words("failed")
        case OutboxKind.EXPLANATION:
            raise ValueError("an explanation is drawn, see `explanation_caption` and `unexplained`")
        case OutboxKind.CORRECTION:
            return words("correction", label=parameters["label"], previous=parameters["previous_label"])
        case OutboxKind.CONFIRMED:
            return words("confirmed", label=parameters["label"])
        case OutboxKind.OVERDUE:
            return words("overdue", seconds=parameters["seconds"])
        case OutboxKind.NOT_ADMITTED:
            return words(f"not-admitted-{parameters['access']}", user=str(parameters["user"]))
        case OutboxKind.MY_DATA:
            raise ValueError("it is a file, see `bot.privacy`")
        case OutboxKind.REVIEW_CARD | OutboxKind.REMOVAL:
            raise ValueError("these say nothing, see `review.showings`")
        case OutboxKind.RETRAINED:
            return _retrained(words, parameters)
        case OutboxKind.APPOINTED:
            return words("appointed")
        case OutboxKind.PING:
            return words("ping", waiting=parameters["waiting"], disputed=parameters["disputed"])
        case OutboxKind.NOTED:
            label = parameters["label"]
            return words("noted-unknown") if label is None else words("noted", label=label)


def _answered(words: Catalogue, parameters: Mapping[str, Any]) -> str:
    label, confidence = parameters["label"], parameters["confidence"]
    if parameters["runner_up"] is None:
        return words("answered", label=label, confidence=confidence)
    return words(
        "answered-of-two",
        label=label,
        confidence=confidence,
        runner_up=parameters["runner_up"],
        runner_up_confidence=parameters["runner_up_confidence"],
    )


def _in_review(words: Catalogue, parameters: Mapping[str, Any]) -> str:
    if Reason.OUT_OF_DOMAIN in parameters["reasons"]:
        return words("in-review-unlike")
    if parameters["label"] is None:
        return words("in-review-no-model")
    return words("in-review-unsure", label=parameters["label"], confidence=parameters["confidence"])


def _album(words: Catalogue, parts: Sequence[Mapping[str, Any]]) -> str:
    """One answer, a numbered line for each photo in the order of the album."""
    said = [render(words, OutboxKind(part["kind"]), part["parameters"]) for part in parts]
    if len(said) == 1:
        return said[0]
    return "\n".join([words("album", count=len(said)), *(f"{place}. {text}" for place, text in enumerate(said, 1))])


def _retrained(words: Catalogue, parameters: Mapping[str, Any]) -> str:
    said = words(
        f"retrained-{parameters['outcome']}",
        champion=parameters["champion"] or "-",
        candidate=parameters["candidate"] or "-",
    )
    return f"{said}\n{parameters['explanation']}"


def _rejected(words: Catalogue, parameters: Mapping[str, Any]) -> str:
    problem = ImageProblem(parameters["problem"])
    if problem is ImageProblem.TOO_MANY_BYTES:
        return words("rejected-too_many_bytes", megabytes=round((parameters.get("limit") or 0) / 1_000_000))
    return words(f"rejected-{problem}")


def _human_answer(words: Catalogue, parameters: Mapping[str, Any]) -> str:
    label, guess = parameters["label"], parameters["model_label"]
    if parameters["told"] == "answer":
        return words("human-answer-wrong", label=label, guess=guess)
    return words("human-answer-agreed" if label == guess else "human-answer", label=label)


# What /why brings.


def explanation_caption(words: Catalogue, explained: ExplainedPhoto) -> str:
    """Under the sheet."""
    if explained.judged_by is None:
        return words("explanation-unjudged")
    if explained.judged_by != explained.explained_by:
        return words("explanation-learnt-since")
    if not explained.in_domain:
        return words("explanation-unlike")
    return words("explanation", label=explained.label, confidence=explained.confidence)


def unexplained(words: Catalogue, why: Unexplained) -> str:
    """In place of the sheet."""
    return words(f"unexplained-{why}")


# What moderators read.


def review_card(
    words: Catalogue,
    *,
    item_id: int,
    reasons: Sequence[str],
    probabilities: Mapping[str, float] | None,
    waiting_seconds: float,
    left: int,
    claimed: Sequence[str] = (),
    blind: bool = False,
    near_duplicates: int = 0,
    said: Sequence[tuple[str, str]] = (),
) -> str:
    """The caption (up to 1024 characters) under a photo that waits, with the likeliest labels.

    `claimed` is what askers say it shows, `left` counts what waits besides; `blind` if others judge it as well and
    nobody is to be led; `near_duplicates` is how many more photos the answer is for; `said`: by which reviewers who
    disagree ("none" for none of these).
    """
    why = words("card-blind") if blind else words.in_a_row([words(f"reason-{Reason(reason)}") for reason in reasons])
    lines = [f"#{item_id}: {why}"]
    if probabilities:
        ranked = sorted(probabilities.items(), key=lambda pair: -pair[1])[:_MOST_ON_CARD]
        ranking = [words("card-ranked", label=label, probability=probability) for label, probability in ranked]
        lines.append(words("card-model", ranking=words.in_a_row(ranking)))
    if claimed:
        claims = words.in_a_row([_said(words, label) for label in claimed[-_MOST_ON_CARD:]])
        lines.append(words("card-claimed", claims=claims))
    if said:
        sayings = [
            words("card-said", choice=_said(words, label), reviewer=reviewer)
            for reviewer, label in said[-_MOST_ON_CARD:]
        ]
        lines.append(words("card-disagreement", sayings=words.in_a_row(sayings)))
    if near_duplicates:
        lines.append(words("card-group", count=near_duplicates))
    lines.append(words("card-waiting", seconds=waiting_seconds, left=left))
    return "\n".join(lines)


def _said(words: Catalogue, label: str) -> str:
    return words("button-none") if label == NONE_OF_THESE else words.label(label)


def item_on_card(text: str) -> int | None:
    """The item that a review card, or what became of it, is about, in any language; None if `text` is neither."""
    found = _card().match(text)
    return int(found[1]) if found else None


@cache
def _card() -> re.Pattern[str]:
    without_photo = "|".join(re.escape(catalogue_for(language)("photo-gone")) for language in LANGUAGES)
    return re.compile(rf"(?:(?:{without_photo})\n)?#([0-9]{{1,15}}): ")


def refused_tap(words: Catalogue, error: ReviewError, item_id: int) -> str:
    """Why a tap on a card came to nothing."""
    match error:
        case AlreadySettled():
            return words("already-settled", item=str(item_id), reviewer=error.reviewer, label=error.label)
        case LeaseLost():
            return words("lease-lost", item=str(item_id))
        case NotYours():
            return words("needs-adjudicator", item=str(item_id))
        case _:
            return words("item-gone", item=str(item_id))


def review_result(words: Catalogue, *, item_id: int, kind: VerdictKind, label: str | None, reviewer: str) -> str:
    """What a review card becomes once it was answered; `label` if that is the `kind` of the verdict."""
    match kind:
        case VerdictKind.SKIP | VerdictKind.CANT_TELL:
            said = words(f"card-result-{kind}", reviewer=reviewer)
        case _:
            choice = words("button-none") if label is None else words.label(label)
            said = words("card-result", choice=choice, reviewer=reviewer)
    return f"#{item_id}: {said}"


def review_undone(words: Catalogue, *, item_id: int, reviewer: str) -> str:
    """What the result of a review becomes when it was taken back."""
    return f"#{item_id}: {words('card-undone', reviewer=reviewer)}"


def review_put_back(words: Catalogue, *, item_id: int) -> str:
    """What a review card becomes when its moderator goes back to an earlier one."""
    return f"#{item_id}: {words('card-put-back')}"
