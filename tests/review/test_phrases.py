"""Figures and times, as the bot and the commands say them alike."""

import pytest

from review.cli.classify import _sentence
from review.phrases import counted, duration, percent


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "over 99 %"), (0.9999, "over 99 %"), (0.99, "99 %"), (0.5, "50 %"), (0.01, "1 %"), (0.0, "under 1 %")],
)
def test_no_percentage_claims_a_certainty(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "less than a minute"), (60, "1 minute"), (3599, "59 minutes"), (90_000, "1 day"), (200_000, "2 days")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_one_is_no_plural() -> None:
    assert [counted(number, "photo") for number in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]


@pytest.mark.parametrize("route", ["answer", "review"])
def test_classify_claims_no_certainty_either(route: str) -> None:
    row = {"path": "a.jpg", "label": "black", "confidence": 1.0, "route": route, "reasons": ["out_of_domain"]}
    assert "black (over 99 %)" in _sentence(row)
