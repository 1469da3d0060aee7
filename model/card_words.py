"""A version's card in words, for the terminal."""

from collections.abc import Iterator

from model.artifact import ModelCard
from model.proportion import Proportion


def card_words(card: ModelCard) -> Iterator[str]:
    """Its lines."""
    accuracy = Proportion(**card.metrics["accuracy"])
    yield f"version     {card.version}{f' (from {card.parent})' if card.parent else ''}"
    yield f"made        {card.created_at} with {', '.join(f'{k} {v}' for k, v in card.made_with.items())}"
    yield f"backbone    {card.backbone}, {'fine-tuned' if card.fine_tuned else 'frozen, with a trained head'}"
    if card.weights:
        yield f"weights     from a file, kept as {card.weights}"
    yield f"labels      {', '.join(card.labels)}"
    yield f"data        {card.data['description']}"
    for name, counts in (
        ("trained on", card.data["trained_on"]),
        ("reviewed", card.data["trained_on_reviewed"]),
        ("measured on", card.data["measured_on"]),
        ("outliers", card.data["outliers"]),
        ("reviewed", card.data["outliers_reviewed"]),
        ("measured on", card.data["outliers_measured_on"]),
    ):
        listed = ", ".join(f"{count} {label}" for label, count in counts.items()) or "none"
        yield f"{name:<12}{listed}"
    yield f"right       {accuracy}"
    for label, row in card.metrics["per_label"].items():
        yield f"  {label:<10}{Proportion(**row)}"
    yield f"answers     from {card.risk.threshold:.0%} confidence on; {card.risk.claim()}"
