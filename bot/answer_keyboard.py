"""The buttons under an answer: "Right" and "Wrong", and what it shows instead; distrusted when they come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.catalogue import Catalogue

PREFIX = "a"
_IN_A_ROW = 3
_NUMBERS_IN_A_ROW = 5


class Say(StrEnum):
    """What an asker can tap under an answer."""

    RIGHT = "r"
    WRONG = "w"
    BACK = "b"
    LABEL = "l"
    NONE = "n"
    UNKNOWN = "u"


@dataclass(frozen=True)
class AnswerTap:
    """A tap under the answer to a submission; `label` goes with `Say.LABEL`, as strangers may make it up."""

    submission_id: int
    say: Say
    label: str | None = None

    def data(self) -> str:
        """Callback data; at most 64 bytes for any label that `model.labels` lets through."""
        label = "" if self.label is None else f":{self.label}"
        return f"{PREFIX}:{self.submission_id}:{self.say.value}{label}"

    @classmethod
    def parse(cls, data: str | None) -> "AnswerTap | None":
        """None for anything that `data` did not make."""
        prefix, number, say, label = ((data or "").split(":", 3) + [""] * 4)[:4]
        if prefix != PREFIX or say not in list(Say) or bool(label) != (say == Say.LABEL):
            return None
        if not (number.isascii() and number.isdigit() and len(number) <= 15):
            return None
        return cls(int(number), Say(say), label or None)


def right_or_wrong(words: Catalogue, submission_id: int) -> InlineKeyboardMarkup:
    """Under the answer to one photo."""
    return InlineKeyboardMarkup(
        [
            [
                _button(words("right-button"), AnswerTap(submission_id, Say.RIGHT)),
                _button(words("wrong-button"), AnswerTap(submission_id, Say.WRONG)),
            ]
        ]
    )


def wrong_ones(words: Catalogue, submissions: Sequence[tuple[int, int]]) -> InlineKeyboardMarkup | None:
    """Under the answer to an album: one button for each (number in the album, submission); None for none."""
    buttons = [
        _button(words("wrong-number-button", number=number), AnswerTap(submission, Say.WRONG))
        for number, submission in submissions
    ]
    return InlineKeyboardMarkup(_rows(buttons, _NUMBERS_IN_A_ROW)) if buttons else None


def instead(words: Catalogue, submission_id: int, labels: Sequence[str]) -> InlineKeyboardMarkup:
    """What it shows instead: one of `labels`, none of these, or who knows."""
    buttons = [_button(words.label(label), AnswerTap(submission_id, Say.LABEL, label)) for label in labels]
    others = (
        ("button-none", Say.NONE),
        ("unknown-button", Say.UNKNOWN),
        ("back-button", Say.BACK),
    )
    return InlineKeyboardMarkup(
        [
            *_rows(buttons, _IN_A_ROW),
            [_button(words(text), AnswerTap(submission_id, say)) for text, say in others],
        ]
    )


def _button(text: str, tap: AnswerTap) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=tap.data())


def _rows(buttons: Sequence[InlineKeyboardButton], length: int) -> list[Sequence[InlineKeyboardButton]]:
    return [buttons[start : start + length] for start in range(0, len(buttons), length)]
