"""Buttons that move the champion, and their data; distrusted when they come back."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.catalogue import Catalogue

PREFIX = "m"
_KEY = re.compile(r"[0-9a-f]{12}", re.ASCII)


class Move(StrEnum):
    """What an admin can tap; nothing moves without a confirmation."""

    PROMOTE = "p"
    PROMOTE_CONFIRMED = "P"
    ROLL_BACK = "r"
    ROLL_BACK_CONFIRMED = "R"
    CANCEL = "x"

    @property
    def confirmed(self) -> bool:
        """Whether it was asked about."""
        return self in (Move.PROMOTE_CONFIRMED, Move.ROLL_BACK_CONFIRMED)


@dataclass(frozen=True)
class ModelTap:
    """Let `version` answer instead of `champion`, the one that was shown; both as `key_of` has them."""

    move: Move
    version: str
    champion: str

    def data(self) -> str:
        """Callback data; at most 64 bytes, whatever the versions are called."""
        return f"{PREFIX}:{self.move.value}:{self.version}:{self.champion}"

    @classmethod
    def parse(cls, data: str | None) -> "ModelTap | None":
        """None for anything that `data` did not make."""
        prefix, move, version, champion = ((data or "").split(":", 3) + [""] * 4)[:4]
        known = prefix == PREFIX and move in list(Move)
        if not known or not _KEY.fullmatch(version) or not _KEY.fullmatch(champion):
            return None
        return cls(Move(move), version, champion)


def key_of(version: str) -> str:
    """A version's name may be longer than the data of a button."""
    return hashlib.sha256(version.encode()).hexdigest()[:12]


def named(key: str, versions: Iterable[str]) -> str | None:
    """The version with this key; None if it is not among them."""
    return next((version for version in versions if key_of(version) == key), None)


def moves_keyboard(
    words: Catalogue, champion: str, promotable: Sequence[str], previous: str | None
) -> InlineKeyboardMarkup | None:
    """A button for each version that could answer instead; None if there is none."""
    rows = [
        [_button(words("button-promote", version=version), Move.PROMOTE, version, champion)] for version in promotable
    ]
    if previous is not None:
        rows.append([_button(words("button-roll-back", version=previous), Move.ROLL_BACK, previous, champion)])
    return InlineKeyboardMarkup(rows) if rows else None


def confirm_keyboard(words: Catalogue, move: Move, version: str, champion: str) -> InlineKeyboardMarkup:
    """Yes, or rather not."""
    confirmed = Move.PROMOTE_CONFIRMED if move is Move.PROMOTE else Move.ROLL_BACK_CONFIRMED
    return InlineKeyboardMarkup(
        [
            [
                _button(words("button-confirm-move"), confirmed, version, champion),
                _button(words("button-cancel"), Move.CANCEL, version, champion),
            ]
        ]
    )


def _button(text: str, move: Move, version: str, champion: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=ModelTap(move, key_of(version), key_of(champion)).data())
