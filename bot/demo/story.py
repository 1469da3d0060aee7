"""The whole loop as text: photos, answers, the queue, a person's verdict, retraining, the new model's answer."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from bot.demo.stage import Stage
from bot.errors import BotError
from bot.sandbox.files import NotAPicture
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from model.images import decode, encode
from review.database import Database
from review.tables import NONE_OF_THESE, ItemStatus, ReviewItem, Submission

_REVIEWER = "demo"
_FIRST_REPLY_SECONDS = 180.0  # loading torch for the first time takes its time on a slow disk
_REPLY_SECONDS = 60.0

Say = Callable[[str], None]


class Story:
    """One run of the loop, told through `say`."""

    def __init__(self, stage: Stage, database: Database, labels: tuple[str, ...], say: Say) -> None:
        self._stage = stage
        self._database = database
        self._labels = labels
        self._say = say
        self._asker = stage.sandbox.asker
        self._sent: dict[int, Path] = {}  # message id -> photo

    async def tell(self, photos: Sequence[Path]) -> None:
        """Send `photos` as an asker and follow what becomes of them. Raises `BotError` when a step fails."""
        self._heading("Photos and answers")
        for place, photo in enumerate(photos):
            await self._ask(photo, timeout=_REPLY_SECONDS if place else _FIRST_REPLY_SECONDS)
        self._heading("What waits for a person")
        await self._command("review", "list")
        waiting = await asyncio.to_thread(self._waiting)
        if not waiting:
            self._say("Nothing waits for a person, so there is nothing to review and nothing to learn from.")
            return
        item, photo, label = self._most_instructive(waiting)
        await self._label(item, photo, label)
        if len(waiting) > 1:
            await self._review_in_chat({id: path for id, path in waiting.items() if id != item})
        await self._retrain(photo)
        self._say("\nThat was the whole loop.")

    async def _ask(self, photo: Path, *, timeout: float, data: bytes | None = None) -> Message:
        """Send a photo (or, if it is none, a file) and print the answer."""
        data = await asyncio.to_thread(photo.read_bytes) if data is None else data
        try:
            message = await self._asker.send_photo(data)
        except NotAPicture:
            message = await self._asker.send_document(data, photo.name)
        self._sent[message.message_id] = photo
        self._say(f"{self._asker.name}: [{photo.name}]")
        return await self._hear(self._asker, timeout=timeout)

    async def _hear(self, person: Person, *, timeout: float = _REPLY_SECONDS) -> Message:
        """What the bot says next; stops waiting when the bot has stopped."""
        expected = asyncio.create_task(person.expect(timeout=timeout))
        await asyncio.wait([expected, self._stage.running], return_when=asyncio.FIRST_COMPLETED)
        if not expected.done():
            expected.cancel()
            self._stage.running.result()  # raises why it stopped
            raise BotError("the bot stopped before it answered")
        reply = expected.result()
        quoted = self._sent.get(reply.reply_to.message_id) if reply.reply_to else None
        self._say(f"Bearbot, to {person.name}{f' about {quoted.name}' if quoted else ''}: {_indented(reply.words)}")
        return reply

    async def _label(self, item: int, photo: Path, label: str) -> None:
        self._heading(f"A reviewer looks at {photo.name}")
        await self._command("review", "label", str(item), label, "--as", _REVIEWER)
        await self._hear(self._asker)

    async def _review_in_chat(self, waiting: Mapping[int, Path]) -> None:
        """The moderator takes the next one in the chat, with one tap."""
        mo = self._stage.sandbox.moderator
        self._heading(f"{mo.name}, a moderator, takes the next one in the chat")
        self._say(f"{mo.name}: /review")
        await mo.send_text("/review")
        card = await self._hear(mo)
        found = re.match(r"#(\d+)", card.words)
        photo = waiting.get(int(found.group(1))) if found else None
        if photo is None:
            raise BotError(f"the bot did not bring a photo that waits, but: {card.words}")
        label = self._truth(photo) or NONE_OF_THESE
        words = self._stage.runner.catalogues.of(mo.user.language_code)
        button = words("button-none") if label == NONE_OF_THESE else words.label(label)
        self._say(f"{mo.name} looks at {photo.name} and taps [{button}]")
        await mo.press(card, button)
        await self._hear(self._asker)

    async def _retrain(self, photo: Path) -> None:
        self._heading("Retraining with what people said")
        before = self._stage.runner.champion.version
        await self._command("retrain")
        promoted = await asyncio.to_thread(self._stage.runner.registry.champion)
        if promoted == before:
            return
        # The champion is looked at, as it tells nobody when it changes.
        while self._stage.runner.champion.version != promoted and not self._stage.running.done():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)
        self._heading(f"The same bot, not restarted, now answers with {promoted}")
        self._say("(The very same photo would be answered with what people said of it, so this is a part of it.)")
        self._asker.skip()
        await self._ask(photo, timeout=_REPLY_SECONDS, data=await asyncio.to_thread(_part_of, photo))

    def _waiting(self) -> dict[int, Path]:
        """Open items with their photos, in the order of the queue."""
        with self._database.read() as session:
            rows = session.execute(
                select(ReviewItem.id, Submission.message_id)
                .join(Submission, ReviewItem.submission_id == Submission.id)
                .where(ReviewItem.status == ItemStatus.OPEN)
                .order_by(ReviewItem.priority.desc(), ReviewItem.id)
            ).all()
        return {item: self._sent[message] for item, message in rows if message in self._sent}

    def _most_instructive(self, waiting: Mapping[int, Path]) -> tuple[int, Path, str]:
        """An item to label: rather one that shows a label, since that is what retraining learns from."""
        known = [(item, photo, label) for item, photo in waiting.items() if (label := self._truth(photo))]
        taught = [row for row in known if row[2] != NONE_OF_THESE]
        if taught or known:
            return (taught or known)[0]
        item, photo = next(iter(waiting.items()))
        self._say(
            f"(Neither the name nor the folder of {photo.name} says what it shows: it counts as none of the labels.)"
        )
        return item, photo, NONE_OF_THESE

    def _truth(self, photo: Path) -> str | None:
        """What a photo shows, as the name of the file or of its folder begins; None if that is no label."""
        for name in (photo.stem, photo.resolve().parent.name):
            for label in (*self._labels, NONE_OF_THESE):
                if name.casefold().startswith(label.casefold()):
                    return label
        return None

    async def _command(self, *arguments: str) -> None:
        """Run a bearbot command as anybody would in a terminal beside the bot, and print what it prints."""
        self._say(f"$ bearbot {' '.join(arguments)}")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            env={**os.environ, **self._stage.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            raise
        text = output.decode(errors="replace").rstrip()
        if text:
            self._say(text)
        if process.returncode:
            raise BotError(f"`bearbot {' '.join(arguments)}` ended with exit status {process.returncode}")

    def _heading(self, text: str) -> None:
        self._say(f"\n== {text}")


def _part_of(photo: Path) -> bytes:
    """The photo without its outermost pixels."""
    picture = decode(photo.read_bytes())
    left, top = picture.width // 50, picture.height // 50
    return encode(picture.crop((left, top, picture.width - left, picture.height - top)))


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
