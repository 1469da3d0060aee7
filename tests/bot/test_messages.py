"""Every sentence: what must be in it, and that no kind, reason or problem is without one."""

import re
from typing import Any

import pytest

from bot import menus, messages
from bot.catalogue import LANGUAGES, catalogue_for
from model.errors import ImageProblem
from review.explanations import ExplainedPhoto, Unexplained
from review.outbox import OutboxKind
from review.policy import Reason
from review.tables import Role, VerdictKind

WORDS = catalogue_for("en")
LABELS = ("black", "grizzly", "teddy")


def answered(**changes: object) -> str:
    parameters = {
        "label": "grizzly",
        "confidence": 0.973,
        "runner_up": None,
        "runner_up_confidence": None,
        "model_version": "v",
        **changes,
    }
    return messages.render(WORDS, OutboxKind.ANSWERED, parameters)


def in_review(*reasons: Reason, label: str | None = "black", confidence: float | None = 0.6) -> str:
    return messages.render(
        WORDS,
        OutboxKind.IN_REVIEW,
        {"reasons": [r.value for r in reasons], "label": label, "confidence": confidence, "model_version": "v"},
    )


def test_an_answer_names_label_and_percent() -> None:
    assert answered() == "I see: grizzly (97 % sure)."
    assert (
        answered(confidence=0.62, runner_up="black", runner_up_confidence=0.35)
        == "I see: grizzly (62 % sure). It might also be: black (35 %)."
    )


def test_doubt_names_the_best_guess_and_promises_a_person() -> None:
    text = in_review(Reason.LOW_CONFIDENCE)
    assert "not sure" in text
    assert "black (60 %)" in text
    assert "person" in text


def test_out_of_domain_does_not_guess() -> None:
    text = in_review(Reason.OUT_OF_DOMAIN, Reason.LOW_CONFIDENCE)
    assert "do not know this kind of picture" in text
    assert "black" not in text
    assert "person" in text


def test_without_a_model_a_person_is_promised() -> None:
    text = in_review(Reason.NO_MODEL, label=None, confidence=None)
    assert "cannot judge photos at the moment" in text
    assert "person" in text


@pytest.mark.parametrize("problem", list(ImageProblem))
def test_every_problem_has_its_own_sentence(problem: ImageProblem) -> None:
    said = {
        p: messages.render(WORDS, OutboxKind.REJECTED, {"problem": p.value, "limit": 20_000_000}) for p in ImageProblem
    }
    assert list(said.values()).count(said[problem]) == 1
    assert said[problem].endswith(".")


def human(label: str, guess: str | None, told: str) -> str:
    return messages.render(WORDS, OutboxKind.HUMAN_ANSWER, {"label": label, "model_label": guess, "told": told})


def test_the_persons_answer() -> None:
    assert human("grizzly", "black", "review") == "A person looked at your photo. It shows: grizzly."
    assert (
        human("black", "black", "review") == "A person looked at your photo. It shows: black. That was my guess, too."
    )
    assert human("none", "black", "review") == "A person looked at your photo. It shows none of the kinds that I know."
    assert "I had said: black. That was wrong" in human("grizzly", "black", "answer")
    assert human("grizzly", None, "review") == "A person looked at your photo. It shows: grizzly."


def test_a_correction_says_both() -> None:
    text = messages.render(WORDS, OutboxKind.CORRECTION, {"label": "none", "previous_label": "grizzly"})
    assert "It shows none of the kinds that I know." in text
    assert "Earlier you heard: grizzly." in text


def test_labels_are_data() -> None:
    assert "oak, elm or ash" in messages.start(WORDS, ("oak", "elm", "ash"))
    assert "oak, elm and ash" in messages.help_text(WORDS, ("oak", "elm", "ash"), None)
    assert "cat or dog" in messages.not_a_picture(WORDS, ("cat", "dog"))
    assert ": one." in messages.start(WORDS, ("one",))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", list(menus.BY_ROLE))
def test_help_tells_of_every_command_of_the_menu_and_of_no_others(role: Role | None, language: str) -> None:
    text = messages.help_text(catalogue_for(language), LABELS, role)
    named = set(re.findall(r"/(\w+)", text))
    menu = {*menus.BY_ROLE[role]} - {"start", "help"}  # whoever reads this has found these
    beside_the_menu = set() if role in (None, Role.REVIEWER) else {"block", "unblock"}  # for moderators: under a card
    assert menu <= named
    assert named - menu <= beside_the_menu


def test_of_what_became_of_a_card_it_is_said_who_did_what() -> None:
    def became(kind: VerdictKind, label: str | None = None) -> str:
        return messages.review_result(WORDS, item_id=1, kind=kind, label=label, reviewer="Mo")

    assert became(VerdictKind.SKIP) == "#1: skipped by Mo"
    assert became(VerdictKind.CANT_TELL) == "#1: Mo can't tell"
    assert became(VerdictKind.NONE) == "#1: None of these, said Mo"
    assert became(VerdictKind.LABEL, "teddy") == "#1: teddy, said Mo"


