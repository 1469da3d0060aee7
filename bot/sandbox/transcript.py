"""A conversation as plain text: who said what, with photos, buttons and quotes."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.sandbox.objects import TOPIC_OPENED, Content, Message


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
            who=_who(message),
            what=_shown(message.content),
            quoted=_quote(message.reply_to)
            if message.reply_to and TOPIC_OPENED not in message.reply_to.content.others
            else None,
            buttons=tuple(tuple(button.text for button in row) for row in message.keyboard.rows)
            if message.keyboard
            else (),
            edited=message.edit_date is not None,
        )
        for message in messages
    ]


def _shown(content: Content) -> str:
    return " ".join(part for part in (_kind(content), content.words) if part)


def _kind(content: Content) -> str:
    if content.photo:
        largest = content.photo[-1]
        return f"[photo {largest.width} x {largest.height}]"
    if content.document:
        return f"[file {content.document.file_name}, {content.document.file_size} bytes]"
    if content.sticker:
        return f"[sticker {content.sticker.emoji}]"
    if content.animation:
        return f"[animation {content.animation.file_name}]"
    if content.video:
        return f"[video {content.video.file_name}, {content.video.duration} s]"
    if content.voice:
        return f"[voice message, {content.voice.duration} s]"
    return " ".join(f"[{name.replace('_', ' ')}]" for name in content.others)


def _who(message: Message) -> str:
    return (message.sender_chat.title or "?") if message.sender_chat else message.sender.first_name


def _quote(message: Message) -> str:
    first_line = _shown(message.content).partition("\n")[0]
    return f"{_who(message)}: {first_line if len(first_line) <= 60 else first_line[:59] + '…'}"
