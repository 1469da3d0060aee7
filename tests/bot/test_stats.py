"""/stats: what moderators read of queue and model, in full; to whom; and that nothing that is broken keeps it away."""

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from bot import stats_words
from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.objects import Message
from bot.sandbox.server import Sandbox
from model.artifact import ModelCard
from model.proportion import Proportion
from model.risk import RiskThreshold
from review import judging
from review.clock import utc_now
from review.estimate import Stratum, estimate
from review.people import reviewer_named
from review.policy import Reason
from review.statistics import ModelPromise, QueueStatistics
from review.tables import VerdictKind

pytestmark = pytest.mark.anyio

WORDS = catalogue_for("en")

MODEL_SECONDS = 60.0
BOUND = RiskThreshold(
    threshold=0.95,
    guaranteed=True,
    risk=0.02,
    delta=0.05,
    answered=536,
    errors=1,
    calibration_photos=1015,
    upper_bound=0.0088,
    assumption="60% of what arrives are bears; answers to anything else count as wrong",
    composition={"subject": 1015},
)
NO_BOUND = replace(BOUND, threshold=0.99, guaranteed=False, answered=60, upper_bound=0.0766)


ACCURACY = estimate([Stratum(0.02, 40, 40, 1)])


def figures(**changes: Any) -> QueueStatistics:
    busy = QueueStatistics(
        submissions=1204,
        answered_alone=1030,
        open_items=12,
        open_by_reason={"low_confidence": 6, "out_of_domain": 4, "audit": 2},
        oldest_waiting_seconds=11_000.0,
        settled_items=160,
        verdicts_by_reviewer={"mo": 160},
        agreement_in_review=Proportion.of(60, 120),
        agreement_in_audit=Proportion.of(39, 40),
    )
    return replace(busy, **changes)


def said_of(promise: ModelPromise | None, *, stranded: bool = False) -> str:
    """The last paragraph."""
    return stats_words.stats(WORDS, figures(), ACCURACY, promise, stranded=stranded).rpartition("\n\n")[2]


def test_a_busy_queue_and_a_model_with_a_promise() -> None:
    assert stats_words.stats(WORDS, figures(), ACCURACY, ModelPromise("v7", BOUND), stranded=False) == (
        "Photos sent: 1204\n"
        "Answered by the model alone: 1030\n"
        "\n"
        "Waiting for people: 12\n"
        "- not sure: 6\n"
        "- unlike the photos it learnt from: 4\n"
        "- random check: 2\n"
        "Longest wait: 3 hours\n"
        "Settled by people: 160\n"
        "\n"
        "Random checks of what the model answered alone\n"
        "People agreed with 39 of 40 (97.5 %).\n"
        "Of all such answers, 87.1 % to 99.9 % are right, with 95 % confidence.\n"
        "\n"
        "Model v7\n"
        "It answers alone when it is at least 95 % sure.\n"
        "At most 2 % of such answers are wrong, with 95 % confidence.\n"
        "That holds as long as 60 % of what arrives are bears. Answers to anything else count as wrong.\n"
        "Measured: 1 wrong of 536 such answers."
    )


def test_before_the_first_photo() -> None:
    nothing = figures(
        submissions=0,
        answered_alone=0,
        open_items=0,
        open_by_reason={},
        oldest_waiting_seconds=None,
        settled_items=0,
        agreement_in_audit=Proportion.of(0, 0),
    )
    assert stats_words.stats(WORDS, nothing, estimate([]), None, stranded=False) == (
        "Photos sent: 0\n"
        "Answered by the model alone: 0\n"
        "\n"
        "Waiting for people: 0\n"
        "Settled by people: 0\n"
        "\n"
        "Random checks of what the model answered alone\n"
        "None yet, so how many of these answers are right is not known.\n"
        "\n"
        "Model\n"
        'None can be loaded, so every photo goes to people. "bearbot doctor" tells the operator why.'
    )


def test_what_was_checked_and_what_that_says_of_all_are_two_things() -> None:
    """Since the rate was raised more is checked: the limits are of all answers, each by the chance of its check."""
    accuracy = estimate([Stratum(0.01, 50, 50, 5), Stratum(1.0, 50, 50, 0)])
    said = stats_words.stats(WORDS, figures(), accuracy, None, stranded=False)
    assert "People agreed with 95 of 100 (95 %).\nOf all such answers, 78.9 % to 95.7 % are right" in said


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    said = stats_words.stats(WORDS, figures(open_by_reason={reason.value: 12}), ACCURACY, None, stranded=False)
    assert "_" not in said
    assert ": 12\n- " in said


@pytest.mark.parametrize(
    ("risk", "why", "measured"),
    [
        (NO_BOUND, "it was measured on too few photos", "1 wrong of 60 such answers, so up to 7.7 %"),
        (replace(NO_BOUND, errors=0, answered=0, upper_bound=1.0), "too few photos", "0 wrong of 0 such answers"),
        (replace(NO_BOUND, errors=5, upper_bound=0.1666), "it was wrong too often", "5 wrong of 60 such answers"),
    ],
)
def test_a_model_without_a_guarantee_says_so_and_why(risk: RiskThreshold, why: str, measured: str) -> None:
    said = said_of(ModelPromise("v7", risk))
    assert said.startswith("Model v7\nIt answers alone when it is at least 99 % sure.\nIt promises nothing, because ")
    assert why in said
    assert measured in said
    assert "might be wrong; at most 2 % was asked for.\n" in said
    assert said.endswith("Until that changes it answers only what it is almost sure of, and more photos go to people.")
    assert "are wrong" not in said


