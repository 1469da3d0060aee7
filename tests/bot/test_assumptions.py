"""What a promise rests on: each form that a card has is said in every language, and in English as the card says it."""

import pytest

from bot.assumptions import assumed
from bot.catalogue import LANGUAGES, catalogue_for
from model import calibration_sample as sample
from model.artifact import load_card
from model.registry import bundled_folder


def mix(**shares: str) -> str:
    """As `calibration_sample` puts it together."""
    parts = [sample._SHARES[kind].format(share) for kind, share in shares.items()]
    return ", ".join(parts[:-1]) + " and " + parts[-1] + sample._MIX


FORMS = {
    mix(subject="60%", far="30%", near="10%"): ("60", "30", "10"),
    mix(subject="67%", far="33%"): ("67", "33"),
    mix(subject="86%", near="14%"): ("86", "14"),
    sample._SUBJECT_ALONE: ("--near", "--far"),
    sample._TRAFFIC.format(count=512): ("512",),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("assumption", FORMS)
def test_every_form_is_said_in_every_language(assumption: str, language: str) -> None:
    said = assumed(catalogue_for(language), assumption)
    assert all(figure in said for figure in FORMS[assumption])
    assert ("arrive" in said) is (language == "en")


@pytest.mark.parametrize("assumption", FORMS)
def test_english_is_what_the_card_says(assumption: str) -> None:
    sentences = "; ".join(s[:1].lower() + s[1:] for s in assumed(catalogue_for("en"), assumption).split(". "))
    assert sentences == f"that holds as long as {assumption.replace('%', ' %')}."


def test_the_bundled_model_has_such_a_card() -> None:
    assert "Trainingsfotos" in assumed(catalogue_for("de"), load_card(bundled_folder()).risk.assumption)


def test_other_words_are_quoted() -> None:
    said = assumed(catalogue_for("de"), "5% are cats; dogs count as wrong")
    assert said.endswith("steht: 5 % are cats. Dogs count as wrong.")
