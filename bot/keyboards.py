"""Buttons, and the callback data behind them: short enough for Telegram, and distrusted when it comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.catalogue import Catalogue

_PREFIX = "r"
_LABELS_IN_A_ROW = 3


class Choice(StrEnum):
    """What a moderator can tap besides a label; `model.labels` reserves these words."""

    NONE = "none"
    CANT_TELL = "cant_tell"
    SKIP = "skip"


@dataclass(frozen=True)
class Tap:
    """A tap on a review card: a label of the model, or a `Choice`; `token` is the lease under which it was shown."""

    item_id: int
    token: str
    choice: str

    def data(self) -> str:
        """Callback data; at most 64 bytes for any label that `model.labels` lets through."""
        return f"{_PREFIX}:{self.item_id}:{self.token}:{self.choice}"

    @classmethod
    def parse(cls, data: str | None) -> "Tap | None":
        """None for anything that `data` did not make: old buttons, forged ones."""
        prefix, number, token, choice = ((data or "").split(":", 3) + [""] * 4)[:4]
        if prefix != _PREFIX or not token or not choice:
            return None
        if not (number.isascii() and number.isdigit() and len(number) <= 15):
            return None
        return cls(int(number), token, choice)


def review_keyboard(words: Catalogue, item_id: int, token: str, labels: Sequence[str]) -> InlineKeyboardMarkup:
    """The labels, then none of these, can't tell, skip."""
    buttons = [
        InlineKeyboardButton(words.label(label), callback_data=Tap(item_id, token, label).data()) for label in labels
    ]
    rows = [buttons[i : i + _LABELS_IN_A_ROW] for i in range(0, len(buttons), _LABELS_IN_A_ROW)]
    rows.append(
        [
            InlineKeyboardButton(words(f"button-{choice}"), callback_data=Tap(item_id, token, choice.value).data())
            for choice in Choice
        ]
    )
    return InlineKeyboardMarkup(rows)