def test_a_threshold_that_nothing_reaches_answers_nothing() -> None:
    assert said_of(ModelPromise("v7", replace(NO_BOUND, threshold=1.01))) == (
        "Model v7\nIt answers nothing alone: every photo goes to people."
    )


def test_a_model_whose_successor_or_card_cannot_be_read() -> None:
    said = said_of(ModelPromise("v7", BOUND), stranded=True).splitlines()
    assert said[:2] == [
        "Model v7",
        'It goes on because the one that should answer cannot be loaded. "bearbot doctor" tells the operator why.',
    ]
    unread = said_of(ModelPromise("v7", None, "/srv/models/v7/card.json is no model card"))
    assert unread == 'Model v7\nWhat it promises cannot be read. "bearbot doctor" tells the operator why.'


async def stats(sandbox: Sandbox) -> Message:
    await sandbox.moderator.send_text("/stats")
    return await sandbox.moderator.expect("Photos sent")


async def test_a_moderator_reads_the_figures(sandbox: Sandbox, runner: Runner, photo: Callable[[str], bytes]) -> None:
    for name in ("black_dod", "none_polar_bear"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect(timeout=MODEL_SECONDS)
    said = (await stats(sandbox)).words
    assert said.startswith(
        "Photos sent: 2\nAnswered by the model alone: 1\n\n"
        "Waiting for people: 1\n- unlike the photos it learnt from: 1\n"
    )
    assert "Longest wait: less than a minute\nSettled by people: 0\n" in said
    assert f"\n\nModel {runner.registry.champion()}\nIt answers alone when" in said
    assert "At most 2 % of such answers are wrong, with 95 % confidence." in said
    with runner.database.write() as session:
        judging.settle(session, 1, reviewer_named(session, "rita", utc_now()), kind=VerdictKind.NONE, now=utc_now())
    assert "Waiting for people: 0\nSettled by people: 1\n" in (await stats(sandbox)).words


@pytest.mark.usefixtures("runner")
async def test_nobody_else_does(sandbox: Sandbox) -> None:
    await sandbox.asker.send_text("/stats")
    assert (await sandbox.asker.expect()).words == WORDS("not-a-moderator")


def promoted(runner: Runner, **changes: Any) -> ModelCard:
    """The bundled model under another name and with another card, made champion."""
    bundled = runner.registry.load(runner.registry.champion())
    card = replace(bundled.card, **changes)
    runner.registry.register(replace(bundled, card=card), reason="test")
    runner.registry.promote(card.version, reason="test")
    return card


Serve = Callable[[Runner], AbstractAsyncContextManager[None]]


async def test_a_model_without_a_guarantee(sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Serve) -> None:
    runner = make_runner()
    promoted(runner, version="hesitant", risk=NO_BOUND)
    async with serve(runner):
        said = (await stats(sandbox)).words
    assert "Model hesitant\nIt answers alone when it is at least 99 % sure.\nIt promises nothing, because" in said


async def test_a_registry_that_cannot_be_read(
    sandbox: Sandbox, make_runner: Callable[[], Runner], serve: Serve
) -> None:
    runner = make_runner()
    runner.registry.champion()
    runner.registry.alias_file.write_text("rubbish")
    async with serve(runner):
        await runner.champion.loaded()  # tried to
        said = (await stats(sandbox)).words
    assert said.startswith("Photos sent: 0\n")
    assert "Model\nNone can be loaded, so every photo goes to people." in said
    assert str(runner.registry.home) not in said, "people in the chat need no paths of the machine"


async def test_the_model_in_memory_is_the_one_that_is_told_of(sandbox: Sandbox, runner: Runner) -> None:
    """It answers on, whatever became of the registry: what it promised still holds."""
    loaded = await runner.champion.loaded()
    assert loaded is not None
    runner.registry.alias_file.write_text("rubbish")
    await runner.champion.refresh()
    said = (await stats(sandbox)).words
    assert f"Model {loaded.version}\nIt goes on because the one that should answer cannot be loaded." in said
    assert "At most 2 % of such answers are wrong" in said
    (runner.registry.folder(loaded.version) / "card.json").unlink()
    assert f"Model {loaded.version}\nIt goes on" in (said := (await stats(sandbox)).words)
    assert "What it promises cannot be read." in said


async def test_others_are_answered_while_the_figures_are_gathered(
    sandbox: Sandbox, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    card = runner.registry.card

    def slow_disk(version: str) -> ModelCard:
        if not reading.is_set():
            reading.set()
            go_on.wait(timeout=20)
        return card(version)

    monkeypatch.setattr(runner.registry, "card", slow_disk)
    await sandbox.moderator.send_text("/stats")
    try:
        while not reading.is_set():
            await sandbox.moderator.expect_silence(0.05)
        await sandbox.asker.send_text("/help")
        await sandbox.asker.expect("Send a photo")
        await sandbox.moderator.expect_silence(0.05)
    finally:
        go_on.set()
    await sandbox.moderator.expect("Photos sent")
