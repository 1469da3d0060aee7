"""`bearbot review stats`: the last lines say what the model promises, and a registry that is broken breaks nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import bearbot
from model.artifact import ModelCard
from model.registry import Registry
from model.serving import Prediction
from review.tables import VerdictKind

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.anyio]


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


async def test_answers_are_judged_in_a_window_beside_the_figure_that_misleads(
    house: Any, audited_house: Any, predict: Callable[..., Prediction], at: Any, now: datetime
) -> None:
    for number, final in enumerate(("black", "black", "grizzly"), start=1):
        item = (await audited_house.receive(number, predict("black", 0.99))).item_id
        at.say("mo", item, VerdictKind.LABEL, final)
    await audited_house.receive(4, predict("teddy", 0.99))
    disputed = await house.receive(5, predict("black", 0.99))
    at.asker_says(disputed.submission_id, "grizzly")
    shown = stats()
    assert "  random checks    66.7% (" in shown
    assert "    black          66.7% (" in shown
    assert "    not known yet  1 of the checks waits\n" in shown
    assert "    never checked  1 answer came while" in shown
    assert "  disputed besides 0 wrong, 0 right, 1 waiting: " in shown
    assert "  all settled      66.7% (" in shown
    assert "\nphotos that got no wrong answer from the model: 66.7% (" in shown
    row = json.loads(stats("--json"))
    assert (row["production"]["accuracy"]["checked"], row["production"]["accuracy"]["wrong"]) == (3, 1)
    assert list(row["production"]["by_label"]) == ["black", "teddy"]
    assert row["production"]["accuracy"]["answers"] == 4
    assert row["production"]["missing"] == {"waiting": 1, "cant_tell": 0, "deleted": 0, "unweighted": 0}
    assert row["reviewers"]["mo"]["verdicts"] == 3
    before = stats("--until", f"{now:%Y-%m-%d}")
    assert f"(95 % interval), sent before {now:%Y-%m-%d} 00:00 UTC\n" in before
    assert "  random checks    none\n" in before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--since", "yesterday"], "expected a time such as"),
        (["--since", "2026-11-10", "--until", "2026-11-02"], "--since 2026-11-10T00:00 must be before --until"),
    ],
)
def test_windows_that_are_none_are_wrong_usage(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(bearbot, ["review", "stats", *arguments])
    assert result.exit_code == 2
    assert why in result.stderr


def test_figures_are_drawn_into_a_folder(home: Path) -> None:
    result = CliRunner().invoke(bearbot, ["review", "stats", "--plot", str(home / "figures")])
    assert result.exit_code == 0, result.output
    assert [file.name for file in (home / "figures").iterdir()] == ["risk_coverage.svg"], "all that there is yet"
    assert "Nothing waits for people." in result.stderr
    assert "set REVIEW_AUDIT_RATE" in result.stderr
    (home / "in_the_way").write_text("")
    refused = CliRunner().invoke(bearbot, ["review", "stats", "--plot", str(home / "in_the_way")])
    assert refused.exit_code == 2
    until = CliRunner().invoke(bearbot, ["review", "stats", "--plot", str(home / "figures"), "--until", "1d"])
    assert until.exit_code == 2
    assert "leave --until out" in until.stderr
