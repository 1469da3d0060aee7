"""The bot against a server that fails in every way there is: nothing is lost or stuck, and no secret is told."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from bot.sandbox.faults import Fault, reply_gone, too_big
from bot.sandbox.malformed import MALFORMED
from bot.sandbox.objects import Message
from bot.sandbox.person import Person
from tests.end_to_end.askers import Photos
from tests.end_to_end.installation import BotProcess, Installation

Installed = Callable[[], AbstractAsyncContextManager[Installation]]

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CHAOS_SECONDS = 25.0
SETTLING_SECONDS = 90.0
LABEL = "grizzly"  # what the moderator says of everything
PATIENT = {"BOT_RATE_LIMIT_PER_MINUTE": "100000", "BOT_DAILY_QUOTA": "1000000"}


@dataclass
class Sender:
    """Somebody who sends whatever people send, and remembers what should be answered."""

    person: Person
    photos: Photos
    seeded: random.Random
    photos_sent: list[int] = field(default_factory=list)  # message ids that must become submissions
    groups: list[set[int]] = field(default_factory=list)  # one of each group of message ids must be quoted

    async def send(self, stop: asyncio.Event) -> None:
        kinds = [self._photo, self._album, self._file, self._sticker, self._nonsense]
        while not stop.is_set():
            await self.seeded.choice(kinds)()
            await asyncio.sleep(self.seeded.uniform(1.0, 3.0))

    def unanswered(self) -> list[set[int]]:
        quoted = {message.reply_to.message_id for message in self.person.messages if message.reply_to}
        return [group for group in self.groups if not group & quoted]

    async def _photo(self) -> None:
        self._note([await self.person.send_photo(next(self.photos), "what is it?")])

    async def _album(self) -> None:
        self._note(await self.person.send_album([next(self.photos) for _ in range(3)]))

    async def _file(self) -> None:
        self._note([await self.person.send_document(next(self.photos), "bear.jpg")])

    async def _sticker(self) -> None:
        self._note([await self.person.send_sticker(next(self.photos))])

    async def _nonsense(self) -> None:
        self.groups.append({(await self.person.send_document(b"no picture", "bear.jpg")).message_id})

    def _note(self, messages: Sequence[Message]) -> None:
        ids = [message.message_id for message in messages]
        self.photos_sent += ids
        self.groups.append(set(ids))


class Moderator:
    """Labels whatever waits, again and again where an answer got lost."""

    def __init__(self, installation: Installation, seeded: random.Random) -> None:
        self._installation = installation
        self._seeded = seeded
        self.person = installation.sandbox.moderator

    async def review(self, done: Callable[[], bool]) -> None:
        while not done():
            # What was answered has another button, to undo it.
            cards = [message for message in self.person.messages if message.keyboard and message.keyboard.find(LABEL)]
            if not cards:
                await self.person.send_text("/review")
                await self._until_changed(len(self.person.messages), None)
                continue
            card = self._seeded.choice(cards)
            button = card.keyboard.find(LABEL) if card.keyboard else None
            assert button is not None
            assert button.callback_data is not None
            self._installation.sandbox.world.press(self.person.user, card, button.callback_data)
            await self._until_changed(len(self.person.messages), card)

    async def _until_changed(self, count: int, card: Message | None) -> None:
        for _ in range(40):
            await asyncio.sleep(0.1)
            now = self._installation.sandbox.world.find(card.chat.id, card.message_id) if card else None
            if len(self.person.messages) > count or (card is not None and now != card):
                return


def rows(installation: Installation, query: str, *values: object) -> list[tuple[object, ...]]:
    """What the database says."""
    with closing(sqlite3.connect(installation.database, timeout=30)) as database:
        return database.execute(query, values).fetchall()


def spellings(token: str) -> Iterator[bytes]:
    """The secret part of a token as it might have been written, in small letters."""
    secret = token.partition(":")[2]
    yield secret.lower().encode()
    yield quote(secret, safe="").lower().encode()
    yield "".join(f"%{ord(letter):02x}" for letter in secret).encode()
    yield secret.encode().hex().encode()


def assert_token_nowhere(installation: Installation, log: str) -> None:
    """No log line, no message, no file under the home folder, no request has the token in it."""
    sandbox = installation.sandbox
    found = {"the log": log.encode()}
    for person in sandbox.world.people:
        found[f"the chat of {person}"] = repr(sandbox.world.messages(person)).encode()
    found["a request"] = repr([(one.method, one.parameters) for one in sandbox.requests]).encode()
    found |= {str(path): path.read_bytes() for path in installation.home.rglob("*") if path.is_file()}
    assert any(path.endswith("review.db") for path in found)
    for spelling in spellings(sandbox.token):
        for place, data in found.items():
            assert spelling not in data.lower(), f"the token is in {place}"


async def settled(installation: Installation, senders: Sequence[Sender], bot: BotProcess) -> None:
    """Wait until everybody was answered and nothing of theirs waits any more."""
    people = {sender.person.id for sender in senders}

    def waiting() -> list[tuple[object, ...]]:
        found = rows(
            installation,
            "SELECT chat_id, 'update', attempts, error FROM inbox WHERE handled_at IS NULL"
            " UNION ALL SELECT chat_id, kind, attempts, error FROM outbox WHERE sent_at IS NULL",
        )
        return [row for row in found if row[0] in people]

    try:
        async with asyncio.timeout(SETTLING_SECONDS):
            while any(sender.unanswered() for sender in senders) or waiting():
                assert bot.process.returncode is None, bot.log
                await asyncio.sleep(0.2)
    except TimeoutError:
        left = [(sender.person.id, one) for sender in senders for group in sender.unanswered() for one in group]
        written = (
            "SELECT kind, sent_at, sent_message_id, error FROM outbox WHERE chat_id = ? AND reply_to_message_id = ?"
        )
        found = {pair: rows(installation, written, *pair) for pair in left}
        pytest.fail(f"not answered: {found}; waiting: {waiting()}\n{bot.log[-5000:]}")


async def test_chaos_loses_nothing_and_tells_no_secret(installed: Installed) -> None:
    seeded = random.Random(11)
    async with installed() as installation:
        sandbox = installation.sandbox
        photos = Photos(seeded)
        senders = [Sender(sandbox.person(f"Sender {number}"), photos, seeded) for number in range(6)]
        async with installation.bot(**PATIENT, BOT_LOG_LEVEL="debug", BOT_POLL_TIMEOUT_SECONDS="5") as bot:
            await bot.until_logged("answers now", seconds=120)
            chaos = sandbox.stir(seed=11, share=0.15)
            # Longer than the bot waits for any answer.
            sandbox.faults.add(Fault("sendMessage", delay=32.0))
            sandbox.faults.add(Fault("getFile", delay=32.0))
            stop = asyncio.Event()
            sending = [asyncio.create_task(sender.send(stop)) for sender in senders]
            moderator = Moderator(installation, seeded)
            reviewing = asyncio.create_task(moderator.review(stop.is_set))
            await asyncio.sleep(CHAOS_SECONDS)
            stop.set()
            await asyncio.gather(*sending, reviewing)
            assert chaos.happened.total() > 30, chaos.happened
            sandbox.calm()
            await settled(installation, senders, bot)

            def nothing_open() -> bool:
                return rows(installation, "SELECT count(*) FROM review_items WHERE status = 'open'") == [(0,)]

            async with asyncio.timeout(SETTLING_SECONDS):
                await moderator.review(nothing_open)
            await settled(installation, senders, bot)
            assert await bot.terminate() == 0, bot.log

        keys = sorted(str(key) for (key,) in rows(installation, "SELECT source_key FROM submissions"))
        wanted = [f"telegram:{sender.person.id}:{sent}" for sender in senders for sent in sender.photos_sent]
        assert keys == sorted(wanted)
        assert len(keys) > 30
        labels = rows(installation, "SELECT item_id, count(*) FROM verdicts WHERE kind <> 'skip' GROUP BY item_id")
        assert labels
        assert all(count == 1 for _, count in labels), "a verdict was recorded twice"
        people = {sender.person.id for sender in senders}
        given_up = rows(installation, "SELECT chat_id, kind, error FROM outbox WHERE abandoned_at IS NOT NULL")
        assert not [row for row in given_up if row[0] in people], given_up
        for person in sandbox.world.people:
            for message in sandbox.world.messages(person):
                for torn in ("Traceback", 'File "', "Error:", "Exception"):
                    assert torn not in message.words
        assert_token_nowhere(installation, bot.log)


async def test_every_malformed_update_lets_those_behind_it_pass(installed: Installed) -> None:
    async with installed() as installation:
        sandbox = installation.sandbox
        async with installation.bot(**PATIENT) as bot:
            await bot.until_logged("answers now", seconds=120)
            for name, make in MALFORMED.items():
                sandbox.world.updates.push_malformed(make)
                said = await sandbox.asker.send_text("/help")
                try:
                    await sandbox.asker.expect(timeout=20)
                except AssertionError as error:
                    pytest.fail(f"{name!r} holds up what came after it ({said.message_id}): {error}\n{bot.log[-3000:]}")
            assert await bot.terminate() == 0, bot.log
        assert_token_nowhere(installation, bot.log)


async def test_refusals_that_only_telegram_knows_of(installed: Installed, photo: Callable[[str], bytes]) -> None:
    """A photo that is too big after all, a quoted message that is gone, a person who blocked the bot, a large file."""
    async with installed() as installation:
        sandbox = installation.sandbox
        ana, ben = sandbox.asker, sandbox.second_asker
        async with installation.bot(**PATIENT) as bot:
            await bot.until_logged("answers now", seconds=120)
            sandbox.faults.add(too_big())
            await ana.send_photo(photo("black_dod"))
            await ana.expect("too large", timeout=30)
            await ana.send_document(bytes(20_000_001), "bear.jpg")
            await ana.expect("too large", timeout=30)
            await ana.send_document(b"\xff\xd8" + bytes(19_999_000), "bear.jpg")
            await ana.expect(timeout=60)
            sandbox.faults.add(reply_gone(chat_id=ana.id))
            await ana.send_photo(photo("grizzly_katmai_131"))
            await ben.send_photo(photo("none_coffee"))
            await ben.expect(timeout=30)
            ben.block()
            waiting = await installation.rows("review", "list", "--json")
            for item in waiting:
                await installation.command("review", "label", str(item["id"]), "none", "--as", "rita")
            async with asyncio.timeout(30):
                while not rows(
                    installation, "SELECT 1 FROM outbox WHERE abandoned_at IS NOT NULL AND chat_id = ?", ben.id
                ):
                    await asyncio.sleep(0.1)
            await ana.send_text("/help")
            await ana.expect(timeout=20)
            assert await bot.terminate() == 0, bot.log
        assert_token_nowhere(installation, bot.log)
