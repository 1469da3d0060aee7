"""People who send photos to one bot through the sandbox, and how long each waits for the reply."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from bot.sandbox.events import EventKind
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox


@dataclass(frozen=True)
class Round:
    """Photos a second from the first that was sent to the last reply, and milliseconds from photo to reply."""

    per_second: float
    p50: float
    p95: float
    p99: float


class Askers:
    """The askers of one bot. Each of the rounds ends when the last photo has its reply."""

    def __init__(self, sandbox: Sandbox, count: int) -> None:
        self._sandbox = sandbox
        self._people = [sandbox.person(f"Asker {number}") for number in range(1, count + 1)]
        # Photos of each chat that wait for their reply, oldest first: message -> when it was sent, and what to wake.
        self._waiting: dict[int, dict[int, tuple[float, asyncio.Future[None]]]] = defaultdict(dict)
        self._taken: list[float] = []
        self.sent = 0
        self.surplus: deque[str] = deque(maxlen=10)  # what the bot said that answers no photo

    async def listen(self) -> None:
        """Note the bot's replies until cancelled."""
        with self._sandbox.world.events.listen() as events:
            while True:
                event = await events.get()
                if event.kind is EventKind.MESSAGE and event.message is not None and event.message.sender.is_bot:
                    self._note(event.message)

    async def burst(self, photos: Sequence[bytes]) -> Round:
        """Everybody sends all of theirs at once."""
        return await self._round(*(self._send(place, photo) for place, photo in enumerate(photos)))

    async def in_turn(self, photos: Sequence[bytes]) -> Round:
        """Everybody sends a photo, waits for the reply, and sends the next."""

        async def one_by_one(place: int) -> None:
            for photo in photos[place :: len(self._people)]:
                await self._send(place, photo)

        return await self._round(*map(one_by_one, range(len(self._people))))

    async def at_rate(self, photos: Sequence[bytes], per_second: float, seed: int) -> Round:
        """So many photos a second on average, whether the bot keeps up or not; people do not send in step."""
        random = Random(seed)
        moments, moment = [], 0.0
        for _ in photos:
            moments.append(moment)
            moment += random.expovariate(per_second)

        async def later(place: int, photo: bytes) -> None:
            await asyncio.sleep(moments[place])
            await self._send(place, photo)

        return await self._round(*(later(place, photo) for place, photo in enumerate(photos)))

    async def _send(self, place: int, photo: bytes) -> None:
        """Returns when the reply is there."""
        person: Person = self._people[place % len(self._people)]
        answered = asyncio.get_running_loop().create_future()
        message = await person.send_photo(photo)
        self._waiting[person.chat.id][message.message_id] = (time.perf_counter(), answered)
        self.sent += 1
        await answered

    def _note(self, message: Message) -> None:
        waiting = self._waiting[message.chat.id]
        # Who does not quote the photo that is answered answers the oldest: both bots keep the order of a chat.
        photo = message.reply_to.message_id if message.reply_to else next(iter(waiting), None)
        if photo not in waiting:
            self.surplus.append(message.words)
            return
        sent_at, answered = waiting.pop(photo)
        self._taken.append(time.perf_counter() - sent_at)
        answered.set_result(None)

    async def _round(self, *sending: Coroutine[object, object, None]) -> Round:
        self._taken.clear()
        started = time.perf_counter()
        await asyncio.gather(*sending)
        seconds = time.perf_counter() - started
        p50, p95, p99 = (float(1000 * np.percentile(self._taken, share)) for share in (50, 95, 99))
        return Round(len(self._taken) / seconds, p50, p95, p99)
