"""Decisions in words: how many of which kind."""

from collections import Counter
from collections.abc import Iterable, Mapping

from model.cleaning import Action, Decision

_WORDS = {Action.KEEP: "kept", Action.RELABEL: "relabelled", Action.REMOVE: "removed"}


def counted(decisions: Iterable[Decision]) -> str:
    """Such as "3 kept, 1 removed"."""
    found = Counter(decision.action for decision in decisions)
    return ", ".join(f"{found[action]} {word}" for action, word in _WORDS.items() if found[action])


def changed(before: Mapping[str, Decision], now: Mapping[str, Decision]) -> list[Decision]:
    """Those that stand now and did not before."""
    return [decision for path, decision in now.items() if before.get(path) != decision]
