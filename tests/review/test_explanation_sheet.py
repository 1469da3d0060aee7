"""What an explanation says in words, and that its sheet can be drawn whatever the model knows and the photo is."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.explanation import Explanation, Neighbour
from model.gallery import GalleryPhoto
from model.serving import Prediction
from review import explanation_sheet
from review import explanation_words as says
from review.explanation_english import ENGLISH, English
from review.explanation_sheet import can_be_drawn, sheet
from review.policy import Routing, route

Predict = Callable[..., Prediction]


def explanation(prediction: Prediction, **parts: object) -> Explanation:
    made = Explanation(
        picture=Image.new("RGB", (400, 300), (120, 120, 160)),
        prediction=prediction,
        heat=np.array([[0, 0.2], [0.5, 1]], dtype=np.float32),
        training_scores=np.linspace(-2, 4, 101),
        cut=3.0,
        imagenet=(("brown bear, bruin", 0.8), ("bison", 0.1), ("wombat", 0.05), ("gong", 0.01), ("cab", 0.001)),
        neighbours=(neighbour(0.95), neighbour(0.6)),
    )
    return replace(made, **parts)  # type: ignore[arg-type] # a test names the parts it changes


def neighbour(similarity: float) -> Neighbour:
    photo = GalleryPhoto(Path("a.jpg"), "grizzly", "Ann Example", "CC BY 4.0", "her garden")
    return Neighbour(photo, Image.new("RGB", (300, 200), "brown"), similarity)


def routed(prediction: Prediction) -> Routing:
    return route(
        confidence=prediction.confidence,
        in_domain=prediction.in_domain,
        answer_threshold=prediction.answer_threshold,
    )


def said(explained: Explanation) -> dict[str, str]:
    """Every sentence of the sheet."""
    routing = routed(explained.prediction)
    return {
        "headline": says.headline(ENGLISH, explained, routing),
        "outcome": says.outcome(ENGLISH, routing),
        "where": says.where(ENGLISH, explained),
        "how_sure": says.how_sure(ENGLISH, explained),
        "what_else": says.what_else(ENGLISH, explained),
        "how_strange": says.how_strange(ENGLISH, explained),
        "resembles": says.resembles(ENGLISH, explained),
    }


def test_a_sure_answer(predict: Predict) -> None:
    text = said(explanation(predict("grizzly", 0.97)))
    assert text["headline"] == "It sees: grizzly (97 % sure)"
    assert text["outcome"] == "The bot answers such a photo alone."
    assert "spoke for “grizzly”" in text["where"]
    assert "95 %" in text["how_sure"]
    assert text["how_sure"].endswith("This one does.")
    assert text["what_else"].endswith("sees: brown bear, bruin.")
    assert "66 % of them are stranger" in text["how_strange"]


def test_doubt(predict: Predict) -> None:
    text = said(explanation(predict("grizzly", 0.6)))
    assert text["headline"] == "Perhaps: grizzly (60 % sure)"
    assert text["outcome"] == "A person would look at such a photo, because it is not sure enough."
    assert text["how_sure"].endswith("None does, so a person decides.")


def test_out_of_domain_is_no_answer(predict: Predict) -> None:
    text = said(explanation(predict("grizzly", 0.99, in_domain=False)))
    assert "grizzly" not in text["headline"]
    assert "unlike those it learnt from" in text["outcome"]
    assert "not sure" not in text["outcome"]
    assert "not whether it is any of them" in text["how_sure"]
    assert "beyond the line" in text["how_strange"]


def test_a_model_that_may_answer_nothing_says_why(predict: Predict) -> None:
    text = said(explanation(replace(predict("grizzly", 0.99), answer_threshold=1.01)))
    assert "answers nothing alone" in text["how_sure"]
    assert "A person would look" in text["outcome"]


def test_nothing_that_spoke_and_nothing_to_compare(predict: Predict) -> None:
    text = said(explanation(predict("teddy", 0.6), heat=np.zeros((7, 7), dtype=np.float32), neighbours=()))
    assert text["where"].startswith("No part of the photo spoke for “teddy”")
    assert text["resembles"].startswith("There are no freely licensed photos")
    far = said(explanation(predict("teddy", 0.6), neighbours=(neighbour(0.2),)))
    assert far["resembles"].startswith("None of the freely licensed photos looks like it")


def test_likeness_falls_with_similarity() -> None:
    assert [
        says.neighbour_words(ENGLISH, neighbour(s)).removeprefix("grizzly, ") for s in (0.95, 0.8, 0.6, 0.4, 0.1, -0.2)
    ] == [
        "the same scene",
        "very alike",
        "alike",
        "a little alike",
        "hardly alike",
        "hardly alike",
    ]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("golden retriever", "golden retriever"),
        ("ice bear, polar bear", "ice bear, polar bear"),
        ("American black bear, black bear", "American black bear"),
        ("black-and-tan coonhound dog", "black-and-tan coonhou…"),
    ],
)
def test_names_fit_beside_their_bars(name: str, short: str) -> None:
    assert says.short_name(name) == short


def drawn(explained: Explanation) -> Image.Image:
    data = sheet(explained, routed(explained.prediction))
    assert data.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(data)).convert("RGB")


class Abroad(English):
    """Every message in letters of another script."""

    def __init__(self, letters: str) -> None:
        self._letters = letters

    def __call__(self, message: str, /, **values: str | float) -> str:
        return self._letters


def test_words_whose_letters_no_font_has_are_drawn_in_english(predict: Predict) -> None:
    explained = explanation(predict("grizzly", 0.97))
    routing = routed(explained.prediction)
    private = Abroad("\ue123\ue124")  # for private use: what they look like, nobody says
    assert not can_be_drawn(private)
    assert sheet(explained, routing, private) == sheet(explained, routing, ENGLISH)
    greek = Abroad("άλλο")  # matplotlib's own font has it
    assert can_be_drawn(greek)
    assert sheet(explained, routing, greek) != sheet(explained, routing, ENGLISH)


def test_lines_without_spaces_are_broken_and_marks_stay_with_their_letters() -> None:
    page = explanation_sheet._Page()
    text = "模型不认识这类图片，所以它不猜；这张照片在红线之外。" * 3  # noqa: RUF001 - Chinese marks are meant
    lines = page._wrapped(text, 400, 24, {})
    assert "".join(lines) == text
    assert len(lines) > 3
    assert not [line for line in lines if line[0] in "，；。"]  # noqa: RUF001 - see above
    assert page._wrapped("one two  three", 4000, 24, {}) == ["one two  three"]
    assert page._wrapped("one two", 10, 24, {}) == ["one", "two"]


def warm(picture: Image.Image) -> int:
    """Pixels of the heat map's colours in the upper right quarter, where the photo under its heat stands."""
    pixels = np.asarray(picture)[:700, picture.width // 2 :].astype(int)
    return int(((pixels[..., 0] - pixels[..., 2]) > 60).sum())


def test_the_heat_is_drawn_where_it_is(predict: Predict) -> None:
    prediction = predict("grizzly", 0.97)
    cold = drawn(explanation(prediction, heat=np.zeros((7, 7), dtype=np.float32)))
    hot = drawn(explanation(prediction))
    assert cold.width == hot.width == 1200
    assert warm(cold) == 0
    assert warm(hot) > 10_000


def test_without_photos_to_compare_the_sheet_is_shorter(predict: Predict) -> None:
    prediction = predict("grizzly", 0.97)
    assert drawn(explanation(prediction, neighbours=())).height < drawn(explanation(prediction)).height - 150


def many_labels(predict: Predict) -> Prediction:
    labels = [
        "黒熊",
        "чёрный медведь",
        "a label of as many as forty characters $x$",
        *(f"kind {number}" for number in range(11)),
    ]
    prediction = predict("grizzly", 0.5)
    return replace(prediction, label=labels[0], probabilities=dict.fromkeys(labels, 1 / 14))


@pytest.mark.parametrize("score", [-50.0, 2.9, 3.1, 8.0, 1e6])
def test_any_score_has_its_place(predict: Predict, score: float) -> None:
    prediction = replace(predict("grizzly", 0.97), out_of_domain_score=score, in_domain=score <= 3.0)
    drawn(explanation(prediction))


@pytest.mark.parametrize("size", [(640, 6), (6, 640), (1, 1)])
def test_any_photo_and_any_labels_can_be_drawn(predict: Predict, size: tuple[int, int]) -> None:
    picture = drawn(
        explanation(many_labels(predict), picture=Image.new("RGB", size, "green"), training_scores=np.ones(1))
    )
    assert picture.height < 2000
