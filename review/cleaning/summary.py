"""Decisions in words: how many of which kind."""

from collections import Counter
from collections.abc import Iterable, Mapping

from model.cleaning import Action, Decision

_WORDS = {Action.KEEP: "kept", Action.RELABEL: "relabelled", Action.REMOVE: "removed"}


def counted(decisions: Iterable[Decision]) -> str:
    """Such as "3 kept, 1 removed"."""
    found = Counter(decision.action for decision in decisions)
    return ", ".join(f"{found[action]} {word}" for action, word in _WORDS.items() if found[action])


def changes(before: Mapping[str, Decision], now: Mapping[str, Decision]) -> str:
    """What stands now and did not before, and how many of those before were taken back; empty for no change."""
    new = counted(decision for path, decision in now.items() if before.get(path) != decision)
    back = len(before.keys() - now.keys())
    return ", ".join(filter(None, (new, f"{back} taken back" if back else "")))
