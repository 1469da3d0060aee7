"""What /model says: who answers and how good it is, the other versions, and what a move would change."""

from datetime import UTC, datetime

from bot.catalogue import Catalogue
from bot.stats_words import promised
from model.artifact import ModelCard
from model.proportion import Proportion
from review.versions import Standing, Version

SHOWN = 5  # versions beside the champion; more of them fill a telephone's screen
_LONGEST_COMPARISON = 400  # letters; the rest is in the database


def model(words: Catalogue, standing: Standing) -> str:
    """Paragraphs: the champion, its promise, the others."""
    champion = standing.champion
    lines = [words("stats-model", version=champion.name)]
    if standing.since is not None:
        lines.append(words("model-since", time=_time(standing.since)))
    if champion.card is None:
        return "\n".join([*lines, words("model-unreadable")])
    card = champion.card
    lines += [
        words("model-backbone", backbone=card.backbone, tuned="yes" if card.fine_tuned else "no"),
        words("model-labels", labels=card.labels, count=len(card.labels)),
        _measured(words, card),
    ]
    paragraphs = [lines, promised(words, card.risk)]
    if standing.others:
        others = [words("model-others")]
        others += [_line(words, version, standing.previous) for version in standing.others[:SHOWN]]
        if len(standing.others) > SHOWN:
            others.append(words("model-more", count=len(standing.others) - SHOWN))
        paragraphs.append(others)
    return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs)


def question(words: Catalogue, version: Version, champion: Version) -> str:
    """Before anything moves: both versions side by side, and what speaks against it."""
    lines = [words("model-question", version=version.name, champion=champion.name)]
    lines += [f"{one.name}: {_measured(words, one.card)}" for one in (version, champion) if one.card is not None]
    if version.comparison is not None:
        lines.append(words("model-comparison", said=version.comparison[:_LONGEST_COMPARISON]))
    if version.card is not None and champion.card is not None and version.card.labels != champion.card.labels:
        labels = version.card.labels
        lines.append(words("model-other-labels", labels=labels, count=len(labels)))
    return "\n".join(lines)


def _line(words: Catalogue, version: Version, previous: str | None) -> str:
    said = words("model-unreadable") if version.card is None else _measured(words, version.card)
    if version.name == previous:
        return words("model-line-previous", version=version.name, said=said)
    return f"- {version.name}: {said}"


def _measured(words: Catalogue, card: ModelCard) -> str:
    accuracy = Proportion(**card.metrics["accuracy"])
    if accuracy.value is None:
        return words("model-not-measured")
    return words(
        "model-measured",
        total=accuracy.total,
        share=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
    )


def _time(at: datetime) -> str:
    """The same in every language."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
