"""What an explanation says in plain words; pure functions of the explanation and of where the photo goes.

`words` puts it into a language: `review.explanation_english`, or a catalogue of the bot.
"""

from typing import Protocol

import numpy as np

from model.explanation import Explanation, Neighbour
from review.policy import Decision, Reason, Routing

# Cosines of the bundled model's training photos: half of a kind's pairs are above 0.55, half of other pairs below 0.25;
# half of the photos have a neighbour above 0.76. From 0.9 on two photos count as one scene when they are split.
_ALIKE = (
    (0.9, "sheet-likeness-scene"),
    (0.7, "sheet-likeness-very"),
    (0.5, "sheet-likeness-alike"),
    (0.35, "sheet-likeness-little"),
)
_HARDLY_ALIKE = "sheet-likeness-hardly"
_LONGEST_NAME = 22  # characters that fit beside a bar
_CLEAR = 0.5  # from this probability on the ImageNet view is said as one thing, not as several


class SheetWords(Protocol):
    """The messages `sheet-...` in one language."""

    def __call__(self, message: str, /, **values: str | float) -> str:
        """The words of a message; floats are shares (0..1)."""
        ...

    def label(self, label: str, /) -> str:
        """What a label is called."""
        ...


def headline(words: SheetWords, explanation: Explanation, routing: Routing) -> str:
    """What it says, in a few words."""
    prediction = explanation.prediction
    if Reason.OUT_OF_DOMAIN in routing.reasons:
        return words("sheet-headline-unknown")
    if routing.decision is Decision.ANSWER:
        return words("sheet-headline-sure", label=prediction.label, confidence=prediction.confidence)
    return words("sheet-headline-perhaps", label=prediction.label, confidence=prediction.confidence)


def outcome(words: SheetWords, routing: Routing) -> str:
    """What the bot does with such a photo, and why."""
    if routing.decision is Decision.ANSWER:
        return words("sheet-outcome-alone")
    if Reason.OUT_OF_DOMAIN not in routing.reasons:
        return words("sheet-outcome-unsure")
    return words("sheet-outcome-both" if Reason.LOW_CONFIDENCE in routing.reasons else "sheet-outcome-unlike")


def where(words: SheetWords, explanation: Explanation) -> str:
    """Under the heat map."""
    label = explanation.prediction.label
    if not explanation.heat.any():
        return words("sheet-where-nothing", label=label)
    if not explanation.prediction.in_domain:
        return words("sheet-where-unlike", label=label)
    return words("sheet-where", label=label)


def how_sure(words: SheetWords, explanation: Explanation) -> str:
    """Under the probabilities."""
    prediction = explanation.prediction
    threshold = prediction.answer_threshold
    if threshold > 1:
        return words("sheet-sure-nothing")
    if not prediction.in_domain:
        return words("sheet-sure-unlike")
    if prediction.confidence >= threshold:
        return words("sheet-sure-reached", threshold=threshold)
    return words("sheet-sure-missed", threshold=threshold)


def what_else(words: SheetWords, explanation: Explanation) -> str:
    """Under the ImageNet view, whose names are English."""
    name, probability = explanation.imagenet[0]
    return words("sheet-else" if probability >= _CLEAR else "sheet-else-perhaps", name=short_name(name))


def short_name(name: str) -> str:
    """An ImageNet class as one word or two: all of its synonyms if they fit, else the first."""
    return name if len(name) <= _LONGEST_NAME else _cut(name.split(",")[0])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def how_strange(words: SheetWords, explanation: Explanation) -> str:
    """Under the scale of the out-of-domain score."""
    score, training = explanation.prediction.out_of_domain_score, explanation.training_scores
    if not explanation.prediction.in_domain:
        return words("sheet-strange")
    return words("sheet-familiar", stranger=float(np.mean(training > score)))


def resembles(words: SheetWords, explanation: Explanation) -> str:
    """Above or in place of the photos of the gallery."""
    if not explanation.neighbours:
        return words("sheet-alike-none")
    if _likeness(explanation.neighbours[0]) == _HARDLY_ALIKE:
        return words("sheet-alike-hardly")
    return words("sheet-alike")


def neighbour_words(words: SheetWords, neighbour: Neighbour) -> str:
    """What a photo of the gallery shows, and how alike it is."""
    return words("sheet-neighbour", label=neighbour.photo.label, likeness=words(_likeness(neighbour)))


def _likeness(neighbour: Neighbour) -> str:
    return next((message for least, message in _ALIKE if neighbour.similarity >= least), _HARDLY_ALIKE)


def credit(neighbour: Neighbour) -> str:
    """Author and licence, as the licence wants."""
    return f"{neighbour.photo.author}, {neighbour.photo.licence}"
