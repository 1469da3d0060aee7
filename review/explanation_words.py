"""What an explanation says in plain words; pure functions of the explanation and of where the photo goes."""

import numpy as np

from model.explanation import Explanation, Neighbour
from review.phrases import percent
from review.policy import Decision, Reason, Routing

# Cosines of the bundled model's training photos: half of a kind's pairs are above 0.55, half of other pairs below 0.25;
# half of the photos have a neighbour above 0.76. From 0.9 on two photos count as one scene when they are split.
_ALIKE = ((0.9, "the same scene"), (0.7, "very alike"), (0.5, "alike"), (0.35, "a little alike"))
_HARDLY_ALIKE = "hardly alike"
_LONGEST_NAME = 22  # characters that fit beside a bar
_CLEAR = 0.5  # from this probability on the ImageNet view is said as one thing, not as several

WHERE = "Where it looked"
HOW_SURE = "How sure it is"
WHAT_ELSE = "What another network sees"
HOW_STRANGE = "Does it know this kind of picture?"
RESEMBLES = "Photos that look similar to it"


def headline(explanation: Explanation, routing: Routing) -> str:
    """What it says, in a few words."""
    prediction = explanation.prediction
    if Reason.OUT_OF_DOMAIN in routing.reasons:
        return "A kind of picture that it does not know"
    hedge = "This is" if routing.decision is Decision.ANSWER else "Perhaps"
    return f"{hedge} {prediction.label}: {percent(prediction.confidence)} sure"


def outcome(explanation: Explanation, routing: Routing) -> str:
    """What the bot does with such a photo, and why."""
    if routing.decision is Decision.ANSWER:
        return "The bot answers such a photo alone."
    why = {
        Reason.OUT_OF_DOMAIN: "the photo is unlike those it learnt from",
        Reason.LOW_CONFIDENCE: "it is not sure enough",
    }
    reasons = " and ".join(words for reason, words in why.items() if reason in routing.reasons)
    return f"A person would look at such a photo, because {reasons}."


def where(explanation: Explanation) -> str:
    """Under the heat map."""
    label = f"“{explanation.prediction.label}”"
    if not explanation.heat.any():
        return f"No part of the photo spoke for {label}: it is only the least unlikely of the kinds that it knows."
    if not explanation.prediction.in_domain:
        return f"The warm parts reminded it of {label}; it must choose among the kinds it knows."
    return f"The warm parts of the photo spoke for {label}; the grey parts did not."


def how_sure(explanation: Explanation) -> str:
    """Under the probabilities."""
    prediction = explanation.prediction
    threshold = prediction.answer_threshold
    if threshold > 1:
        return "At present it answers nothing alone: too few photos were checked by people to know when it may."
    if not prediction.in_domain:
        return "This tells only which of the kinds that it knows comes closest, not whether it is any of them."
    line = f"It answers alone if a bar reaches the red line ({percent(threshold)})."
    if prediction.confidence >= threshold:
        return f"{line} This one does."
    return f"{line} None does, so a person decides."


def what_else(explanation: Explanation) -> str:
    """Under the ImageNet view."""
    name, probability = explanation.imagenet[0]
    network = "A network that was taught 1000 other kinds of things"
    if probability >= _CLEAR:
        return f"{network} sees: {short_name(name)}."
    return f"{network} is not sure what it sees, perhaps: {short_name(name)}."


def short_name(name: str) -> str:
    """An ImageNet class as one word or two: all of its synonyms if they fit, else the first."""
    return name if len(name) <= _LONGEST_NAME else _cut(name.split(",")[0])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def how_strange(explanation: Explanation) -> str:
    """Under the scale of the out-of-domain score."""
    score, training = explanation.prediction.out_of_domain_score, explanation.training_scores
    if not explanation.prediction.in_domain:
        return (
            "The further right, the stranger. This photo lies beyond the line, away from the photos that it learnt "
            "from: it does not guess, it asks a person."
        )
    stranger = percent(float(np.mean(training > score)))
    return (
        "The further right, the stranger. This photo lies among those that it learnt from: "
        f"{stranger} of them are stranger than this one."
    )


def resembles(explanation: Explanation) -> str:
    """Above or in place of the photos of the gallery."""
    if not explanation.neighbours:
        return "There are no freely licensed photos of these kinds here that could be shown for comparison."
    if similarity_words(explanation.neighbours[0]) == _HARDLY_ALIKE:
        return "None of the freely licensed photos looks like it; these come closest."
    return "The freely licensed photos that look most like it; nobody's own photos are shown here."


def similarity_words(neighbour: Neighbour) -> str:
    """How alike, in words."""
    return next((words for least, words in _ALIKE if neighbour.similarity >= least), _HARDLY_ALIKE)


def credit(neighbour: Neighbour) -> str:
    """Author and licence, as the licence wants."""
    return f"{neighbour.photo.author}, {neighbour.photo.licence}"
