"""A conversation as plain text: who said what, with photos, buttons and quotes."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.sandbox.objects import Content, Message


@dataclass(frozen=True)
class Entry:
    """One message as people see it now."""

    who: str
    what: str
    quoted: str | None = None  # "Ana: [photo 800 x 600]"
    buttons: tuple[tuple[str, ...], ...] = ()
    edited: bool = False

    def __str__(self) -> str:
        lines = [f"{self.who}{' (edited)' if self.edited else ''}: {self.what}"]
        if self.quoted:
            lines.insert(0, f"  > {self.quoted}")
        lines += ["  " + " ".join(f"[{text}]" for text in row) for row in self.buttons]
        return "\n".join(lines)


def transcript(messages: Iterable[Message]) -> list[Entry]:
    """One entry a message, in order."""
    return [
        Entry(
            who=message.sender.first_name,
            what=_shown(message.content),
            quoted=_quote(message.reply_to) if message.reply_to else None,
            buttons=tuple(tuple(button.text for button in row) for row in message.keyboard.rows)
            if message.keyboard
            else (),
            edited=message.edit_date is not None,
        )
        for message in messages
    ]


def _shown(content: Content) -> str:
    kind = ""
    if content.photo:
        largest = content.photo[-1]
        kind = f"[photo {largest.width} x {largest.height}]"
    elif content.document:
        kind = f"[file {content.document.file_name}, {content.document.file_size} bytes]"
    return " ".join(part for part in (kind, content.words) if part)


def _quote(message: Message) -> str:
    first_line = _shown(message.content).partition("\n")[0]
    return f"{message.sender.first_name}: {first_line if len(first_line) <= 60 else first_line[:59] + '…'}"
