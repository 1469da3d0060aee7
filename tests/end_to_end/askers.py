"""People who send photos without end, whether or not the bot is there."""

import asyncio
import io
import random
from collections.abc import Iterator

from PIL import Image

from bot.sandbox.person import Person
from tests.end_to_end.installation import PHOTOS

_SIDE = 320  # pixels: small photos, so that the bot's way of handling them is what takes time
_REPEATED = 0.15  # share of photos that are an earlier one again
_UNANSWERED = 3  # photos that an asker waits for before the next


class Photos:
    """Endless photos that differ in their bytes, now and then an earlier one again."""

    def __init__(self, seeded: random.Random) -> None:
        self._seeded = seeded
        self._originals = []
        for path in sorted(PHOTOS.glob("*.[jpw]*")):
            with Image.open(path) as picture:
                smaller = picture.convert("RGB")
                smaller.thumbnail((_SIDE, _SIDE))
                self._originals.append(smaller)
        self._made: list[bytes] = []

    def __next__(self) -> bytes:
        if self._made and self._seeded.random() < _REPEATED:
            return self._seeded.choice(self._made)
        original = self._seeded.choice(self._originals)
        share = self._seeded.uniform(0.75, 1.0)
        width, height = (int(side * share) for side in original.size)
        left, top = self._seeded.randint(0, original.width - width), self._seeded.randint(0, original.height - height)
        buffer = io.BytesIO()
        cropped = original.crop((left, top, left + width, top + height))
        cropped.save(buffer, "JPEG", quality=self._seeded.randint(70, 95))
        self._made.append(buffer.getvalue())
        return self._made[-1]

    def __iter__(self) -> Iterator[bytes]:
        return self


class Asker:
    """Sends photos until told to stop, and waits for answers when several are out."""

    def __init__(self, person: Person, photos: Photos, seeded: random.Random) -> None:
        self.person = person
        self._photos = photos
        self._seeded = seeded
        self.sent: set[int] = set()  # message ids

    def unanswered(self) -> set[int]:
        """The photos that no message of the bot quotes."""
        return self.sent - {message.reply_to.message_id for message in self.person.messages if message.reply_to}

    async def send(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(self._seeded.uniform(0.05, 0.6))
            if len(self.unanswered()) < _UNANSWERED:
                self.sent.add((await self.person.send_photo(next(self._photos))).message_id)
