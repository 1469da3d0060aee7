"""The buttons under what is said of people's own data, and the data behind them, distrusted when it comes back."""

from dataclasses import dataclass
from enum import StrEnum

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.catalogue import Catalogue

PREFIX = "d"
COMMANDS = ("privacy", "my_data", "delete_my_data")  # they work for everybody, always


class Wish(StrEnum):
    """What a button is for."""

    ERASE = "erase"
    KEEP = "keep"
    PART = "part"


@dataclass(frozen=True)
class PrivacyTap:
    """A tap of this very person; `number`: until when (seconds since 1970) the question holds, or which part."""

    wish: Wish
    user_id: int
    number: int

    def data(self) -> str:
        """Callback data; at most 64 bytes."""
        return f"{PREFIX}:{self.wish}:{self.user_id}:{self.number}"

    @classmethod
    def parse(cls, data: str | None) -> "PrivacyTap | None":
        """None for anything that `data` did not make: old buttons, forged ones."""
        prefix, wish, user, number = ((data or "").split(":", 3) + [""] * 4)[:4]
        if prefix != PREFIX or wish not in list(Wish):
            return None
        # A person's number has up to 52 bits, and there are times that no calendar has.
        if not _is_number(user, digits=16) or not _is_number(number, digits=10):
            return None
        return cls(Wish(wish), int(user), int(number))


def question_keyboard(words: Catalogue, user_id: int, until: int) -> InlineKeyboardMarkup:
    """Delete, or keep; the question holds `until` (seconds since 1970)."""
    erase = InlineKeyboardButton(words("delete-button"), callback_data=PrivacyTap(Wish.ERASE, user_id, until).data())
    keep = InlineKeyboardButton(words("keep-button"), callback_data=PrivacyTap(Wish.KEEP, user_id, until).data())
    return InlineKeyboardMarkup([[erase, keep]])


def part_keyboard(words: Catalogue, user_id: int, part: int) -> InlineKeyboardMarkup:
    """The next part of somebody's data."""
    tap = PrivacyTap(Wish.PART, user_id, part)
    return InlineKeyboardMarkup([[InlineKeyboardButton(words("my-data-button", part=part), callback_data=tap.data())]])


def _is_number(text: str, *, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits
