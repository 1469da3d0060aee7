"""`bearbot review stats`: the last lines say what the model promises, and a registry that is broken breaks nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import bearbot
from model.artifact import ModelCard
from model.registry import Registry

pytestmark = pytest.mark.usefixtures("home")


def stats(*arguments: str) -> str:
    result = CliRunner().invoke(bearbot, ["review", "stats", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def model_row() -> dict[str, Any]:
    row: dict[str, Any] = json.loads(stats("--json"))["model"]
    assert list(row) == ["version", "answer_threshold", "guaranteed", "claim", "problem"]
    return row


@pytest.fixture
def registry(home: Path) -> Registry:
    registry = Registry(home / "models")
    registry.champion()  # installs the bundled model
    return registry


@pytest.fixture
def rewrite(registry: Registry) -> Callable[..., ModelCard]:
    """Change what the champion's card says of its threshold."""

    def write(**changes: object) -> ModelCard:
        card = registry.champion_card()
        card = replace(card, risk=replace(card.risk, **changes))  # type: ignore[arg-type] # a test names what it changes
        (registry.folder(card.version) / "card.json").write_text(json.dumps(card.to_json()))
        return card

    return write


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_promise_is_told_in_lines_that_fit(rewrite: Callable[..., ModelCard]) -> None:
    card = rewrite(guaranteed=True, threshold=0.95, risk=0.02, assumption="bears " * 20 + "arrive")
    shown = stats()
    assert (
        f"model              {card.version} answers from 95% confidence on\n  promises         at most 2% of" in shown
    )
    assert in_one_line(shown).endswith(f"promises {in_one_line(card.risk.claim())}")
    assert max(map(len, shown.splitlines())) <= 100
    assert model_row() == {
        "version": card.version,
        "answer_threshold": 0.95,
        "guaranteed": True,
        "claim": card.risk.claim(),
        "problem": None,
    }


def test_without_a_guarantee_it_says_why_and_what_follows(rewrite: Callable[..., ModelCard]) -> None:
    card = rewrite(guaranteed=False, threshold=0.99, answered=60, errors=1, upper_bound=0.0766)
    shown = in_one_line(stats())
    assert "answers from 99% confidence on promises nothing is guaranteed: 1 wrong of 60" in shown
    assert shown.endswith("; until that changes it asks people more often")
    assert (model_row()["guaranteed"], model_row()["claim"]) == (False, card.risk.claim())


def test_a_registry_that_cannot_be_read_leaves_the_rest(registry: Registry) -> None:
    registry.alias_file.write_text("rubbish")
    shown = stats()
    assert shown.startswith("photos sent        0\n")
    assert "\nmodel              unknown\n  promises         unknown: " in shown
    assert "aliases.json cannot be read" in shown
    assert model_row() | {"problem": ""} == {
        "version": None,
        "answer_threshold": None,
        "guaranteed": None,
        "claim": None,
        "problem": "",
    }
    assert "aliases.json cannot be read" in model_row()["problem"]


def test_a_card_that_cannot_be_read_leaves_the_version(registry: Registry) -> None:
    version = registry.champion()
    (registry.folder(version) / "card.json").write_text("{")
    shown = stats()
    assert f"\nmodel              {version}\n  promises         unknown: " in shown
    assert "card.json is not a model card" in shown
    assert (model_row()["version"], model_row()["guaranteed"]) == (version, None)


def test_a_folder_of_models_that_is_a_file_leaves_the_rest(home: Path) -> None:
    (home / "models").write_text("in the way")
    assert "  promises         unknown: " in stats()
    assert model_row()["problem"]