def test_the_last_card_says_that_nothing_else_waits() -> None:
    def card(left: int) -> str:
        return messages.review_card(
            WORDS, item_id=7, reasons=["audit"], probabilities=None, waiting_seconds=300, left=left
        )

    assert card(0).endswith("Waiting 5 minutes; nothing else waits")
    assert card(1).endswith("Waiting 5 minutes; 1 more in the queue")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_makes_more_of_a_label_than_it_is(language: str) -> None:
    """A label is data: whatever it is, and in whatever language, it stands alone, behind a colon or in quotes."""
    said = [
        messages.render(catalogue_for(language), kind, {"label": "unicorn", **parameters})
        for kind, parameters in (
            (
                OutboxKind.ANSWERED,
                {"confidence": 0.6, "runner_up": "unicorn", "runner_up_confidence": 0.3},
            ),
            (OutboxKind.IN_REVIEW, {"reasons": ["low_confidence"], "confidence": 0.6}),
            (OutboxKind.KNOWN, {}),
            (OutboxKind.HUMAN_ANSWER, {"model_label": "unicorn", "told": "answer"}),
            (OutboxKind.HUMAN_ANSWER, {"model_label": "unicorn", "told": "review"}),
            (OutboxKind.CORRECTION, {"previous_label": "unicorn"}),
            (OutboxKind.CONFIRMED, {}),
            (OutboxKind.NOTED, {}),
        )
    ]
    before = r"[:：] ?" if language != "zh" else r"[:：是]"  # noqa: RUF001 - Chinese: "this is" fits every noun
    for text in said:
        assert len(re.findall(f"{before}unicorn", text)) == text.count("unicorn") > 0, text


def test_a_card_stays_a_caption_however_many_labels_there_are() -> None:
    labels = [f"{number:03d}".rjust(40, "x") for number in range(120)]
    for language in LANGUAGES:
        card = messages.review_card(
            catalogue_for(language),
            item_id=10**8,
            reasons=list(Reason),
            probabilities=dict.fromkeys(labels, 0.01) | {labels[70]: 0.2},
            claimed=labels,
            waiting_seconds=10**7,
            left=10**6,
        )
        assert len(card) <= 1024 - len(catalogue_for(language)("photo-gone"))
        assert f"{labels[70]} 20" in card


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_for_moderators(reason: Reason) -> None:
    card = messages.review_card(
        WORDS,
        item_id=7,
        reasons=[reason.value],
        probabilities={"black": 0.3, "teddy": 0.7},
        waiting_seconds=7300,
        left=2,
    )
    assert card.startswith("#7: ")
    assert reason.value not in card.splitlines()[0]
    assert "teddy 70 %, black 30 %" in card
    assert "Waiting 2 hours; 2 more" in card
    assert messages.item_on_card(card) == messages.item_on_card(f"{WORDS('photo-gone')}\n{card}") == 7


def test_a_card_is_known_by_its_item_also_once_it_is_answered() -> None:
    assert messages.item_on_card(messages.review_undone(WORDS, item_id=12, reviewer="Mo")) == 12
    for text in ("", "12: black", "see #12: black", "#12 black", "#x: y", f"#{'9' * 30}: y", WORDS("nothing-waits")):
        assert messages.item_on_card(text) is None


def explained(**changes: Any) -> str:
    parts = {"sheet": b"", "label": "grizzly", "confidence": 0.97, "in_domain": True, "explained_by": "v2"}
    return messages.explanation_caption(WORDS, ExplainedPhoto(**{**parts, "judged_by": "v2", **changes}))


def test_the_caption_of_an_explanation_is_one_sentence_that_says_whose_view_it_is() -> None:
    captions = [
        explained(),
        explained(in_domain=False),
        explained(judged_by="v1"),
        explained(judged_by=None),
    ]
    assert captions[0] == "This is how I came to “grizzly” (97 %)."
    assert "grizzly" not in "".join(captions[1:])
    assert len(set(captions)) == 4
    assert all(caption.endswith(".") and "\n" not in caption for caption in captions)


@pytest.mark.parametrize("why", list(Unexplained))
def test_every_explanation_that_cannot_be_had_has_its_own_sentence(why: Unexplained) -> None:
    said = [messages.unexplained(WORDS, other) for other in Unexplained]
    assert said.count(messages.unexplained(WORDS, why)) == 1


def test_every_message_but_the_drawn_one_has_words() -> None:
    with pytest.raises(ValueError, match="drawn"):
        messages.render(WORDS, OutboxKind.EXPLANATION, {"submission": 1})
