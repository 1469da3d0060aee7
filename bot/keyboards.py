"""Buttons, and the callback data behind them: short enough for Telegram, and distrusted when it comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.catalogue import LANGUAGES, Catalogue

REVIEW_PREFIX = "r"
UNDO_PREFIX = "u"
LANGUAGE_PREFIX = "l"
_OF_TELEGRAM = "telegram"
_LABELS_IN_A_ROW = 3
_LANGUAGES_IN_A_ROW = 2
# Telegram takes a hundred buttons, and some ten thousand bytes of them with their data.
_MOST_LABELS = 60


class Choice(StrEnum):
    """What a moderator can tap besides a label; `model.labels` reserves these words."""

    NONE = "none"
    CANT_TELL = "cant_tell"
    SKIP = "skip"
    SPLIT = "/split"  # no label has a stroke
    """look at each near-duplicate by itself"""


_ALWAYS = (Choice.NONE, Choice.CANT_TELL, Choice.SKIP)  # offered on every card


@dataclass(frozen=True)
class Tap:
    """A tap on a review card: a label of the model, or a `Choice`; `token` is the lease under which it was shown."""

    item_id: int
    token: str
    choice: str

    def data(self) -> str:
        """Callback data; at most 64 bytes for any label that `model.labels` lets through."""
        return f"{REVIEW_PREFIX}:{self.item_id}:{self.token}:{self.choice}"

    @classmethod
    def parse(cls, data: str | None) -> "Tap | None":
        """None for anything that `data` did not make: old buttons, forged ones."""
        prefix, number, token, choice = ((data or "").split(":", 3) + [""] * 4)[:4]
        if prefix != REVIEW_PREFIX or not token or not choice:
            return None
        return cls(int(number), token, choice) if _is_number(number) else None


@dataclass(frozen=True)
class UndoTap:
    """A tap on "Undo": take back this very verdict; `card_id` is the item of the card that the button stands on."""

    verdict_id: int
    card_id: int

    def data(self) -> str:
        """Callback data; at most 64 bytes."""
        return f"{UNDO_PREFIX}:{self.verdict_id}:{self.card_id}"

    @classmethod
    def parse(cls, data: str | None) -> "UndoTap | None":
        """None for anything that `data` did not make."""
        prefix, verdict, card = ((data or "").split(":", 2) + [""] * 3)[:3]
        if prefix != UNDO_PREFIX or not _is_number(verdict) or not _is_number(card):
            return None
        return cls(int(verdict), int(card))


@dataclass(frozen=True)
class LanguageTap:
    """A tap on a language of `bot.catalogue`; None: that of one's Telegram."""

    language: str | None

    def data(self) -> str:
        """Callback data."""
        return f"{LANGUAGE_PREFIX}:{self.language or _OF_TELEGRAM}"

    @classmethod
    def parse(cls, data: str | None) -> "LanguageTap | None":
        """None for anything that `data` did not make, also for a language that is there no more."""
        prefix, _, language = (data or "").partition(":")
        if prefix != LANGUAGE_PREFIX or language not in (*LANGUAGES, _OF_TELEGRAM):
            return None
        return cls(None if language == _OF_TELEGRAM else language)


def labels_on_buttons(labels: Sequence[str], probabilities: Mapping[str, float] | None) -> Sequence[str]:
    """All of them, if Telegram takes as many buttons; else the likeliest, in the order of the labels."""
    if len(labels) <= _MOST_LABELS:
        return labels
    likely = sorted(labels, key=lambda label: -(probabilities or {}).get(label, 0.0))[:_MOST_LABELS]
    return [label for label in labels if label in likely]


def language_keyboard(words: Catalogue) -> InlineKeyboardMarkup:
    """The languages by their own names, then that of one's Telegram."""
    buttons = [
        InlineKeyboardButton(name, callback_data=LanguageTap(language).data()) for language, name in LANGUAGES.items()
    ]
    as_telegram = InlineKeyboardButton(words("button-language-of-telegram"), callback_data=LanguageTap(None).data())
    rows = [buttons[i : i + _LANGUAGES_IN_A_ROW] for i in range(0, len(buttons), _LANGUAGES_IN_A_ROW)]
    return InlineKeyboardMarkup([*rows, [as_telegram]])


def review_keyboard(
    words: Catalogue,
    item_id: int,
    token: str,
    labels: Sequence[str],
    *,
    undoable: int | None = None,
    group: bool = False,
) -> InlineKeyboardMarkup:
    """The labels, then none of these, can't tell, skip; of a `group` splitting; undo if there is what to take back."""
    buttons = [
        InlineKeyboardButton(words.label(label), callback_data=Tap(item_id, token, label).data()) for label in labels
    ]
    rows = [buttons[i : i + _LABELS_IN_A_ROW] for i in range(0, len(buttons), _LABELS_IN_A_ROW)]
    rows.append(
        [
            InlineKeyboardButton(words(f"button-{choice}"), callback_data=Tap(item_id, token, choice.value).data())
            for choice in _ALWAYS
        ]
    )
    if group:
        split = Tap(item_id, token, Choice.SPLIT.value)
        rows.append([InlineKeyboardButton(words("button-split"), callback_data=split.data())])
    if undoable is not None:
        rows.append([_undo(words, item_id, undoable)])
    return InlineKeyboardMarkup(rows)


def result_keyboard(words: Catalogue, item_id: int, verdict_id: int) -> InlineKeyboardMarkup:
    """Under what became of a card."""
    return InlineKeyboardMarkup([[_undo(words, item_id, verdict_id)]])


def _undo(words: Catalogue, item_id: int, verdict_id: int) -> InlineKeyboardButton:
    return InlineKeyboardButton(words("button-undo"), callback_data=UndoTap(verdict_id, item_id).data())


def _is_number(text: str) -> bool:
    """One that the database can hold; nothing else that Python would take for one."""
    return text.isascii() and text.isdigit() and len(text) <= 15
